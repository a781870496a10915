"""A silence that shows what it matches while it is typed, and the tree of routes, at the desk and on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import assert_accessible, assert_fits
from tests.browser.test_alerts import fire, resolve_all


def test_an_alert_is_silenced_from_its_page_with_a_preview(page: Page) -> None:
    resolve_all(page)
    open_alert(page)
    page.get_by_role("link", name="Silence", exact=True).click()
    matchers = page.get_by_label("Which alerts")
    expect(matchers).to_have_value(re.compile("service="))
    preview = page.locator("#preview")
    expect(preview).to_contain_text("1 open alert now")
    assert_accessible(page)
    matchers.fill('service="nowhere"')
    expect(preview).to_contain_text("0 open alerts now")
    matchers.fill("service=~(")
    expect(preview).to_contain_text("is not a regular expression")
    matchers.fill('service="nowhere"')
    page.get_by_role("textbox", name="Why").fill("Known")
    page.get_by_role("button", name="Only look").click()
    expect(page.locator("#trial")).to_contain_text("nothing would have become different")
    page.get_by_role("button", name="Silence them").click()
    expect(page.get_by_role("status").first).to_contain_text("The silence is there")
    assert_accessible(page)
    page.get_by_role("button", name="End it now").click()
    page.get_by_role("button", name="End it", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("over")
    resolve_all(page)


def test_all_that_can_be_done_with_an_alert_is_within_a_phone(phone: Page) -> None:
    resolve_all(phone)
    tab = fire(phone)
    path = tab.locator("#outcome a[href^='/alerts/']").get_attribute("href")
    tab.close()
    phone.goto(str(path))
    expect(phone.locator("#do-acknowledge")).to_be_attached()
    buttons = phone.locator("#group-actions .button").all()
    boxes = {button.inner_text() or "sign": button.bounding_box() for button in buttons}
    assert len(boxes) >= 4
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes.values()), boxes
    phone.set_viewport_size({"width": 320, "height": 640})
    assert_fits(phone)
    phone.emulate_media(media="print")
    expect(phone.locator("#group-actions")).to_be_hidden()  # on paper it would lie over the text
    expect(phone.get_by_role("heading", name="History")).to_be_visible()
    phone.emulate_media(media="screen")
    resolve_all(phone)


def open_alert(page: Page) -> None:
    """The page of a new alert, which somebody has acknowledged, so that it does not ring."""
    tab = fire(page)
    found = tab.locator("#outcome a[href^='/alerts/']")
    expect(found).to_be_visible()
    path = found.get_attribute("href")
    form = {"csrfmiddlewaretoken": tab.locator("body").get_attribute("data-csrf") or ""}
    answer = page.request.post(f"{path}acknowledge/", form=form, headers={"Referer": tab.url})
    assert answer.ok, answer.text()
    tab.close()
    page.goto(str(path))


def test_routes_are_made_inside_each_other_moved_and_asked_on_a_phone(phone: Page) -> None:
    phone.goto("/routes/")
    phone.get_by_role("link", name="Make the first route").click()
    phone.get_by_label("Name").fill("Databases")
    phone.get_by_label("For alerts that match").fill("team=db")
    assert_fits(phone)
    assert_accessible(phone)
    phone.get_by_role("button", name="Save").click()
    phone.get_by_role("link", name="Inside").click()
    phone.get_by_label("Name").fill("Backups")
    phone.get_by_label("with urgency").select_option("low")
    phone.get_by_role("button", name="Save").click()
    phone.goto("/routes/new/")
    phone.get_by_label("Name").fill("Everything else")
    phone.get_by_role("button", name="Save").click()
    phone.get_by_role("button", name="Move Everything else up").click()
    expect(phone.locator("[data-row] a.strong").first).to_have_text("Everything else")
    phone.get_by_role("button", name="Move Everything else down").click()
    phone.get_by_label("Labels").fill("team=db")
    phone.get_by_role("button", name="Ask the tree").click()
    expect(phone.get_by_text("Routed by “Databases › Backups”.")).to_be_visible()
    assert_fits(phone)
    phone.evaluate("scrollTo(0, 0)")  # away from what the bar on top covers
    assert_accessible(phone)


@pytest.mark.parametrize(
    "path",
    ["/alerts/1/", "/silences/", "/silences/new/", "/maintenance/", "/maintenance/new/", "/inhibitions/",
     "/inhibitions/new/", "/urgency-rules/", "/urgency-rules/new/"],
)  # fmt: skip
def test_lists_and_forms_are_accessible_and_fit_a_phone(phone: Page, path: str) -> None:
    phone.goto(path)
    assert_fits(phone)
    assert_accessible(phone)


def test_a_button_that_is_pressed_twice_sends_once(page: Page) -> None:
    page.goto("/silences/new/")
    page.get_by_label("Which alerts").fill('service="nowhere"')
    page.get_by_role("textbox", name="Why").fill("Known")
    page.route("**/silences/new/", lambda route: route.fulfill(status=204))  # an answer with which the page stays
    page.evaluate("addEventListener('submit', (event) => (window.seen ??= []).push(event.defaultPrevented))")
    button = page.get_by_role("button", name="Silence them")
    button.click()
    button.click()
    assert page.evaluate("window.seen") == [False, True]

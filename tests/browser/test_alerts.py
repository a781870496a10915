"""Alerts in a real browser: readable, live without moving, and all of it without JavaScript."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.helpers import assert_accessible, assert_fits

EVERY = (
    "/alerts/?state=all",
    "/alerts/1/",
    "/deliveries/",
    "/deliveries/1/",
    "/events/quarantined/",
    "/services/checkout/",
)


def fire(page: Page) -> Page:
    """A test alert, sent from another tab; that tab, which shows what became of it."""
    tab = page.context.new_page()
    tab.goto("/integrations/1/")
    tab.get_by_role("button", name="Send a test alert").click()
    tab.wait_for_url("**/events/*/")
    return tab


def resolve_all(page: Page) -> None:
    """Nothing of this test rings in the next one."""
    page.goto("/alerts/")
    # by script: a ringing dialog may lie over the buttons
    page.evaluate("""
        for (const box of document.querySelectorAll('[name=group]')) box.checked = true;
        document.querySelector('#groups')?.requestSubmit(document.querySelector('[value=resolve]'));
    """)
    expect(page.locator("[data-row]")).to_have_count(0)


@pytest.mark.parametrize("url", EVERY)
def test_every_page_is_accessible_and_fits_a_phone_in_the_dark(phone: Page, url: str) -> None:
    phone.goto(url)
    assert_accessible(phone)
    assert_fits(phone)


def test_at_the_desk_in_the_light_it_is_as_accessible(page: Page) -> None:
    for url in ("/alerts/?state=all", "/alerts/1/"):
        page.goto(url)
        assert_accessible(page)


def test_what_is_new_waits_behind_a_pill_and_what_is_shown_stays_where_it_is(page: Page) -> None:
    page.goto("/alerts/?state=all")
    first = page.locator("[data-row]").first
    before, title = first.bounding_box(), first.get_by_role("link").inner_text()
    fire(page).close()
    pill = page.locator("#newer").get_by_text("1 new")
    expect(pill).to_be_visible()
    assert first.bounding_box() == before
    assert first.locator("a.strong").inner_text() == title
    resolve_all(page)


def test_a_note_half_written_survives_what_happens_meanwhile(page: Page) -> None:
    fire(page).close()
    page.goto("/alerts/")
    page.goto(page.locator("[data-row] a.strong").first.get_attribute("href") or "")
    # by script: the ringing dialog may open between the focus and the text
    page.locator("textarea").evaluate("field => { field.value = 'half a thou'; }")
    other = page.context.new_page()
    other.goto(page.url)
    other.evaluate("document.querySelector('#do-acknowledge').closest('form').submit()")
    expect(page.locator("#group-now")).to_contain_text("Acknowledged")
    expect(page.locator("#do-acknowledge")).to_have_count(0)
    assert page.locator("textarea").input_value() == "half a thou"
    other.close()
    resolve_all(page)


def test_everything_works_with_javascript_off(browser: Browser, page: Page, site: Site) -> None:
    fire(page).close()
    context = browser.new_context(base_url=site.url, storage_state=site.state, java_script_enabled=False)
    plain = context.new_page()
    plain.goto("/alerts/")
    plain.locator("[data-row]").first.get_by_role("button", name="Acknowledge").click()
    expect(plain.get_by_role("status").first).to_contain_text("Acknowledged: nobody else is paged.")
    plain.locator("[data-row] a.strong").first.click()
    plain.get_by_label("Add a note").fill("Seen from a text browser.")
    plain.get_by_role("button", name="Add the note").click()
    expect(plain.locator("#group-history")).to_contain_text("Seen from a text browser.")
    plain.get_by_role("button", name="Resolve").click()
    expect(plain.locator("#group-now")).to_contain_text("Resolved")
    context.close()
    resolve_all(page)

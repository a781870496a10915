"""A schedule at the desk and on a phone: looked at, overridden from the shift itself, changed with a preview."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.helpers import assert_accessible, assert_fits

PRIMARY = "/schedules/platform-primary/"


def test_a_shift_is_overridden_from_the_picture_and_taken_back(page: Page) -> None:
    page.goto(PRIMARY)
    assert_accessible(page)
    page.get_by_role("link", name=re.compile("Override this shift")).nth(1).click()
    expect(page.get_by_label("Who is on call")).to_have_value(re.compile(r"\d"))
    page.get_by_label(re.compile("^Note")).fill("a concert")
    assert_accessible(page)
    page.get_by_role("button", name="Save the override").click()
    overrides = page.get_by_role("region", name="Overrides")
    expect(overrides).to_contain_text("a concert")
    overrides.get_by_role("button", name=re.compile("^Take back")).click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(overrides).to_contain_text("None.")


def test_on_a_phone_a_schedule_is_a_list(phone: Page) -> None:
    phone.goto(PRIMARY)
    expect(phone.locator(".gantt")).to_be_hidden()
    expect(phone.locator(".shifts .list-item").first).to_be_visible()
    assert_fits(phone)
    assert_accessible(phone)


def test_layers_are_added_in_place_and_previewed_before_saving(page: Page) -> None:
    page.goto("/schedules/new/")
    page.get_by_label("Name", exact=False).first.fill("Weekend watch")
    page.evaluate("window.here = true")
    page.get_by_role("button", name="Add a layer").click()
    expect(page.get_by_role("heading", name="Layer 2")).to_be_visible()
    assert page.evaluate("window.here"), "the rows are swapped, the page stays"
    page.get_by_label("Person 1 of layer 1").select_option("Grace Hopper")
    page.get_by_role("button", name="Take layer 2 out").click()
    expect(page.get_by_role("heading", name="Layer 2")).to_be_hidden()
    expect(page.get_by_label("Person 1 of layer 1")).to_have_value(re.compile(r"\d"))
    page.get_by_role("button", name="Preview").last.click()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    expect(page.locator('.gantt-line[data-kind="final"]')).to_contain_text("Grace")
    assert_accessible(page)
    page.get_by_role("button", name="Save the schedule").click()
    expect(page.get_by_role("status").first).to_contain_text("Weekend watch is saved.")
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("button", name="Delete the schedule").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the schedule").click()
    expect(page.get_by_role("status").first).to_contain_text("Weekend watch is deleted.")


def test_a_policy_is_changed_without_javascript(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.url, storage_state=site.state, java_script_enabled=False)
    page = context.new_page()
    page.goto("/policies/platform/edit/")
    page.get_by_label("Minutes until the next step").first.fill("7")
    page.get_by_role("button", name="Add a step").click()
    expect(page.get_by_role("heading", name="Step 4")).to_be_visible()
    expect(page.get_by_label("Minutes until the next step").first).to_have_value("7")
    page.get_by_role("button", name="Take step 4 out").click()
    expect(page.get_by_role("heading", name="Step 4")).to_be_hidden()
    context.close()


@pytest.mark.parametrize(
    "path",
    ["/schedules/", "/on-call/", PRIMARY + "edit/", "/policies/", "/policies/platform/", "/policies/platform/edit/"],
)
def test_pages_are_accessible_and_fit_a_phone(phone: Page, path: str) -> None:
    phone.goto(path)
    assert_fits(phone)
    assert_accessible(phone)

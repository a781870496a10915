"""A swap on a phone, and what else a schedule's page offers: replacements, calendars, the calendar link."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import assert_accessible, assert_fits

PRIMARY = "/schedules/platform-primary/"


def test_a_swap_is_asked_for_from_the_shift_and_withdrawn_on_a_phone(phone: Page) -> None:
    phone.goto(f"{PRIMARY}?weeks=6")
    phone.get_by_role("link", name="Swap", exact=True).first.click()
    expect(phone.get_by_label(re.compile("^Ask"))).to_have_value("")
    phone.get_by_label(re.compile("^Note")).fill("a concert")
    assert_fits(phone)
    assert_accessible(phone)
    phone.get_by_role("button", name="Ask").click()
    expect(phone.get_by_role("status").first).to_contain_text("The team is asked.")
    assert_fits(phone)
    assert_accessible(phone)
    phone.goto(PRIMARY)
    expect(phone.get_by_role("region", name="Swaps")).to_contain_text("Open")
    assert_fits(phone)
    assert_accessible(phone)
    phone.get_by_role("region", name="Swaps").get_by_role("link").first.click()
    phone.get_by_role("button", name="Withdraw the request").click()
    expect(phone.get_by_role("status").first).to_contain_text("withdrawn")


@pytest.mark.parametrize(
    "path",
    [f"{PRIMARY}replacement/", f"{PRIMARY}calendar/", "/calendar-link/", "/calendar-link/?schedule=platform-primary"],
)
def test_forms_are_accessible_and_fit_a_phone(phone: Page, path: str) -> None:
    phone.goto(path)
    assert_fits(phone)
    assert_accessible(phone)


def test_a_calendar_link_is_shown_once(page: Page) -> None:
    page.goto(f"{PRIMARY}")
    page.get_by_role("link", name="Subscribe in your calendar").click()
    page.get_by_role("button", name="Make the link").click()
    address = page.locator("#address").inner_text()
    assert_accessible(page)
    path = address[address.index("/calendar/") :]
    assert page.request.get(path).text().startswith("BEGIN:VCALENDAR")
    page.goto("/calendar-link/?schedule=platform-primary")
    expect(page.get_by_text("It is not shown again.")).to_be_visible()

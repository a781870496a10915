"""How long things are kept, on its page."""

from playwright.sync_api import Page, expect

from tests.browser.helpers import assert_accessible, assert_fits


def test_retention_fits_a_phone_in_the_dark(phone: Page) -> None:
    phone.goto("/settings/retention/")
    assert_accessible(phone)
    assert_fits(phone)


def test_retention_is_reached_from_the_settings_and_says_what_there_is(page: Page) -> None:
    page.goto("/settings/")
    page.get_by_role("link", name="Retention").click()
    expect(page.get_by_text("Oldest message")).to_be_visible()
    assert_accessible(page)

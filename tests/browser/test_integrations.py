"""From a new integration to its first message, as a newcomer does it."""

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import assert_accessible, assert_fits
from tests.browser.test_alerts import resolve_all


def test_a_new_integration_shows_its_key_hears_a_test_alert_and_tries_a_mapping_on_it(page: Page, phone: Page) -> None:
    page.goto("/integrations/new/")
    page.get_by_label("Service").select_option("Search")
    page.get_by_label(re.compile("Generic JSON")).check()
    page.get_by_label(re.compile("^Name")).fill("Pump station")
    assert_accessible(page)
    page.get_by_role("button", name="Make the integration").click()
    here = page.url
    expect(page.locator("#inbound-key")).to_have_text(re.compile("^[0-9a-f]{32}$"))
    page.get_by_role("button", name="Copy the address").click()
    expect(page.locator("#new-key")).to_contain_text(re.compile("Copied|Selected"))
    assert_accessible(page)
    page.get_by_role("button", name="Send a test alert").click()
    expect(page.locator("#outcome")).to_contain_text("Opened a new alert")  # by itself, when it was read
    resolve_all(page)
    for screen in (page, phone):
        screen.goto(f"{here}mapping/")
        screen.get_by_label(re.compile("^Mapping")).fill('{"summary": "source"}')
        screen.get_by_label(re.compile("^Or one that came in")).select_option(index=1)
        screen.get_by_role("button", name="Take this message").click()
        expect(screen.get_by_label(re.compile("^A message"))).to_have_value(re.compile("Test alert", re.IGNORECASE))
        expect(screen.get_by_label(re.compile("^Mapping"))).to_have_value('{"summary": "source"}')
        screen.get_by_role("button", name="Try it", exact=True).click()
        expect(screen.locator("#tried")).to_contain_text("Summary")
        assert_accessible(screen)
        assert_fits(screen)


def test_a_mapping_is_tried_before_it_is_saved(phone: Page) -> None:
    phone.goto("/integrations/new/")
    phone.get_by_label("Service").select_option("Search")
    phone.get_by_label(re.compile("Generic JSON")).check()
    phone.get_by_role("button", name="Make the integration").click()
    phone.get_by_role("link", name="Change and try it").click()
    phone.get_by_label(re.compile("^Mapping")).fill('{"summary": "text"}')
    phone.get_by_label(re.compile("^A message")).fill('{"text": "The pump stands still"}')
    phone.get_by_role("button", name="Try it", exact=True).click()
    expect(phone.locator("#tried")).to_contain_text("The pump stands still")
    assert_accessible(phone)
    assert_fits(phone)
    phone.get_by_role("button", name="Try it and save").click()
    expect(phone.get_by_role("status").first).to_contain_text("The mapping was saved.")

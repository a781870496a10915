"""One's profile: a contact method with its code, rules in words, and the test of one's pager."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import assert_accessible, assert_fits
from tests.channels.servers import Receiver, receiver


def test_a_contact_method_is_verified_ruled_tested_and_removed(page: Page) -> None:
    with receiver() as lamp:
        _story(page, lamp)


def _story(page: Page, lamp: Receiver) -> None:
    page.goto("/profile/")
    assert_accessible(page)
    page.get_by_role("link", name="Webhook").click()
    page.get_by_label("URL").fill(lamp.url)
    page.get_by_label(re.compile("^Name")).fill("Bedroom lamp")
    page.get_by_role("button", name="Send me the code").click()
    expect(page.get_by_text("It is shown only now.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="I have copied it: verify").click()
    expect(page.get_by_label("Code")).to_be_visible()
    assert_accessible(page)
    code = re.search(r"\d{6}", lamp.wait_for(1)[-1].body.decode())
    assert code
    page.get_by_label("Code").fill(code[0])
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("status").first).to_contain_text("Bedroom lamp is verified")

    page.get_by_role("link", name="Change the rules").click()
    page.get_by_label("Bedroom lamp, high urgency").select_option("After 5 min")
    expect(page.locator("#words")).to_contain_text(
        "After 5 min, unless somebody has acknowledged by then: Bedroom lamp."
    )
    assert_accessible(page)
    page.get_by_label("Bedroom lamp, high urgency").select_option("At once")
    page.get_by_role("button", name="Save the rules").click()

    page.get_by_role("button", name="Test my pager").click()
    assert b"Test of your pager" in lamp.wait_for(2)[-1].body
    ring = page.locator("#ring-dialog")
    expect(ring).to_be_visible()
    ring.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Your pager works.")).to_be_visible()

    page.goto("/profile/")
    page.get_by_role("button", name="Remove Bedroom lamp").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status").first).to_contain_text("Bedroom lamp is removed")


@pytest.mark.parametrize(
    "path",
    [
        "/profile/",
        "/profile/rules/",
        "/profile/methods/new/?kind=ntfy",
        "/people/",
        "/people/2/",
        "/people/invite/",
        "/teams/",
        "/teams/platform/",
        "/teams/platform/edit/",
        "/settings/tokens/",
        "/settings/audit/",
    ],
)
def test_pages_are_accessible_and_fit_a_phone(phone: Page, path: str) -> None:
    phone.goto(path)
    assert_fits(phone)
    assert_accessible(phone)

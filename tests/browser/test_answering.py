"""The “More” menu of an alert: later, mine, somebody else's, one more; and the next step now."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import assert_accessible, assert_fits
from tests.browser.test_alerts import fire, resolve_all, silence


def open_alert(page: Page) -> Page:
    """A new one, that has rung and is silenced in this tab; its menu is open."""
    fire(page).close()
    page.goto("/alerts/")
    silence(page)
    page.goto(page.locator("[data-row] a.strong").first.get_attribute("href") or "")
    page.get_by_text("Snooze, take over, hand over, or add somebody").click()
    return page


def said(page: Page, words: str) -> None:
    """The answer, in a sentence; the menu opens again for the next one."""
    expect(page.get_by_role("status").first).to_contain_text(words)
    page.get_by_text("Snooze, take over, hand over, or add somebody").click()


@pytest.fixture
def alert(page: Page) -> Iterator[Page]:
    yield open_alert(page)
    resolve_all(page)


@pytest.fixture
def alert_on_phone(phone: Page) -> Iterator[Page]:
    yield open_alert(phone)
    resolve_all(phone)


def test_one_alert_goes_through_every_hand(alert: Page) -> None:
    now, history = alert.locator("#group-now"), alert.locator("#group-history")
    assert_accessible(alert)

    alert.get_by_label("Ask one more").select_option("Linus Pauling")
    alert.get_by_role("button", name="Ask them").click()
    said(alert, "Asked: they are paged now")
    expect(history).to_contain_text("asked Linus Pauling to help")

    alert.get_by_role("button", name="Take it over").click()
    said(alert, "Acknowledged: it is yours now.")
    expect(now).to_contain_text("by Ada Lovelace")

    alert.get_by_role("button", name="1 hour", exact=True).click()
    said(alert, "Snoozed. It is yours")
    expect(history).to_contain_text("Ada Lovelace snoozed it for 1 h.")

    alert.get_by_label("Give it to").select_option("Grace Hopper")
    alert.get_by_role("button", name="Give it to them").click()
    said(alert, "Given on: they are paged now, and nobody else.")
    expect(now).to_contain_text("Triggered")
    expect(history).to_contain_text("Ada Lovelace gave it to Grace Hopper.")


def test_the_next_step_is_paged_now(alert: Page) -> None:
    alert.get_by_role("button", name="Escalate").click()
    asks = alert.get_by_role("dialog").filter(has_text="Page the next people now?")
    asks.get_by_role("button", name="Page them").click()
    expect(alert.locator("#group-history")).to_contain_text("escalated it: the next step is paged now.")
    expect(alert.locator("#group-history")).to_contain_text(re.compile("Paged step 2"))


def test_the_menu_is_usable_on_a_phone_in_the_dark(alert_on_phone: Page) -> None:
    assert_fits(alert_on_phone)
    assert_accessible(alert_on_phone)
    alert_on_phone.get_by_role("button", name="30 minutes", exact=True).click()
    expect(alert_on_phone.get_by_role("status").first).to_contain_text("Snoozed. It is yours")


def test_what_was_not_chosen_changes_nothing(alert: Page) -> None:
    alert.get_by_role("button", name="Give it to them").click()
    expect(alert.get_by_label("Give it to")).to_be_focused()  # the browser asks for it
    expect(alert.locator("#group-now")).to_contain_text("Triggered")

"""The first ten minutes: from an empty database to a page that somebody acknowledged, in the browser alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK
from tests.browser.helpers import assert_accessible
from tests.channels.servers import Mailbox, mailbox
from tests.running import serving

MAIL_WITHIN = 15.0  # seconds
RINGS_WITHIN = (
    15_000  # milliseconds: a tab that is just being left does not ring; the next try comes after five seconds
)


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """A server that nobody has ever used, a browser before it, and the owner's mail."""

    page: Page
    mail: Mailbox


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Fresh]:
    with mailbox() as mail, serving(TOCSIN_SMTP_URL=f"smtp://127.0.0.1:{mail.port}") as server:
        context = browser.new_context(base_url=server.url, viewport=DESK, timezone_id="Europe/Berlin")  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        yield Fresh(page=context.new_page(), mail=mail)
        context.close()


def test_from_an_empty_database_to_an_acknowledged_page(fresh: Fresh) -> None:
    page = fresh.page
    _become_owner(page)
    _form_a_team(page)
    _be_reachable(page, fresh.mail)
    _acknowledge_a_test_page(page)
    _start_a_rotation(page)
    _be_paged_by_an_alert(page)


def _become_owner(page: Page) -> None:
    page.goto("/alerts/")
    expect(page.get_by_role("heading", name="Welcome to Tocsin")).to_be_visible()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    assert_accessible(page)
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("This password is too short")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Ada Lovelace")
    page.get_by_label("Password").fill("the engine weaves patterns")
    page.get_by_role("button", name="Begin").click()


def _form_a_team(page: Page) -> None:
    page.get_by_label("Name of the team").fill("Platform")
    page.get_by_label("Who else is in it").fill("Grace Hopper <grace@example.org>\nnot an address")
    page.get_by_role("button", name="Form the team").click()
    expect(page.locator("code", has_text="/invitation/")).to_have_count(1)
    expect(page.get_by_text("was not invited")).to_be_visible()
    page.get_by_role("link", name="Go on").click()


def _be_reachable(page: Page, mail: Mailbox) -> None:
    assert_accessible(page)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(_code_in(mail))
    page.get_by_role("button", name="Verify").click()


def _acknowledge_a_test_page(page: Page) -> None:
    page.get_by_role("button", name="Page me now").click()
    ring = page.get_by_role("dialog", name="Test of your pager")
    expect(ring).to_be_visible(timeout=RINGS_WITHIN)
    ring.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Your pager works.")).to_be_visible()
    page.get_by_role("link", name="Go on").click()


def _start_a_rotation(page: Page) -> None:
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    expect(page.get_by_label("Grace Hopper")).to_be_checked()
    page.get_by_role("button", name="Start the rotation").click()


def _be_paged_by_an_alert(page: Page) -> None:
    page.get_by_label("What can break").fill("Checkout")
    page.get_by_role("button", name="Make the URL").click()
    expect(page.locator("#inbound-url")).to_contain_text("/in/")
    page.get_by_role("button", name="Send a test alert").click()
    page.goto("/")
    ring = page.get_by_role("dialog", name="Checkout: Test alert")
    expect(ring).to_be_visible(timeout=RINGS_WITHIN)
    ring.get_by_role("button", name="Acknowledge").click()
    page.wait_for_url("**/alerts/*/")
    expect(page.locator(".badge", has_text="Acknowledged").first).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("region", name="First steps")).to_be_hidden()


def _code_in(mail: Mailbox) -> str:
    """The code of the newest mail to Ada; Grace's invitation comes by mail too."""
    end = monotonic() + MAIL_WITHIN
    while monotonic() < end:
        for sent in reversed(mail.mails):
            text = sent.get_body(("plain",))
            found = re.search(r"\b(\d{6})\b", text.get_content() if text else "")
            if "ada@example.org" in sent["To"] and found:
                return found[1]
        sleep(0.05)
    raise AssertionError(f"no code came by mail within {MAIL_WITHIN:.0f} s")

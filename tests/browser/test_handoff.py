"""Handing over and what being on call costs, in a real browser."""

import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.helpers import assert_accessible, assert_fits


@pytest.fixture(scope="module")
def handoff(site: Site) -> str:
    """The address of Ada's draft."""
    command = [sys.executable, "-m", "tests.browser.handing"]
    done = subprocess.run(command, env=dict(site.server.environ), capture_output=True, text=True, check=True)
    return f"/handoffs/{done.stdout.strip()}/"


def test_every_page_is_accessible_and_fits_a_phone_in_the_dark(phone: Page, handoff: str) -> None:
    for url in ("/handoffs/", handoff, f"{handoff}edit/", "/care/", "/care/teams/platform/", "/", "/profile/"):
        phone.goto(url)
        assert_accessible(phone)
        assert_fits(phone)


def test_the_draft_that_waits_on_home_is_edited_and_signed(page: Page, handoff: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Write and sign").first.click()
    expect(page.get_by_role("button", name="Sign").first).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Note").fill("The disk of db-1 fills up. Linus is away on Friday.")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("Linus is away on Friday.")).to_be_visible()
    expect(page.get_by_text("Signed, not accepted")).to_be_visible()
    assert page.url.endswith(handoff)


def test_the_team_report_is_readable_at_the_desk(page: Page, handoff: str) -> None:
    page.goto("/care/teams/platform/")
    expect(page.get_by_role("row", name="Grace")).to_have_count(2)
    assert_accessible(page)
    page.goto("/care/teams/platform/terms/")
    assert_accessible(page)

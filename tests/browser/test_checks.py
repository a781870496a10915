"""Checks in a real browser: made, tried, pinged and read, at the desk and on a phone."""

import re
import urllib.request

from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.helpers import assert_accessible, assert_fits


def test_a_heartbeat_is_made_and_its_first_ping_is_on_its_page(page: Page) -> None:
    page.goto("/checks/new/")
    assert_accessible(page)
    page.get_by_role("link", name=re.compile("Heartbeat")).click()
    page.get_by_label("Service").select_option("search")
    page.get_by_label("Name", exact=True).fill("Nightly backup")
    expect(page.locator("#id_expression")).to_be_hidden()
    page.get_by_label("At the times of a cron expression").check()
    page.locator("#id_expression").fill("0 3 * * *")
    expect(page.locator("#id_period")).to_be_hidden()
    assert_accessible(page)
    page.get_by_role("button", name="Make the check").click()
    url = page.locator("#ping-url").inner_text()
    page.get_by_role("button", name="Copy the address").click()
    assert_accessible(page)
    with urllib.request.urlopen(f"{url}/0", b"copied 3 GB", timeout=10) as answer:
        assert answer.read() == b"OK"
    page.reload()
    expect(page.locator("#ping-url")).to_have_count(0)
    expect(page.get_by_text("What it said")).to_be_visible(timeout=30_000)  # by itself, when it was read
    page.get_by_text("What it said").click()
    expect(page.get_by_text("copied 3 GB")).to_be_visible()
    assert_accessible(page)


def test_a_probe_is_tried_made_and_drawn_on_a_phone(phone: Page, site: Site) -> None:
    phone.goto("/checks/new/http/?service=search")
    phone.get_by_label("Name", exact=True).fill("Tocsin itself")
    phone.get_by_label("Address").fill(f"{site.url}/healthz")
    phone.get_by_role("button", name="Try it now").click()
    expect(phone.locator("#tried")).to_contain_text("All is well.")
    assert_accessible(phone)
    assert_fits(phone)
    phone.get_by_role("button", name="Make the check").click()
    expect(phone.get_by_role("heading", name="Tocsin itself")).to_be_visible()
    while phone.locator(".bars-bar").count() == 0:
        phone.reload()
    expect(phone.get_by_role("img", name=re.compile("results in 24 hours"))).to_be_visible()
    assert_accessible(phone)
    assert_fits(phone)
    phone.goto("/checks/")
    assert_accessible(phone)
    assert_fits(phone)
    phone.goto("/services/search/")
    expect(phone.locator("#checks-card")).to_be_visible()
    expect(phone.get_by_role("link", name="Tocsin itself")).to_be_visible()
    assert_accessible(phone)
    assert_fits(phone)

"""An SLO made on a phone and at a desk: its preview, its figures, its files."""

import re

from playwright.sync_api import Page, expect

from tests.browser.helpers import assert_accessible, assert_fits


def fill(page: Page, name: str) -> None:
    page.goto("/slos/new/")
    page.get_by_label("Service").select_option("Search")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label(re.compile("^Bad events, or good")).fill('rate(http_requests_total{code=~"5.."}[$window])')
    page.get_by_label(re.compile("^All events")).fill("rate(http_requests_total[$window])")
    page.get_by_label("Objective (percent)").fill("99.5")


def test_the_preview_says_how_soon_it_pages_before_anything_is_saved(page: Page) -> None:
    fill(page, "Availability")
    page.get_by_label("Objective (percent)").press("Tab")
    expect(page.locator("#preview")).to_contain_text("How soon this pages")  # by itself
    expect(page.locator("#preview")).to_contain_text("14.4 * 0.005")
    assert_accessible(page)
    page.get_by_role("button", name="Make the SLO").click()
    expect(page.locator("h1")).to_have_text("Availability of Search")
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Rules").click()
    assert "slo-search-availability-burn" in download.value.path().read_text()


def test_fits_a_phone(phone: Page) -> None:
    fill(phone, "Freshness")
    phone.get_by_role("button", name="Preview").click()
    expect(phone.locator("#preview")).to_contain_text("When it alerts")
    assert_accessible(phone)
    assert_fits(phone)
    phone.get_by_role("button", name="Make the SLO").click()
    expect(phone.locator("h1")).to_have_text("Freshness of Search")
    for path in ("/slos/search-freshness/", "/slos/", "/services/search/", "/slos/prometheus/"):
        phone.goto(path)
        assert_accessible(phone)
        assert_fits(phone)

"""Alerts in a real browser: readable, live without moving, and all of it without JavaScript."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.helpers import assert_accessible, assert_fits

EVERY = (
    "/alerts/?state=all",
    "/alerts/1/",
    "/deliveries/",
    "/deliveries/1/",
    "/events/quarantined/",
    "/services/checkout/",
)

RINGS_WITHIN = 15_000  # milliseconds: the next try, when it came between two pages


def fire(page: Page) -> Page:
    """A test alert, sent from another tab; that tab, which shows what became of it."""
    tab = page.context.new_page()
    tab.goto("/integrations/1/")
    # by script: the dialog of what rings already may lie over the button
    tab.get_by_role("button", name="Send a test alert").dispatch_event("click")
    tab.wait_for_url("**/events/*/")
    # lists have it from here on
    expect(tab.locator("#outcome a[href^='/alerts/']")).to_be_visible(timeout=RINGS_WITHIN)
    return tab


def silence(page: Page) -> None:
    """Whatever rings in this tab, so that only what comes now does."""
    ring = page.locator("#ring-dialog")
    expect(ring).to_be_visible(timeout=RINGS_WITHIN)
    ring.get_by_role("button", name="Silence this tab").click()
    expect(ring).to_be_hidden()


def resolve_all(page: Page) -> None:
    """Nothing of this test rings in the next one."""
    page.goto("/alerts/")
    # by script: a ringing dialog may lie over the buttons
    page.evaluate("""
        for (const box of document.querySelectorAll('[name=group]')) box.checked = true;
        document.querySelector('#groups')?.requestSubmit(document.querySelector('[value=resolve]'));
    """)
    expect(page.locator("[data-row]")).to_have_count(0)


@pytest.mark.parametrize("url", EVERY)
def test_every_page_is_accessible_and_fits_a_phone_in_the_dark(phone: Page, url: str) -> None:
    phone.goto(url)
    assert_accessible(phone)
    assert_fits(phone)


def test_at_the_desk_in_the_light_it_is_as_accessible(page: Page) -> None:
    for url in ("/alerts/?state=all", "/alerts/1/"):
        page.goto(url)
        assert_accessible(page)


def test_what_is_new_waits_behind_a_pill_and_what_is_shown_stays_where_it_is(page: Page) -> None:
    page.goto("/alerts/?state=all")
    first = page.locator("[data-row]").first
    before, title = first.bounding_box(), first.get_by_role("link").inner_text()
    fire(page).close()
    pill = page.locator("#newer").get_by_text("1 new")
    expect(pill).to_be_visible()
    assert first.bounding_box() == before
    assert first.locator("a.strong").inner_text() == title
    resolve_all(page)


def test_a_note_half_written_survives_a_page_that_rings_and_what_happens_meanwhile(page: Page) -> None:
    fire(page).close()
    page.goto("/alerts/")
    silence(page)
    page.goto(page.locator("[data-row] a.strong").first.get_attribute("href") or "")
    note, ring = page.get_by_label("Add a note"), page.locator("#ring-dialog")
    note.press_sequentially("half a thou")
    fire(page).close()
    expect(ring).to_be_visible(timeout=RINGS_WITHIN)
    expect(note).to_be_focused()
    assert_accessible(page)
    assert_fits(page)
    page.keyboard.type("ght and a half")
    expect(note).to_have_value("half a thought and a half")
    ring.get_by_role("button", name="Acknowledge").click()
    expect(ring).to_be_hidden()
    other = page.context.new_page()
    other.goto(page.url)
    other.evaluate("document.querySelector('#do-resolve').closest('form').submit()")
    expect(page.locator("#group-now")).to_contain_text("Resolved")
    expect(note).to_have_value("half a thought and a half")
    other.close()
    resolve_all(page)


def test_a_key_that_was_meant_for_the_page_acknowledges_nothing(page: Page) -> None:
    page.goto("/alerts/")
    page.evaluate("""
        const dialog = document.querySelector('#ring-dialog');
        const press = () => dialog.open && !window.pressed && (window.pressed = true, button.click());
        const button = dialog.querySelector('form button');
        new MutationObserver(press).observe(dialog, { attributes: true });
    """)
    fire(page).close()
    expect(page.locator("#ring-dialog")).to_be_visible(timeout=RINGS_WITHIN)
    assert page.evaluate("window.pressed")
    assert page.evaluate("document.querySelector('#ring-dialog').matches(':modal')")
    expect(page.locator("#ring-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    resolve_all(page)


def test_everything_works_with_javascript_off(browser: Browser, page: Page, site: Site) -> None:
    fire(page).close()
    context = browser.new_context(base_url=site.url, storage_state=site.state, java_script_enabled=False)
    plain = context.new_page()
    plain.goto("/alerts/")
    plain.locator("[data-row]").first.get_by_role("button", name="Acknowledge").click()
    expect(plain.get_by_role("status").first).to_contain_text("Acknowledged: nobody else is paged.")
    plain.locator("[data-row] a.strong").first.click()
    plain.get_by_label("Add a note").fill("Seen from a text browser.")
    plain.get_by_role("button", name="Add the note").click()
    expect(plain.locator("#group-history")).to_contain_text("Seen from a text browser.")
    plain.get_by_role("button", name="Resolve").click()
    expect(plain.locator("#group-now")).to_contain_text("Resolved")
    context.close()
    resolve_all(page)

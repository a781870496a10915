"""Home, for somebody on call."""

from playwright.sync_api import Page, Route, expect

from tests.browser.helpers import assert_accessible, assert_fits, until


def test_home_says_who_is_on_call_and_whether_i_am(page: Page) -> None:
    page.goto("/")
    you = page.get_by_role("region", name="You", exact=True)
    expect(you).to_contain_text("On call")
    expect(page.get_by_role("region", name="On call now")).to_contain_text("Platform primary")
    assert_accessible(page)


def test_home_is_as_accessible_in_the_dark_and_fits_a_phone(phone: Page) -> None:
    phone.goto("/")
    assert_accessible(phone)
    assert_fits(phone)
    phone.get_by_role("button", name="More").click()
    phone.get_by_role("navigation", name="More").get_by_role("link", name="Settings").click()
    expect(phone.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    assert_fits(phone)


def test_keys_lead_through_the_pages(page: Page) -> None:
    page.goto("/help/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/alerts/")


def test_the_palette_leads_anywhere_by_keys_alone(page: Page) -> None:
    page.goto("/help/")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option").first).to_be_visible()
    assert_accessible(page)
    page.keyboard.type("grace")
    expect(page.get_by_role("option", name="Grace Hopper Person")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Grace Hopper", level=1)).to_be_visible()


def test_a_page_rings_in_an_open_tab_until_somebody_reads_it_and_acknowledges(page: Page) -> None:
    page.goto("/integrations/1/")
    page.get_by_role("button", name="Send a test alert").click()
    ring = page.get_by_role("dialog", name="Test alert")
    expect(ring).to_be_visible(timeout=15_000)  # the next try, when it came between two pages
    assert_accessible(page)
    ring.get_by_role("link", name="Open the page").click()
    page.wait_for_url("**/alerts/*/")
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/acknowledge/")):
        page.keyboard.press("a")
    expect(page.locator(".badge", has_text="Acknowledged").first).to_be_visible()
    expect(ring).to_be_hidden()
    page.goto("/")
    expect(page.get_by_role("region", name="Your open pages")).to_contain_text("Nothing waits for you")


def test_the_colours_can_be_pinned_on_this_device(page: Page) -> None:
    page.goto("/help/")
    page.get_by_role("button", name="profile and sign-out").click()
    page.get_by_role("button", name="Dark").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_home_changes_by_itself_and_misses_nothing_that_comes_while_it_is_asked_for(page: Page) -> None:
    page.goto("/")
    mine = page.get_by_role("region", name="Your open pages")
    expect(mine).to_contain_text("Nothing waits for you")
    page.evaluate("window.heard = 0; document.body.addEventListener('changed', () => window.heard++)")
    held: list[Route] = []

    def hold(route: Route) -> None:  # Playwright counts the arguments of what it calls
        held.append(route)

    page.route(lambda url: url.endswith("/"), hold, times=1)
    other = page.context.new_page()
    other.goto("/integrations/1/")
    other.get_by_role("button", name="Send a test alert").click()
    ring = other.get_by_role("dialog", name="Test alert")
    expect(ring).to_be_visible(timeout=15_000)
    until(page, lambda: bool(held))
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/")):
        answer = held[0].fetch()  # as it was before what happens now
        before = page.evaluate("heard")
        ring.get_by_role("button", name="Acknowledge").click()
        expect(ring).to_be_hidden()
        page.wait_for_function("before => heard > before", arg=before)
        held[0].fulfill(response=answer)
    expect(mine).to_contain_text("Nothing waits for you")

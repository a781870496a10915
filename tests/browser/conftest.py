"""A real server and a real Chromium, each started once; every test gets a page of its own that is signed in."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from tests.browser.helpers import answer_rings, sign_in
from tests.running import NotRunning, Running, serving

EMAIL, PASSWORD = "ada@example.com", "the alarm bell rings"  # of the demo
FILLED_WITHIN = 40.0  # seconds
CHROMIUM = "/usr/bin/chromium-headless-shell"  # without the browser's own window, which takes half of the time
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
FAILED = pytest.StashKey[bool]()


@dataclass(frozen=True, kw_only=True)
class Site:
    """The running example organisation, and Ada's session in it. Its first alert is acknowledged, so nothing rings."""

    url: str
    state: StorageState
    server: Running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def site(browser: Browser) -> Iterator[Site]:
    with serving("--demo") as server:
        _wait_filled(server)
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, server.url, EMAIL, PASSWORD)
        page.wait_for_url(f"{server.url}/")
        _acknowledge(page, server.url)
        yield Site(url=server.url, state=context.storage_state(), server=server)


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    """At the desk, light. `page.goto("/alerts/")` is enough."""
    yield from _pages(request, browser, site, viewport=DESK, color_scheme="light")


@pytest.fixture
def phone(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Page]:
    """390 px wide, touched, dark."""
    yield from _pages(request, browser, site, viewport=PHONE, color_scheme="dark", has_touch=True, is_mobile=True)


@pytest.fixture
def stranger(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A browser that is not signed in."""
    context = browser.new_context(base_url=site.url, viewport=DESK)  # type: ignore[arg-type]
    yield context
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


def _pages(request: pytest.FixtureRequest, browser: Browser, site: Site, **options: Any) -> Iterator[Page]:
    context = browser.new_context(base_url=site.url, storage_state=site.state, **options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    if request.node.stash.get(FAILED, False):
        page.unroute_all(behavior="ignoreErrors")
        answer_rings(page)  # one failure is told once
    context.close()
    assert not errors, errors


def _wait_filled(server: Running) -> None:
    end = monotonic() + FILLED_WITHIN
    while "sign in as" not in server.log.read_text(errors="replace"):
        if monotonic() > end:
            raise NotRunning(f"the demo was not filled:\n{server.tail()}")
        sleep(0.1)


def _acknowledge(page: Page, url: str) -> None:
    """The demo's alert, once it is there."""
    end = monotonic() + FILLED_WITHIN
    while page.request.get(f"{url}/alerts/1/").status != 200:
        if monotonic() > end:
            raise NotRunning("the demo's alert did not appear")
        sleep(0.1)
    form = {"csrfmiddlewaretoken": page.locator("body").get_attribute("data-csrf") or ""}
    answer = page.request.post(f"{url}/alerts/1/acknowledge/", form=form, headers={"Referer": f"{url}/"})
    assert answer.ok, answer.text()

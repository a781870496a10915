"""What the browser tests look for on every page."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parent / "axe.min.js"
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def assert_accessible(page: Page) -> None:
    """axe finds nothing that breaks WCAG 2.2 AA. Evaluated from outside, so that the page's CSP stays as it is."""
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("(rules) => axe.run(document, rules)", _RULES)["violations"]
    assert not found, "\n".join(_words(violation) for violation in found)


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{page.url} is {over} px wider than the screen"


def until(page: Page, holds: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait for what Playwright tells a handler of the test's own: it does so only while it is waited for."""
    end = monotonic() + seconds
    while not holds():
        assert monotonic() < end, f"not within {seconds:g} s on {page.url}"
        page.wait_for_timeout(10)


def answer_rings(page: Page) -> None:
    """Acknowledge whatever still rings for who is signed in, so that it does not lie over the next test's page."""
    page.goto("/")
    page.wait_for_timeout(1_000)  # the stream opens and says what rings
    ring = page.locator("#ring-dialog[open]")
    while ring.count():
        ring.get_by_role("button", name="Acknowledge").click()
        page.wait_for_timeout(1_000)


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _words(violation: dict[str, Any]) -> str:
    nodes = "\n  ".join(f"{n['html'][:160]}: {n['failureSummary'].splitlines()[-1]}" for n in violation["nodes"][:4])
    return f"{violation['id']}: {violation['help']}\n  {nodes}"

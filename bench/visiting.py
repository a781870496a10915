"""Somebody looks around: every kind of page that links lead to, and every list of the API, once."""

import http.cookiejar
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener, urlopen

from tests.running import Running

EMAIL, PASSWORD = "visitor@example.org", "the alarm bell rings"
_LINK = re.compile(r'<a [^>]*href="(/[^"#?]*)')
_NAMED = re.compile(r"^/(services|schedules|policies|teams|slos)/(?!new|prometheus)[^/]+/")
_LEAVES = ("/accounts/logout/", "/calendar/", "/api/")


def visit(server: Running) -> int:
    """How many answers there were."""
    server.run("admin", "create", "--email", EMAIL, "--name", "Visitor", "--password", PASSWORD)
    token = server.run("token", "create", "--name", "bench", "--scope", "admin", "--user", EMAIL).split()[-1]
    browser = build_opener(HTTPCookieProcessor(http.cookiejar.CookieJar()))
    _sign_in(browser, server.url)
    return sum(1 for _ in _pages(browser, server.url)) + sum(1 for _ in _lists(server.url, token))


def _sign_in(browser: OpenerDirector, url: str) -> None:
    page = browser.open(f"{url}/accounts/login/").read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    typed = {"csrfmiddlewaretoken": found[1], "login": EMAIL, "password": PASSWORD}
    browser.open(Request(f"{url}/accounts/login/", urlencode(typed).encode(), {"Origin": url}))


def _pages(browser: OpenerDirector, url: str) -> Iterator[str]:
    """One of each kind: pages that differ by a number or a name alone are alike."""
    seen: set[str] = set()
    queue = ["/"]
    while queue:
        path = queue.pop(0)
        kind = _NAMED.sub(r"/\1/*/", re.sub(r"/\d+", "/*", path))
        if kind in seen or path.startswith(_LEAVES) or not path.endswith("/"):
            continue
        seen.add(kind)
        queue += _LINK.findall(browser.open(url + path).read().decode())
        yield path


def _lists(url: str, token: str) -> Iterator[bytes]:
    given = {"Authorization": f"Bearer {token}"}
    described = json.loads(_body(Request(f"{url}/api/v1/openapi.json", headers=given)))
    for path, methods in described["paths"].items():
        needs = [p for p in methods.get("get", {}).get("parameters", ()) if p.get("required")]
        if "get" in methods and not needs:
            yield _body(Request(url + path, headers=given))


def _body(asked: Request) -> bytes:
    """What is not set up yet is not there, and says so."""
    try:
        return urlopen(asked).read()  # type: ignore[no-any-return]
    except HTTPError as error:
        if error.code != HTTPStatus.NOT_FOUND:
            raise
        return error.read()

"""Whatever stands in an address, a query, a cookie or a body: an answer that is no server's mistake, on any base."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from tests.api.caller import Caller
from tests.apps.hearing import Source, make_integration
from tests.pages.desk import at_the_desk, living
from tocsin.core.permissions import Scope
from tocsin.rules.models import Silence
from tocsin.sealing import fingerprint
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
KEY = "0123456789abcdef" * 2
ODD = ["a\0b", "9" * 30, "\ud800"]


def routes(urlconf: str) -> Iterator[str]:
    """Those with a part that may be anything."""
    yield from (route for route in _below(get_resolver(urlconf), "/") if "<" in route)


def _below(found: URLResolver | URLPattern, before: str) -> Iterator[str]:
    here = before + (str(found.pattern) if isinstance(found.pattern, RoutePattern) else "")
    if isinstance(found, URLPattern):
        yield here
        return
    for inner in found.url_patterns:
        yield from _below(inner, here)


def filled(route: str, value: str) -> str:
    """The address with the value in place of each part."""
    parts = route.split("<")
    return parts[0] + "".join(quote(value, errors="surrogatepass") + part.partition(">")[2] for part in parts[1:])


def client() -> Client:
    found = at_the_desk(living().owner())
    found.raise_request_exception = False
    return found


@pytest.mark.parametrize("value", ODD, ids=lambda v: ascii(v)[:12])
def test_any_part_of_a_pages_address(value: str) -> None:
    browser = client()
    found = sorted(routes("tocsin.config.urls"))
    assert len(found) > 100
    wrong = [
        (method, route)
        for route in found
        for method in ("GET", "POST")
        if browser.generic(method, filled(route, value)).status_code >= 500
    ]
    assert wrong == []


@pytest.mark.parametrize("value", ODD, ids=lambda v: ascii(v)[:12])
def test_any_part_of_an_address_of_the_api(value: str) -> None:
    caller = Caller(living().owner().user, Scope.ADMIN)
    caller.client.raise_request_exception = False
    found = sorted(routes("tocsin.config.api_urls"))
    assert len(found) > 50
    wrong = [
        (method, route)
        for route in found
        if route.startswith("/api/v1/")
        for method in ("GET", "POST", "DELETE")
        if _asked(caller, method, filled(route, value)) >= 500
    ]
    assert wrong == []


def _asked(caller: Caller, method: str, path: str) -> int:
    headers = {"Authorization": f"Bearer {caller.token}"}
    return caller.client.generic(method, path, b"{}", content_type="application/json", headers=headers).status_code


# what was sent, and not only where to


def tools() -> Client:
    found = Client()
    found.raise_request_exception = False
    return found


@pytest.mark.parametrize("by", ["id", "tiny", "alias"])
@pytest.mark.parametrize("identifier", [*ODD, "9" * 5000, "\u0663" * 5], ids=lambda v: ascii(v)[:12])
def test_opsgenies_clients_may_ask_for_anything(by: str, identifier: str) -> None:
    keyed("opsgenie")
    headers = {"Authorization": f"GenieKey {KEY}"}
    path = f"/v2/alerts/{quote(identifier, errors='surrogatepass')}?identifierType={by}"
    answer = tools().get(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


@pytest.mark.parametrize("identifier", ["9" * 5000, "9" * 19, "\u0663" * 5], ids=lambda v: ascii(v)[:12])
def test_what_opsgenies_clients_want_done_to_no_alert_is_nothing(identifier: str) -> None:
    place = {"verb": "close", "identifier": identifier, "by": "tiny", "id": ""}
    source = Source(keyed("opsgenie"))
    source.sends(json.dumps({"tocsin": place}).encode())
    assert source.absorbed().quarantined == 0


@pytest.mark.parametrize("field", ["comment", "createdBy", "value", "name", "id"])
def test_a_silence_with_a_nul_is_refused(field: str) -> None:
    keyed("alertmanager")
    said = {
        "matchers": [{"name": "alertname", "value": "Disk", "isRegex": False}],
        "startsAt": "2026-03-04T12:00:00Z",
        "endsAt": "2999-01-01T12:00:00Z",
        "comment": "planned",
        "createdBy": "ada",
    }
    to = said["matchers"][0] if field in {"value", "name"} else said  # type: ignore[index]
    to[field] = "a\0b"  # type: ignore[index]
    answer = tools().post(f"/in/alertmanager/{KEY}/api/v2/silences", said, content_type="application/json")
    assert (answer.status_code, "NUL" in answer.content.decode()) == (400, True)
    assert not Silence.objects.exists()


@pytest.mark.parametrize("text", ["a\0b", "\ud800"], ids=ascii)
@pytest.mark.parametrize("path", ["/teams", "/services", "/silences", "/people/invitations", "/alert-groups/1/notes"])
def test_what_no_database_keeps_is_refused_by_the_api(path: str, text: str) -> None:
    caller = Caller(living().owner().user, Scope.ADMIN)
    answer = caller.call("POST", path, {"name": text, "reason": text, "text": text, "deep": [{text: text}]})
    assert (answer.status, "No database keeps these" in answer.body["detail"]) == (400, True)


def test_a_nul_that_is_only_written_about_is_taken() -> None:
    caller = Caller(living().owner().user, Scope.ADMIN)
    assert caller.call("POST", "/teams", {"name": "the \\u0000 team"}).status == 201


@pytest.mark.parametrize("cookie", ['"\\000abc"', "%00", "a" * 4000], ids=["octal", "percent", "long"])
@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages"])
def test_any_cookie(name: str, cookie: str) -> None:
    assert tools().get("/alerts/", headers={"Cookie": f"{name}={cookie}"}).status_code < 500


@pytest.mark.parametrize("path", ["/alerts/views/", "/schedules/import/", "/accounts/login/", "/services/new/"])
def test_a_nul_that_was_typed_is_refused(path: str) -> None:
    answer = client().post(path, b"name=a%00b&query=%00&login=a%00&schedule=%00", content_type=FORM)
    assert answer.status_code in {400, 404}


def keyed(kind: str) -> Integration:
    found = make_integration(kind=kind)
    found.key_hash = fingerprint(KEY)
    found.save()
    return found

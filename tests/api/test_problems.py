"""Whatever goes wrong below /api/v1 is answered with RFC 9457 problem details."""

import pytest
from django.test import Client

from tests.api.caller import Caller
from tests.apps.domain import person
from tocsin.config.settings import DATA_UPLOAD_MAX_MEMORY_SIZE
from tocsin.core.permissions import Role
from tocsin.people.models import Team

pytestmark = pytest.mark.django_db
LARGE = b'{"name": "' + b"x" * DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'
KEY = {"Idempotency-Key": "a-1"}


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        # a token that is none, for something and for nothing
        ("GET", "/people", b"", {"Authorization": "Bearer toc_guessed"}, 401),
        # nothing there by that name, number or address
        ("GET", "/people/99999999999999999999999", b"", {}, 404),
        ("GET", "/nothing", b"", {}, 404),
        ("POST", "/nothing", b"{}", {}, 404),
        ("GET", "", b"", {}, 404),
        ("GET", "/people/", b"", {}, 404),
        ("GET", "/people/-1", b"", {}, 404),
        # another method
        ("DELETE", "/people", b"", {}, 405),
        ("OPTIONS", "/people", b"", {}, 405),
        ("POST", "/people/1", b"{}", {}, 405),
        ("POST", "/people/1", b"{}", KEY, 405),
        # no JSON
        ("POST", "/teams", b"{", {}, 400),
        ("POST", "/teams", b"{", KEY, 400),
        ("POST", "/teams", b"\xff\xfe", {}, 400),
        ("POST", "/teams", b"[" * 100_000, {}, 400),
        ("POST", "/teams", b"name=Platform", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        ("POST", "/teams", b"--b\r\n\r\n", {"Content-Type": "multipart/form-data; boundary=b"}, 400),
        # what no database takes
        ("POST", "/teams", rb'{"name": "a\u0000b"}', {}, 400),
        ("POST", "/teams", b'{"name": "a\\ud800b"}', {}, 400),
        ("GET", "/teams/%00", b"", {}, 404),
        ("GET", "/people?search=%00", b"", {}, 400),
        # more than is read
        ("POST", "/teams", LARGE, {}, 413),
        ("POST", "/teams", LARGE, KEY, 413),
        # JSON that says something else
        ("POST", "/teams", b"[]", {}, 422),
        # a key that is too long
        ("POST", "/teams", b"{}", {"Idempotency-Key": "k" * 201}, 422),
    ],
)
def test_whatever_goes_wrong_is_a_problem(
    method: str, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    token = Caller(person("Olga", Role.OWNER)).token
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    kind = sent.pop("Content-Type")
    answer = Client(raise_request_exception=False).generic(method, f"/api/v1{path}", body, kind, headers=sent)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    told = answer.json()
    assert (told["type"], told["status"]) == ("about:blank", status)
    assert told["title"]
    assert told["detail"]
    assert not Team.objects.exists()


def test_another_method_is_told_which_there_are() -> None:
    answer = Caller(person("Olga", Role.OWNER)).call("DELETE", "/people")
    assert (answer.headers["Allow"], answer.body["detail"]) == ("GET, POST", "DELETE is not taken here. Use GET, POST.")


def test_what_is_wrong_with_the_json_is_said() -> None:
    token = Caller(person("Olga", Role.OWNER)).token
    answer = Client().generic("POST", "/api/v1/teams", b'{"name": ', headers={"Authorization": f"Bearer {token}"})
    assert "Expecting value: line 1 column 10" in answer.json()["detail"]


def test_a_backslash_before_u0000_is_a_text_like_any_other() -> None:
    team = Caller(person("Olga", Role.OWNER)).post("/teams", {"name": "C:\\u0000"})
    assert team["name"] == "C:\\u0000"


def test_who_is_too_fast_is_told_for_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    caller = Caller(person("Olga", Role.OWNER))
    monkeypatch.setattr("ninja.throttling.AuthRateThrottle.allow_request", lambda *_: False)
    monkeypatch.setattr("ninja.throttling.AuthRateThrottle.wait", lambda *_: 1.5)
    answer = caller.call("GET", "/people")
    assert (answer.status, answer.headers["Content-Type"]) == (429, "application/problem+json")
    assert answer.headers["Retry-After"] == "2"


def test_what_breaks_is_a_problem_and_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    token = Caller(person("Olga", Role.OWNER)).token

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("tocsin.people.queries.people", broken)
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/people", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert b"a secret" not in answer.content

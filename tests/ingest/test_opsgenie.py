"""What Opsgenie's clients write is taken, kept with what its address said, and answered in Opsgenie's words."""

import json
import uuid
from typing import Any

import pytest

from tests.ingest.calling import Reply, call
from tests.ingest.test_app import KEYS, World, world
from tocsin.alerts.models import Event
from tocsin.config.fast_lane import read_head
from tocsin.ingest.app import Ingest
from tocsin.ingest.contract import LARGEST

__all__ = ["world"]

pytestmark = pytest.mark.django_db(transaction=True)

KEY = [(b"authorization", b"GenieKey " + KEYS["opsgenie"].encode())]
ALERT = {"message": "Disk of db1 is full", "alias": "db1/disk"}


def ask(world: World, path: str, body: object = b"", method: str = "POST", **more: Any) -> Reply:
    """As a server hands it on: the path unescaped and as it was sent, the query apart."""
    raw, _, query = path.partition("?")

    async def work(ingest: Ingest) -> Reply:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await ingest({**scope, "raw_path": raw.encode(), "query_string": query.encode()}, receive, send)

        return await call(app, raw, body, method=method, headers=more.get("headers", KEY))

    return world.run(work)  # type: ignore[no-any-return]


def stored() -> tuple[dict[str, Any], dict[str, Any]]:
    """The body of the last event: what was sent, and what its address said."""
    body = json.loads(bytes(Event.objects.order_by("-pk")[0].body))
    asked = body.pop("tocsin")
    return body, asked


@pytest.mark.parametrize("path", ["/v2/alerts", "/v2/alerts/"])
def test_an_alert_is_stored_before_it_is_answered(world: World, path: str) -> None:
    reply = ask(world, path, ALERT)
    said = reply.json()
    assert reply.status == 202
    assert said["result"] == "Request will be processed"  # type: ignore[index]
    event = Event.objects.get()
    assert said["requestId"] == str(event.receipt) == reply.headers["tocsin-receipt"]  # type: ignore[index]
    assert isinstance(said["took"], float)  # type: ignore[index]
    body, asked = stored()
    assert body == ALERT
    assert asked["verb"] == "create"
    assert str(uuid.UUID(asked["id"])) == asked["id"]
    assert KEYS["opsgenie"].encode() not in bytes(event.body)  # the key is a secret


@pytest.mark.parametrize(
    ("method", "path", "body", "asked"),
    [
        ("POST", "/v2/alerts/7/close?identifierType=tiny", b"", ("close", "7", "tiny")),
        (
            "POST",
            "/v2/alerts/db1%2Fdisk/acknowledge/?identifierType=alias",
            b"{}",
            ("acknowledge", "db1/disk", "alias"),
        ),
        ("POST", "/v2/alerts/a%20b%2525/notes?identifierType=alias", {"note": "x"}, ("notes", "a b%25", "alias")),
        ("POST", "/v2/alerts/0192/unacknowledge", b"null", ("unacknowledge", "0192", "id")),
        ("POST", "/v2/alerts/x/tags", {"tags": ["a"]}, ("tags", "x", "id")),
        ("POST", "/v2/alerts/x/details", {"details": {"a": "b"}}, ("details", "x", "id")),
        ("PUT", "/v2/alerts/x/message", {"message": "m"}, ("message", "x", "id")),
        ("PUT", "/v2/alerts/x/description", {"description": "d"}, ("description", "x", "id")),
        ("PUT", "/v2/alerts/x/priority", {"priority": "P1"}, ("priority", "x", "id")),
    ],
)
def test_what_is_done_to_an_alert_is_stored_with_what_its_address_said(
    world: World, method: str, path: str, body: Any, asked: tuple[str, str, str]
) -> None:
    assert ask(world, path, body, method).status == 202
    _, told = stored()
    assert (told["verb"], told["identifier"], told["by"]) == asked


def test_what_a_sender_puts_in_place_of_the_address_does_not_count(world: World) -> None:
    forged = {"note": "x", "tocsin": {"verb": "close", "identifier": "other", "by": "alias"}}
    assert ask(world, "/v2/alerts/mine/notes", forged).status == 202
    _, told = stored()
    assert (told["verb"], told["identifier"]) == ("notes", "mine")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/v2/alerts", {"alias": "x"}, 422, "Message can not be empty."),
        ("POST", "/v2/alerts", {"message": "x" * 131}, 422, "not be longer than 130"),
        ("POST", "/v2/alerts", {"message": "x", "priority": "P9"}, 422, "Priority should be"),
        ("POST", "/v2/alerts", b"{", 400, "Could not parse"),
        ("POST", "/v2/alerts", b"\xff", 400, "Could not parse"),
        ("POST", "/v2/alerts", b"[]", 422, "not processable"),
        ("POST", "/v2/alerts/x/notes", {}, 422, "Note can not be empty."),
        ("POST", "/v2/alerts/x/close?identifierType=name", {}, 422, "identifierType"),
        ("POST", "/v2/alerts/x/snooze", {"endTime": "2026-03-04T13:00:00Z"}, 422, "does not do this"),
        ("POST", "/v2/alerts/x/escalate", {}, 422, "does not do this"),
        ("POST", "/v2/alerts/x/assign", {}, 422, "does not do this"),
        ("POST", "/v2/alerts/x/responders", {}, 422, "does not do this"),
        ("POST", "/v2/alerts/x/actions/restart", {}, 422, "does not do this"),
        ("POST", "/v2/alerts/x", {}, 422, "does not do this"),
        ("PUT", "/v2/alerts/x/close", {}, 422, "does not do this"),
        ("DELETE", "/v2/alerts/x", b"", 422, "does not do this"),
        ("DELETE", "/v2/alerts/x/tags", b"", 422, "does not do this"),
        ("POST", "/v2/heartbeats", {"name": "x"}, 422, "Heartbeats are made"),
        ("POST", "/v2/heartbeats/x/enable", {}, 422, "Heartbeats are made"),
        ("DELETE", "/v2/heartbeats/x", b"", 422, "Heartbeats are made"),
        ("POST", "/v2/alerts", b"{" * (LARGEST + 1), 413, "at most 512 KB"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence_and_never_stored(
    world: World, method: str, path: str, body: Any, status: int, says: str
) -> None:
    reply = ask(world, path, body, method)
    said: Any = reply.json()
    assert (reply.status, said["code"]) == (status, status)
    assert {"message", "took", "requestId"} <= said.keys()
    assert says in json.dumps(said)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"GenieKey " + b"f" * 32)],
        [(b"authorization", b"Bearer " + KEYS["opsgenie"].encode())],
        [(b"authorization", b"GenieKey " + KEYS["pagerduty"].encode())],  # a key of another kind
    ],
    ids=["none", "unknown", "another scheme", "another kind"],
)
def test_without_a_right_key_nothing_is_stored(world: World, headers: Any) -> None:
    for path in ("/v2/alerts", "/v2/alerts/x/close", "/v2/heartbeats/x/ping"):
        reply = ask(world, path, ALERT, headers=headers)
        assert (reply.status, reply.json()["code"]) == (401, 401)  # type: ignore[index]
    assert not Event.objects.exists()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
def test_a_heartbeat_is_pinged(world: World, method: str) -> None:
    reply = ask(world, "/v2/heartbeats/nightly%20backup/ping", b"", method)
    assert (reply.status, reply.json()["result"]) == (202, "PONG - Heartbeat received")  # type: ignore[index]
    assert stored() == ({}, {"verb": "ping", "identifier": "nightly backup", "by": "id", "id": ""})


def test_a_ping_may_have_its_key_in_its_address(world: World) -> None:
    path = f"/v2/heartbeats/backup/ping?apiKey={KEYS['opsgenie']}"
    assert ask(world, path, b"", "GET", headers=[]).status == 202
    assert KEYS["opsgenie"].encode() not in bytes(Event.objects.get().body)
    assert ask(world, f"/v2/alerts?apiKey={KEYS['opsgenie']}", ALERT, headers=[]).status == 401


def test_alerts_take_the_short_way_past_asgi() -> None:
    head = read_head(b"POST /v2/alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nAuthorization: GenieKey k")
    assert head is not None
    assert head.desk.read(head.scope, json.dumps(ALERT).encode()).key == "k"

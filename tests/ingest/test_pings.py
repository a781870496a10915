"""Pings of jobs, as Healthchecks takes them: on disk before the OK."""

import json
import uuid
from typing import Any

import pytest
from django.db import connection

from tests.conftest import NOON
from tests.ingest.calling import Reply, call
from tests.ingest.test_app import KEYS, World, world
from tocsin.alerts.models import Event
from tocsin.core.signals import Beat, BeatKind
from tocsin.ingest import pings
from tocsin.ingest.app import Ingest
from tocsin.ingest.contract import Unavailable
from tocsin.ingest.stores import store_for
from tocsin.sources import heartbeat

__all__ = ["world"]

pytestmark = pytest.mark.django_db(transaction=True)

KEY = KEYS["heartbeat"]
RID = "0d5cc0b1-68f1-4b30-8a7c-64d0e715b1e5"


def heard() -> list[Beat]:
    return [b for e in Event.objects.order_by("id") for b in heartbeat.parse(bytes(e.body), {}, NOON)]


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST"])
@pytest.mark.parametrize(
    ("tail", "kind", "code"),
    [
        ("", BeatKind.SUCCESS, None),
        ("/", BeatKind.SUCCESS, None),
        ("/start", BeatKind.START, None),
        ("/start/", BeatKind.START, None),
        ("/fail", BeatKind.FAIL, None),
        ("/log", BeatKind.LOG, None),
        ("/0", BeatKind.SUCCESS, 0),
        ("/1", BeatKind.FAIL, 1),
        ("/255/", BeatKind.FAIL, 255),
    ],
)
def test_every_manner_of_ping(world: World, method: str, tail: str, kind: BeatKind, code: int | None) -> None:
    reply = world.post(f"/ping/{KEY}{tail}", method=method)
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"OK", "text/plain; charset=utf-8")
    event = Event.objects.get()
    assert (str(event.receipt), event.kind) == (reply.headers["tocsin-receipt"], "heartbeat")
    assert heard() == [Beat(kind=kind, exit_code=code)]


def test_a_key_may_be_written_as_a_uuid(world: World) -> None:
    assert world.post(f"/ping/{uuid.UUID(KEY)}").status == 200
    assert world.post(f"/ping/{str(uuid.UUID(KEY)).upper()}/fail").status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/ping/{'e' * 32}", 404),  # nobody's
        (f"/ping/{KEYS['generic']}", 404),  # of another kind
        (f"/ping/{KEY}/flurb", 404),
        (f"/ping/{KEY}/start/again", 404),
        ("/ping/", 404),
        ("/ping/short", 404),
        (f"/ping/{KEY}/256", 400),
        (f"/ping/{KEY}/999", 400),
    ],
)
def test_what_is_no_ping_is_refused_in_plain_text(world: World, path: str, status: int) -> None:
    reply = world.post(path, method="GET")
    assert (reply.status, reply.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert b"not" in reply.body
    assert not Event.objects.exists()


def test_other_methods_are_refused(world: World) -> None:
    reply = world.post(f"/ping/{KEY}", method="PUT")
    assert (reply.status, reply.headers["allow"]) == (405, "HEAD, GET, POST")
    assert not Event.objects.exists()


def asked(world: World, query: bytes) -> Reply:
    """With a query, which `call` does not know."""

    async def ask(ingest: Ingest) -> Reply:
        async def with_query(scope: Any, receive: Any, send: Any) -> None:
            await ingest({**scope, "query_string": query}, receive, send)

        return await call(with_query, f"/ping/{KEY}/start", method="GET")

    reply: Reply = world.run(ask)
    return reply


def test_a_run_may_have_an_id(world: World) -> None:
    assert asked(world, b"rid=" + RID.upper().encode() + b"&create=0").status == 200
    assert heard() == [Beat(kind=BeatKind.START, run_id=RID)]


def test_an_id_that_is_no_uuid_is_refused(world: World) -> None:
    assert asked(world, b"rid=last%20night").status == 400
    assert not Event.objects.exists()


@pytest.mark.parametrize("body", [b"x" * 10_001, [b"x" * 9_000, b"y" * 3_000_000, b"z"]], ids=["whole", "in pieces"])
def test_the_first_ten_kilobytes_of_a_body_are_kept(world: World, body: Any) -> None:
    reply = world.post(f"/ping/{KEY}/fail", body)
    assert (reply.status, reply.headers["ping-body-limit"]) == (200, "10000")
    (beat,) = heard()
    assert (len(beat.body), beat.body[0]) == (10_000, "x")


def test_a_body_that_is_not_text_is_kept_as_far_as_it_is(world: World) -> None:
    world.post(f"/ping/{KEY}", b"caf\xe9 \x00 ok")
    assert heard()[0].body == "caf�  ok"


def test_endless_bodies_are_refused(world: World) -> None:
    announced = [(b"content-length", str(pings.MOST + 1).encode())]
    assert world.post(f"/ping/{KEY}", b"", headers=announced).status == 413
    assert not Event.objects.exists()


def test_a_heartbeat_that_is_switched_off_takes_no_pings(world: World) -> None:
    integration = world.integrations["heartbeat"]
    integration.is_enabled = False
    integration.save()
    assert world.post(f"/ping/{KEY}").status == 404


def test_without_a_database_there_is_no_ok(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(type(store_for(connection)), "write", away)
    reply = world.post(f"/ping/{KEY}")
    assert (reply.status, reply.headers["retry-after"]) == (503, "2")


def test_what_is_stored_is_small(world: World) -> None:
    world.post(f"/ping/{KEY}", method="HEAD")
    assert json.loads(bytes(Event.objects.get().body)) == {}


# as Uptime Kuma's push monitors hear them


def push(world: World, query: str, key: str = KEY, method: str = "GET") -> Reply:
    async def work(ingest: Ingest) -> Reply:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await ingest({**scope, "query_string": query.encode()}, receive, send)

        return await call(app, f"/api/push/{key}", b"", method=method)

    return world.run(work)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("query", "beat"),
    [
        ("", Beat()),
        ("status=up&msg=OK&ping=", Beat(body="OK")),
        ("status=up&msg=OK&ping=120", Beat(body="OK", seconds=0.12)),
        ("status=down&msg=no%20space%20left&ping=7.5", Beat(kind=BeatKind.FAIL, body="no space left", seconds=0.0075)),
        ("status=pending", Beat(kind=BeatKind.FAIL)),  # as there: what is not up is down
        ("ping=soon", Beat()),
        ("ping=-1", Beat()),
        ("ping=" + "9" * 5000, Beat()),
        ("msg=a%00b%FF", Beat(body="ab\ufffd")),
        ("msg=" + "x" * 20_000, Beat(body="x" * 10_000)),
    ],
    ids=range(10),
)
def test_what_a_push_says(world: World, query: str, beat: Beat) -> None:
    reply = push(world, query)
    assert (reply.status, reply.json()) == (200, {"ok": True})
    assert str(Event.objects.get().receipt) == reply.headers["tocsin-receipt"]
    assert heard() == [beat]


@pytest.mark.parametrize("key", ["e" * 32, KEYS["generic"], "short", f"{KEY}/more"])
def test_a_push_to_nobody_is_answered_as_uptime_kuma_does(world: World, key: str) -> None:
    reply = push(world, "status=up", key)
    assert reply.status == 404
    assert reply.json()["ok"] is False  # type: ignore[index]
    assert "not found" in reply.json()["msg"]  # type: ignore[index]
    assert not Event.objects.exists()


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_a_push_may_come_by_any_method(world: World, method: str) -> None:
    assert push(world, "status=down", method=method).status == 200
    assert [beat.kind for beat in heard()] == [BeatKind.FAIL]

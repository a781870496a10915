"""The whole of ingest on a real database, but for the socket."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection

from tests.apps.hearing import make_integration, make_service
from tests.conftest import NOON
from tests.ingest.calling import Reply, call
from tocsin.alerts.models import Event
from tocsin.ingest import keys
from tocsin.ingest.app import Ingest
from tocsin.ingest.contract import LARGEST, LARGEST_KNOWN
from tocsin.ingest.stores import store_for
from tocsin.sealing import fingerprint
from tocsin.services.models import Integration
from tocsin.sources import pagerduty
from tocsin.sources.registry import SOURCES

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = {kind: f"{number:032x}" for number, kind in enumerate(SOURCES, 1)}
TRIGGER = {
    "routing_key": KEYS["pagerduty"],
    "event_action": "trigger",
    "dedup_key": "disk",
    "payload": {"summary": "disk full", "source": "db1", "severity": "critical"},
}
PATHS = {
    "pagerduty": ("/v2/enqueue", TRIGGER),
    "alertmanager": (f"/in/alertmanager/{KEYS['alertmanager']}", json.loads(SOURCES["alertmanager"].sample)),
    "generic": (f"/in/generic/{KEYS['generic']}", {"summary": "disk full"}),
}


@dataclass(kw_only=True)
class World:
    integrations: dict[str, Integration]

    def run(self, work: Callable[[Ingest], Coroutine[Any, Any, Any]]) -> Any:
        async def open_and_close() -> Any:
            ingest = Ingest(store_for(connection), now=lambda: NOON)
            await ingest.open()
            try:
                return await work(ingest)
            finally:
                await ingest.close()

        return asyncio.run(open_and_close())

    def post(self, path: str, body: object = b"", **more: Any) -> Reply:
        return self.run(lambda ingest: call(ingest, path, body, **more))


@pytest.fixture
def world() -> Iterator[World]:
    service = make_service()
    made = {kind: make_integration(service, kind, kind) for kind in SOURCES}
    for kind, integration in made.items():
        integration.key_hash = fingerprint(KEYS[kind])
        integration.save()
    yield World(integrations=made)
    connection.close()


@pytest.mark.parametrize("kind", PATHS)
def test_an_accepted_message_is_in_the_table_with_its_receipt(world: World, kind: str) -> None:
    path, body = PATHS[kind]
    reply = world.post(path, body)
    assert reply.status == 202
    event = Event.objects.get()
    assert str(event.receipt) == reply.headers["tocsin-receipt"]
    assert (event.integration, event.kind, event.state) == (world.integrations[kind], kind, "new")
    assert (event.received_at, event.error, event.waiting.received_at) == (NOON, "", NOON)
    assert SOURCES[kind].parse(bytes(event.body), {}, NOON)


def test_pagerduty_answers_in_its_own_words(world: World) -> None:
    assert world.post("/v2/enqueue", TRIGGER).json() == {
        "status": "success",
        "message": "Event processed",
        "dedup_key": "disk",
    }


@pytest.mark.parametrize("given", [{}, {"dedup_key": None}, {"dedup_key": ""}], ids=["none", "null", "empty"])
def test_a_trigger_without_a_key_is_given_one_that_later_resolves_it(world: World, given: dict[str, object]) -> None:
    trigger = {name: value for name, value in TRIGGER.items() if name != "dedup_key"} | given
    dedup_key = world.post("/v2/enqueue", json.dumps(trigger, indent=1).encode() + b"\n ").json()["dedup_key"]  # type: ignore[index]
    (signal,) = pagerduty.parse(bytes(Event.objects.get().body), {}, NOON)
    assert signal.dedup_key == dedup_key
    assert len(dedup_key) == 32


def test_the_routing_key_is_not_kept(world: World) -> None:
    world.post("/v2/enqueue", TRIGGER)
    assert KEYS["pagerduty"].encode() not in bytes(Event.objects.get().body)


def test_webhooks_take_the_key_as_a_bearer_token_too(world: World) -> None:
    bearer = [(b"authorization", b"Bearer " + KEYS["generic"].encode())]
    assert world.post("/in/generic", {"summary": "x"}, headers=bearer).status == 202
    assert world.post("/in/generic/", {"summary": "x"}, headers=bearer).status == 202


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/v2/enqueue", b"", 400, "JSON cannot be read"),
        ("/v2/enqueue", b"{", 400, "JSON cannot be read"),
        ("/v2/enqueue", b'{"dedup_key": \xff}', 400, "JSON cannot be read"),
        ("/v2/enqueue", {**TRIGGER, "routing_key": None}, 400, "'routing_key' is missing or blank"),
        ("/v2/enqueue", {**TRIGGER, "routing_key": "short"}, 400, "Length of 'routing_key' is incorrect"),
        ("/v2/enqueue", {**TRIGGER, "routing_key": "f" * 32}, 400, "'routing_key' is invalid"),
        ("/v2/enqueue", {**TRIGGER, "routing_key": "\u00e9" * 32}, 400, "'routing_key' is invalid"),
        ("/v2/enqueue", {**TRIGGER, "routing_key": KEYS["generic"]}, 400, "'routing_key' is invalid"),  # another kind's
        ("/v2/enqueue", {**TRIGGER, "payload": {}}, 400, "'payload.summary' is missing or blank"),
        ("/in/generic/" + "f" * 32, {"summary": "x"}, 401, "No integration that is switched on"),
        ("/in/generic/\x00\ufffd", {"summary": "x"}, 401, "No integration"),
        ("/in/generic", {"summary": "x"}, 401, "No integration"),
        (PATHS["generic"][0], b"no json", 400, "The JSON cannot be read"),
        (PATHS["alertmanager"][0], b"[]", 400, "not an Alertmanager webhook"),
        ("/in/alertmanager/" + KEYS["generic"], {"alerts": []}, 401, "No integration"),
        ("/in/flurb/" + KEYS["generic"], {}, 404, "Nothing is heard at this address"),
        ("/v2/flurb", {}, 404, "Nothing is heard at this address"),
    ],
    ids=range(17),
)
def test_what_cannot_be_taken_is_told_why_and_not_stored(
    world: World, path: str, body: object, status: int, says: str
) -> None:
    reply = world.post(path, body)
    assert reply.status == status
    assert says in reply.body.decode()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (rb"half a pair \udcff here", "half a pair \ufffd here"),  # as Python writes a name of a file that is no UTF-8
        (rb"\ud83d twice \ud83d\ude00", "\ufffd twice \U0001f600"),
        (rb"a path c:\\ud800 and \udead", "a path c:\\ud800 and \ufffd"),
        (b"gr\xfcn", "gr\ufffdn"),  # another encoding
    ],
)
def test_an_odd_letter_is_no_reason_to_refuse_an_alert(world: World, said: bytes, kept: str) -> None:
    body = json.dumps(TRIGGER).encode().replace(json.dumps(TRIGGER["payload"]["summary"]).encode(), b'"%s"' % said)  # type: ignore[index]
    assert world.post("/v2/enqueue", body).status == 202
    (signal,) = pagerduty.parse(bytes(Event.objects.get().body), {}, NOON)
    assert signal.summary == kept


def test_nor_is_a_mark_of_byte_order(world: World) -> None:
    for path, body in PATHS.values():
        assert world.post(path, b"\xef\xbb\xbf" + json.dumps(body).encode()).status == 202


def test_only_post_is_heard(world: World) -> None:
    reply = world.post("/v2/enqueue", method="GET")
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


def test_a_body_of_the_largest_size_is_taken(world: World) -> None:
    start, end = b'{"summary": "x", "more": "', b'"}'
    body = start + b"a" * (LARGEST_KNOWN - len(start) - len(end)) + end
    assert world.post(PATHS["generic"][0], body).status == 202
    assert Event.objects.get().body[-2:] == end


@pytest.mark.parametrize("form", ["announced", "in pieces", "in a late piece"])
@pytest.mark.parametrize(
    ("path", "most"),
    [("/v2/enqueue", LARGEST), (PATHS["generic"][0], LARGEST_KNOWN)],
    ids=["pagerduty", "generic"],
)
def test_a_larger_body_is_refused_however_it_comes(world: World, path: str, most: int, form: str) -> None:
    whole = b"x" * (most + 1)
    body = {"announced": whole, "in pieces": [b"x" * 1024] * (most // 1024 + 1), "in a late piece": [b"", whole]}[form]
    reply = world.post(path, body)
    assert (reply.status, reply.headers["connection"]) == (413, "close")
    assert not Event.objects.exists()


def test_a_body_larger_than_it_said_is_refused(world: World) -> None:
    reply = world.post("/v2/enqueue", b"x" * (LARGEST + 1), headers=[(b"content-length", b"10")])
    assert reply.status == 413


def test_many_at_once_are_each_stored_once(world: World) -> None:
    path, _ = PATHS["generic"]

    async def many(ingest: Ingest) -> list[Reply]:
        return await asyncio.gather(*(call(ingest, path, {"summary": str(n)}) for n in range(500)))

    replies = world.run(many)
    assert {reply.status for reply in replies} == {202}
    receipts = [uuid.UUID(reply.headers["tocsin-receipt"]) for reply in replies]
    assert sorted(receipts) == sorted(Event.objects.values_list("receipt", flat=True))


def test_a_client_that_waits_for_its_answer_has_its_events_in_order(world: World) -> None:
    async def client(ingest: Ingest, name: str) -> None:
        for number in range(20):
            await call(ingest, PATHS["generic"][0], {"summary": f"{number:02}", "dedup_key": name})

    world.run(lambda ingest: _all(client(ingest, str(n)) for n in range(8)))
    told: dict[str, list[str]] = {}
    for body in Event.objects.order_by("id").values_list("body", flat=True):
        read = json.loads(bytes(body))
        told.setdefault(read["dedup_key"], []).append(read["summary"])
    assert len(told) == 8
    assert all(order == sorted(order) for order in told.values())


async def _all(work: Iterator[Awaitable[object]]) -> None:
    await asyncio.gather(*work)


@pytest.mark.parametrize("change", [{"is_enabled": False}, {"deleted_at": NOON}, {"key_hash": "x"}], ids=str)
def test_a_key_that_was_turned_off_stops_when_what_is_remembered_of_it_is_old(
    world: World, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "KEPT", 0.0)
    path, body = PATHS["generic"]

    async def before_and_after(ingest: Ingest) -> tuple[int, int]:
        first = await call(ingest, path, body)
        pk = world.integrations["generic"].pk
        await asyncio.to_thread(_closing, lambda: Integration.objects.filter(pk=pk).update(**change))
        return first.status, (await call(ingest, path, body)).status

    assert world.run(before_and_after) == (202, 401)


def _closing(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connection.close()


def test_one_event_that_cannot_be_stored_does_not_take_the_others_with_it(world: World) -> None:
    """Its integration is gone, while its key is still remembered."""

    async def work(ingest: Ingest) -> list[Reply]:
        for kind in ("generic", "alertmanager"):
            await call(ingest, *PATHS[kind])
        pk = world.integrations["alertmanager"].pk
        await asyncio.to_thread(_closing, lambda: Integration.objects.filter(pk=pk).delete())
        return await asyncio.gather(*(call(ingest, *PATHS[k]) for k in ("generic", "alertmanager", "generic")))

    assert [reply.status for reply in world.run(work)] == [202, 503, 202]
    assert Event.objects.count() == 3

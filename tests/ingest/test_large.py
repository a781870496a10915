"""A storm may come as one message of several megabytes, from senders that never send again what was refused."""

import asyncio
import json
import uuid
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from tests.apps.hearing import Source, make_integration
from tests.conftest import NOON
from tests.ingest.calling import Call, call
from tests.ingest.test_commit import StoppableStore, settle
from tocsin.alerts import claiming
from tocsin.alerts.models import Alert
from tocsin.config import refusals
from tocsin.config.refusals import Refusals
from tocsin.health.models import Problem
from tocsin.ingest import bodies
from tocsin.ingest.app import Ingest
from tocsin.ingest.contract import LARGEST, LARGEST_KNOWN, Key
from tocsin.sealing import fingerprint
from tocsin.sources.registry import SOURCES

KEY, STRANGER = "a" * 32, "f" * 32
JSON = (b"content-type", b"application/json")
HEARS = [s.kind for s in SOURCES.values() if s.check is not None and s.kind != "sns"]  # a message of SNS has 256 KB


def labels(number: int) -> dict[str, str]:
    """As kube-prometheus has them."""
    return {
        "alertname": "KubePodNotReady",
        "namespace": f"shop-{number % 40}",
        "pod": f"checkout-7c9d8f6b54-{number:05}",
        "container": "checkout",
        "severity": "critical",
        "prometheus": "monitoring/k8s",
        "cluster": "eu-west-1-production",
    }


def storm(count: int) -> dict[str, object]:
    text = "Pod shop/checkout has been in a non-ready state for longer than 15 minutes. " * 4
    alerts = [
        {
            "status": "firing",
            "labels": labels(number),
            "annotations": {"description": text, "runbook_url": "https://runbooks.example.org/KubePodNotReady"},
            "startsAt": "2026-03-04T11:58:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org:9090/graph?g0.expr=" + "kube_pod_status_phase" * 12,
            "fingerprint": f"{number:016x}",
        }
        for number in range(count)
    ]
    return {"version": "4", "status": "firing", "receiver": "tocsin", "truncatedAlerts": 0, "alerts": alerts}


class Store(StoppableStore):
    """Every kind of integration has the one key."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.going.set()
        self.kind = kind

    async def keys(self, fingerprints: Sequence[str]) -> Mapping[str, Key]:
        self.lookups.append(list(fingerprints))
        return {fingerprint(KEY): Key(integration_id=7, kind=self.kind)}


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(work())


def hearing(kind: str, told: list[tuple[int, int]] | None = None) -> Ingest:
    noted = [] if told is None else told
    return Ingest(Store(kind), refused=lambda *said: noted.append(said))


def endless(path: str, pulled: list[int], *headers: tuple[bytes, bytes]) -> tuple[Any, Any]:
    """A request whose body has no end, and what of it was asked for."""

    async def receive() -> dict[str, object]:
        pulled[0] += 65_536
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"[" * 65_536, "more_body": True}

    return Call(path=path, body=[b""], headers=list(headers)).scope(), receive


def test_a_storm_that_alertmanager_sends_as_one_message_is_taken() -> None:
    async def story() -> None:
        ingest, body = hearing("alertmanager"), json.dumps(storm(5000)).encode()
        assert 5_000_000 < len(body) < LARGEST_KNOWN
        whole = await call(ingest, f"/in/alertmanager/{KEY}", body)
        parts = [body[n : n + 65_536] for n in range(0, len(body), 65_536)]
        in_pieces = await call(ingest, f"/in/alertmanager/{KEY}", parts)
        assert (whole.status, in_pieces.status) == (202, 202)
        assert [row.body == body for batch in ingest._store.batches for row in batch] == [True, True]  # type: ignore[attr-defined]

    run(story)


@pytest.mark.parametrize("kind", HEARS)
def test_every_webhook_takes_more_than_the_formats_that_name_a_limit(kind: str) -> None:
    async def story() -> None:
        read = json.loads(SOURCES[kind].sample)
        read["and"] = "a" * 2 * LARGEST
        assert (await call(hearing(kind), f"/in/{kind}/{KEY}", read)).status == 202

    run(story)


def test_prometheus_may_push_as_much_as_an_alertmanager() -> None:
    async def story() -> None:
        pushed = [{"labels": labels(n), "annotations": {"text": "a" * 700}} for n in range(1000)]
        reply = await call(hearing("alertmanager"), f"/in/alertmanager/{KEY}/api/v2/alerts", pushed, headers=[JSON])
        assert reply.status == 200

    run(story)


@pytest.mark.parametrize("announced", [[], [(b"content-length", b"4000000")]], ids=["in pieces", "announced"])
def test_of_a_stranger_no_more_is_read_than_of_anybody(announced: list[tuple[bytes, bytes]]) -> None:
    async def story() -> None:
        told: list[tuple[int, int]] = []
        pulled, answered = [0], list[dict[str, Any]]()

        async def reply(message: dict[str, Any]) -> None:
            answered.append(message)

        scope, receive = endless(f"/in/alertmanager/{STRANGER}", pulled, *announced)
        await hearing("alertmanager", told)(scope, receive, reply)  # type: ignore[arg-type]
        assert answered[0]["status"] == 401
        assert (b"connection", b"close") in answered[0]["headers"]
        assert pulled[0] <= (0 if announced else LARGEST + 65_536)
        assert told == []

    run(story)


@pytest.mark.parametrize("body", [b"[" * (LARGEST_KNOWN + 1), [b"[" * 65_536] * 129], ids=["announced", "in pieces"])
def test_what_is_too_large_even_so_is_refused_and_somebody_is_told(body: object) -> None:
    async def story() -> None:
        told: list[tuple[int, int]] = []
        reply = await call(hearing("alertmanager", told), f"/in/alertmanager/{KEY}", body)
        assert (reply.status, reply.headers["connection"]) == (413, "close")
        assert "at most 8192 KB" in reply.body.decode()
        assert told == [(7, LARGEST_KNOWN)]

    run(story)


def test_whose_event_it_was_is_read_from_its_beginning_where_the_key_is_in_the_body() -> None:
    async def story() -> None:
        event = {"routing_key": KEY, "event_action": "trigger", "payload": {"summary": "a" * LARGEST}}
        body = json.dumps(event).encode()
        for sent in (body, [body[n : n + 65_536] for n in range(0, len(body), 65_536)]):
            told: list[tuple[int, int]] = []
            reply = await call(hearing("pagerduty", told), "/v2/enqueue", sent)
            assert (reply.status, told) == (413, [(7, LARGEST)])

    run(story)


def test_opsgenies_clients_are_refused_above_its_limit_and_somebody_is_told() -> None:
    async def story() -> None:
        told: list[tuple[int, int]] = []
        key = (b"authorization", b"GenieKey " + KEY.encode())
        reply = await call(hearing("opsgenie", told), "/v2/alerts", b"{" * (LARGEST + 1), headers=[key])
        assert (reply.status, reply.json()["code"], told) == (413, 413, [(7, LARGEST)])  # type: ignore[index]

    run(story)


def test_of_many_large_ones_at_once_some_are_asked_to_come_again() -> None:
    async def story() -> None:
        ingest, going = hearing("alertmanager"), asyncio.Event()
        body = json.dumps(storm(1000)).encode()

        async def slow() -> int:
            answered: list[dict[str, Any]] = []
            waiting = [body[:LARGEST], body[LARGEST : LARGEST + 9], body[LARGEST + 9 :]]

            async def receive() -> dict[str, object]:
                if len(waiting) == 1:
                    await going.wait()
                return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

            async def reply(message: dict[str, Any]) -> None:
                answered.append(message)

            scope = Call(path=f"/in/alertmanager/{KEY}", body=[b""]).scope()
            await ingest(scope, receive, reply)  # type: ignore[arg-type]
            return int(answered[0]["status"])

        asked = [asyncio.ensure_future(slow()) for _ in range(bodies.AT_ONCE + 2)]
        await settle()
        assert sum(each.done() for each in asked) == 2
        assert (await call(ingest, f"/in/alertmanager/{KEY}", {"alerts": []})).status == 202  # small ones go on
        going.set()
        assert sorted(await asyncio.gather(*asked)) == [202] * bodies.AT_ONCE + [503, 503]
        assert await slow() == 202

    run(story)


# what people see of it


def test_the_first_refusal_is_told_at_once_and_more_of_them_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        told: list[Mapping[int, int]] = []
        room = Refusals(write=lambda noted, _: told.append(noted), now=lambda: NOON)
        pauses: list[asyncio.Future[None]] = []
        news = asyncio.Event()

        async def sleep(_: float) -> None:
            pauses.append(asyncio.get_running_loop().create_future())
            news.set()
            await pauses[-1]

        monkeypatch.setattr(refusals.asyncio, "sleep", sleep)
        await room.open()
        room.note(7, LARGEST)
        await news.wait()
        assert told == [{7: LARGEST}]
        for integration_id in (7, 7, 8):
            room.note(integration_id, LARGEST)
        assert told == [{7: LARGEST}]
        news.clear()
        pauses[0].set_result(None)
        await news.wait()
        assert told == [{7: LARGEST}, {7: LARGEST, 8: LARGEST}]
        room.note(9, LARGEST)
        await room.close()
        assert told[2:] == [{9: LARGEST}]

    asyncio.run(story())


def test_what_could_not_be_told_is_told_the_next_time() -> None:
    async def story() -> None:
        told: list[Mapping[int, int]] = []

        def write(noted: Mapping[int, int], _: object) -> None:
            told.append(noted)
            if len(told) == 1:
                raise OperationalError("away")

        room = Refusals(write=write, now=lambda: NOON)
        room.note(7, LARGEST)
        await room._write()
        await room.close()
        assert told == [{7: LARGEST}] * 2

    asyncio.run(story())


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_a_banner_that_leads_to_its_integration() -> None:
    integration = make_integration(kind="alertmanager", name="Prometheus")
    for _ in range(2):
        refusals.write_down({integration.pk: LARGEST_KNOWN}, NOON)
    problem = Problem.objects.get()
    assert problem.title == "A message of Prometheus on checkout was refused, as it is too large"
    assert "At most 8 MB" in problem.detail
    assert (problem.url, problem.count) == (f"/integrations/{integration.pk}/", 2)


@pytest.mark.django_db(transaction=True)
def test_the_banner_goes_when_nothing_was_refused_for_a_day() -> None:
    integration = make_integration()
    for integration_id, hours in ((integration.pk, 0), (0, 20), (0, 25)):
        refusals.write_down({integration_id: LARGEST}, NOON + timedelta(hours=hours))
        assert Problem.objects.filter(over_at=None).exists() == (hours < 24)


# what becomes of it


@pytest.mark.django_db(transaction=True)
def test_thousands_of_alerts_in_one_message_are_absorbed_at_one_go() -> None:
    source = Source(make_integration(kind="alertmanager"))
    source.sends(json.dumps(storm(5000)).encode())
    assert source.absorbed().events == 1
    assert Alert.objects.count() == 5000


@pytest.mark.django_db(transaction=True)
def test_large_messages_are_absorbed_a_few_at_a_time_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(make_integration(kind="generic"))
    size = claiming.MOST_BYTES // 2
    for number in range(5):
        source.sends(json.dumps({"summary": f"{number}", "dedup_key": "x", "more": "a" * size}).encode())
    for number in range(3):
        source.sends(json.dumps({"summary": f"small {number}", "dedup_key": uuid.uuid4().hex}).encode())
    assert [source.absorbed().events for _ in range(4)] == [2, 2, 4, 0]
    assert Alert.objects.get(dedup_key="x").summary == "4"

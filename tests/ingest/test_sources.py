"""Every webhook from end to end: taken, on disk, absorbed; and what is not signed as it should be is kept out."""

import asyncio
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tests.conftest import NOON
from tests.ingest.calling import call
from tests.ingest.test_app import KEYS, World, world
from tocsin.alerts import retention
from tocsin.alerts.absorbing import absorb, expire
from tocsin.alerts.models import Alert, Event, Waiting
from tocsin.changes.models import Change
from tocsin.engine.tick import LISTENERS
from tocsin.ingest.app import Ingest
from tocsin.ingest.stores import store_for
from tocsin.sources.registry import SOURCES

__all__ = ["world"]

pytestmark = pytest.mark.django_db(transaction=True)

# what SNS sends is taken only with Amazon's signature: see test_sns
WEBHOOKS = [source for source in SOURCES.values() if source.check is not None and source.kind != "sns"]
# the header, and what stands before the HMAC in it
SIGNED = {
    "grafana": (b"x-grafana-alerting-signature", b""),
    "sentry": (b"sentry-hook-signature", b""),
    "github": (b"x-hub-signature-256", b"sha256="),
}
WITH_TOKEN = {"gitlab": b"x-gitlab-token"}
SECRET = "the tool's own secret"
JSON = [(b"content-type", b"application/json; charset=utf-8")]
PUSH = f"/in/alertmanager/{KEYS['alertmanager']}/api/v2/alerts"
ALERT = {"labels": {"alertname": "Down", "severity": "critical"}, "endsAt": "2026-03-04T12:04:00.000Z"}


def path(kind: str) -> str:
    return SOURCES[kind].path.format(key=KEYS[kind])


def follow(*_: Any) -> None:
    """Nobody is paged here."""


def push(world: World, *alerts: object, **more: Any) -> Any:
    return world.post(PUSH, json.dumps(alerts).encode(), **{"headers": JSON, **more})


@pytest.mark.parametrize("source", [s for s in WEBHOOKS if s.tells == "alert"], ids=lambda source: source.kind)
def test_a_webhook_becomes_an_alert(world: World, source: Any) -> None:
    assert world.post(path(source.kind), source.sample).status == 202
    assert absorb(NOON, follow).quarantined == 0
    alert = Alert.objects.get()
    assert (alert.group.service, alert.state) == (world.integrations[source.kind].service, "triggered")
    assert alert.summary


@pytest.mark.parametrize("source", [s for s in WEBHOOKS if s.tells == "change"], ids=lambda source: source.kind)
def test_a_webhook_becomes_a_change(world: World, source: Any) -> None:
    assert world.post(path(source.kind), source.sample).status == 202
    assert absorb(NOON, follow, listeners=LISTENERS).quarantined == 0
    change = Change.objects.get()
    assert (change.service, change.integration) == (
        world.integrations[source.kind].service,
        world.integrations[source.kind],
    )
    assert change.receipt == Event.objects.get().receipt
    assert not Alert.objects.exists()


def test_a_change_event_of_pagerduty_comes_by_the_key_of_the_alerts(world: World) -> None:
    said = {"routing_key": KEYS["pagerduty"], "payload": {"summary": "Deploy v9", "custom_details": {"build": 9}}}
    reply = world.post("/v2/change/enqueue", said)
    assert (reply.status, reply.json()) == (202, {"status": "success", "message": "Change event processed"})
    event = Event.objects.get()
    assert KEYS["pagerduty"].encode() not in bytes(event.body)
    assert absorb(NOON, follow, listeners=LISTENERS).quarantined == 0
    assert (Change.objects.get().summary, Change.objects.get().details) == ("Deploy v9", {"build": 9})
    assert event.outcomes.get().reason == "recorded as a change"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"payload": None}, "'payload' is missing or blank"),
        ({"payload": {"source": "ci"}}, "'payload.summary' is missing or blank"),
        ({"routing_key": ""}, "'routing_key' is missing or blank"),
        ({"routing_key": "short"}, "Length of 'routing_key' is incorrect (should be 32 characters)"),
        ({"routing_key": "f" * 32}, "'routing_key' is invalid: no integration that is switched on has it"),
    ],
    ids=range(5),
)
def test_a_change_event_that_is_wrong_is_refused_as_pagerduty_does(world: World, wrong: Any, says: str) -> None:
    said = {"routing_key": KEYS["pagerduty"], "payload": {"summary": "Deploy v9"}, **wrong}
    reply = world.post("/v2/change/enqueue", said)
    assert (reply.status, reply.json()["errors"]) == (400, [says])  # type: ignore[index]
    assert not Event.objects.exists()


def test_nobody_can_send_the_mark_of_a_change_event_as_an_action(world: World) -> None:
    said = {"routing_key": KEYS["pagerduty"], "event_action": "change", "payload": {"summary": "x"}}
    assert world.post("/v2/enqueue", said).status == 400


def test_the_headers_that_say_what_a_message_is_are_kept_with_it(world: World) -> None:
    headers = [(b"x-github-event", b"ping"), (b"x-github-delivery", b"0b989ba4-242f-11e5-81e1-c7b6966d2516")]
    assert world.post(path("github"), b'{"zen": "Speak."}\n', headers=headers).status == 202
    kept = json.loads(bytes(Event.objects.get().body))
    assert kept["tocsin_headers"] == {name.decode(): value.decode() for name, value in headers}
    assert absorb(NOON, follow, listeners=LISTENERS).events == 1
    assert Event.objects.get().outcomes.get().reason == "no alerts inside"
    assert not Change.objects.exists()


def test_what_github_delivers_again_is_one_change(world: World) -> None:
    headers = [(b"x-github-event", b"push"), (b"x-github-delivery", b"d1")]
    repository = {"full_name": "example/shop", "default_branch": "main"}
    for after in ("a" * 40, "b" * 40, "a" * 40):  # the third: another body under a name that was heard
        said = {"ref": "refs/heads/main", "after": after, "repository": repository}
        assert world.post(path("github"), said, headers=headers).status == 202
    absorb(NOON, follow, listeners=LISTENERS)
    assert Change.objects.get().key == f"push-{'a' * 40}"
    copy = [headers[0], (b"x-github-delivery", b"d2")]  # the name is not signed: somebody could make up another
    world.post(path("github"), {"ref": "refs/heads/main", "after": "a" * 40, "repository": repository}, headers=copy)
    absorb(NOON, follow, listeners=LISTENERS)
    assert Change.objects.count() == 1


def test_what_gitlab_delivers_again_is_one_change(world: World) -> None:
    """It signs nothing, so a copy is taken; by its name, or by what it is about, it is not another change."""
    integration = world.integrations["gitlab"]
    integration.secret = SECRET
    integration.save()
    token, once = (WITH_TOKEN["gitlab"], SECRET.encode()), (b"idempotency-key", b"d1")
    running, success = ({**json.loads(SOURCES["gitlab"].sample), "status": s} for s in ("running", "success"))
    stranger = [(WITH_TOKEN["gitlab"], b"wrong"), once]
    assert world.post(path("gitlab"), running, headers=stranger).status == 401  # nor is its name used up
    for said in (running, success):  # the second: another body under a name that was heard
        assert world.post(path("gitlab"), said, headers=[token, once]).status == 202
    absorb(NOON, follow, listeners=LISTENERS)
    assert Change.objects.get().status == "running"
    for said in (success, success):  # older releases give no name
        assert world.post(path("gitlab"), said, headers=[token]).status == 202
    absorb(NOON, follow, listeners=LISTENERS)
    assert Change.objects.get().status == "success"


def test_every_source_that_signs_is_tested_here() -> None:
    signing = {source.kind for source in SOURCES.values() if source.is_signed}
    assert signing == SIGNED.keys() | WITH_TOKEN.keys()


@pytest.mark.parametrize("kind", WITH_TOKEN)
def test_with_a_secret_only_what_comes_with_it_is_stored(world: World, kind: str) -> None:
    integration, body = world.integrations[kind], SOURCES[kind].sample
    integration.secret = SECRET
    integration.save()
    for headers in ([], [(WITH_TOKEN[kind], b"")], [(WITH_TOKEN[kind], b"wrong")], [(WITH_TOKEN[kind], b"\xff")]):
        assert world.post(path(kind), body, headers=headers).status == 401
    assert not Event.objects.exists()
    assert world.post(path(kind), body, headers=[(WITH_TOKEN[kind], SECRET.encode())]).status == 202


@pytest.mark.parametrize("kind", SIGNED)
def test_with_a_secret_only_what_is_signed_is_stored(world: World, kind: str) -> None:
    integration, body, (name, before) = world.integrations[kind], SOURCES[kind].sample, SIGNED[kind]
    integration.secret = SECRET
    integration.save()
    right = before + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode()
    for headers in ([], [(name, before + b"0" * 64)], [(name, b"\xff")], [(name, before)]):
        reply = world.post(path(kind), body, headers=headers)
        assert (reply.status, reply.json()["title"]) == (401, "Wrong signature")  # type: ignore[index]
    assert world.post(path(kind), body + b" ", headers=[(name, right)]).status == 401
    assert not Event.objects.exists()
    assert world.post(path(kind), body, headers=[(name, right)]).status == 202
    assert bytes(Event.objects.get().body) == body


@pytest.mark.parametrize("kind", SIGNED)
def test_a_copy_of_a_signed_message_is_refused(world: World, kind: str) -> None:
    """Sentry signs no time, and Grafana only when it is told to: copies are known by what was signed."""
    integration, body = world.integrations[kind], SOURCES[kind].sample
    integration.secret = SECRET
    integration.save()
    right = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode()
    name, before = SIGNED[kind]
    first = world.post(path(kind), body, headers=[(name, before + right)])
    assert first.status == 202
    for written in (right, right.upper(), right + b" "):  # the same signature, however it is written
        reply = world.post(path(kind), body, headers=[(name, before + written)])
        assert (reply.status, reply.json()["title"]) == (409, "Taken before")  # type: ignore[index]
    assert str(Event.objects.get().receipt) == first.headers["tocsin-receipt"]
    Waiting.objects.all().delete()
    retention.forget(NOON + timedelta(days=60), NOON)
    assert not Event.objects.exists()  # its retention is over, and still
    assert world.post(path(kind), body, headers=[(name, before + right)]).status == 409


def test_copies_that_come_at_once_are_stored_once(world: World) -> None:
    integration, body = world.integrations["sentry"], SOURCES["sentry"].sample
    integration.secret = SECRET
    integration.save()
    signed = [(SIGNED["sentry"][0], hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode())]

    async def together(ingest: Ingest) -> list[int]:
        replies = [call(ingest, path("sentry"), body, headers=signed) for _ in range(5)]
        return [reply.status for reply in await asyncio.gather(*replies)]

    statuses = world.run(together)
    assert min(statuses) == 202
    assert set(statuses) <= {202, 409, 503}
    assert Event.objects.count() == statuses.count(202) == 1


def test_of_grafana_a_time_that_is_signed_makes_every_message_another_one(world: World) -> None:
    integration, body = world.integrations["grafana"], SOURCES["grafana"].sample
    integration.secret = SECRET
    integration.save()

    def send(seconds: int) -> int:
        time = str(int(NOON.timestamp()) - seconds)
        mac = hmac.new(SECRET.encode(), f"{time}:".encode() + body, hashlib.sha256).hexdigest()
        headers = [(SIGNED["grafana"][0], mac.encode()), (b"x-grafana-alerting-timestamp", time.encode())]
        return int(world.post(path("grafana"), body, headers=headers).status)

    assert [send(20), send(10), send(10), send(301)] == [202, 202, 409, 401]  # again, a copy, too old


def test_without_a_time_grafana_may_repeat_itself_after_ten_minutes(world: World) -> None:
    """Its reminders are the same to the byte; for longer, a copy cannot be told from one."""
    integration, body = world.integrations["grafana"], SOURCES["grafana"].sample
    integration.secret = SECRET
    integration.save()
    headers = [(SIGNED["grafana"][0], hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode())]

    def send(minutes: int) -> int:
        async def work() -> int:
            ingest = Ingest(store_for(connection), now=lambda: NOON + timedelta(minutes=minutes))
            await ingest.open()
            reply = await call(ingest, path("grafana"), body, headers=headers)
            await ingest.close()
            return reply.status

        return asyncio.run(work())

    assert [send(0), send(5), send(10)] == [202, 409, 202]


def test_what_is_not_signed_may_be_repeated(world: World) -> None:
    for _ in range(2):
        assert world.post(path("sentry"), SOURCES["sentry"].sample).status == 202
    assert Event.objects.count() == 2


def test_a_secret_that_cannot_be_opened_is_no_reason_to_lose_or_to_trust(world: World, settings: Any) -> None:
    integration = world.integrations["sentry"]
    integration.secret = SECRET
    integration.save()
    settings.SECRET_KEY = "another"
    assert world.post(path("sentry"), SOURCES["sentry"].sample).status == 503
    assert not Event.objects.exists()


def test_prometheus_sends_as_to_an_alertmanager_and_an_alert_that_it_forgets_ends(world: World) -> None:
    reply = push(world, ALERT)
    assert (reply.status, reply.body) == (200, b"")
    assert str(Event.objects.get().receipt) == reply.headers["tocsin-receipt"]
    absorb(NOON, follow)
    push(world, {**ALERT, "endsAt": "2026-03-04T12:05:00.000Z"})  # as it does every minute
    absorb(NOON, follow)
    assert expire(NOON + timedelta(minutes=4, seconds=30), follow) == 0
    assert expire(NOON + timedelta(minutes=5), follow) == 1
    assert Alert.objects.get().state == "resolved"


def test_of_a_mixed_batch_the_good_are_stored_and_the_answer_says_what_was_wrong(world: World) -> None:
    reply = push(world, ALERT, {"labels": {}})
    assert (reply.status, reply.json()) == (400, "at least one label pair required")
    absorb(NOON, follow)
    assert Alert.objects.get().summary == "Down"


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (b"{", JSON, 400, '"code":400'),
        (b"{}", JSON, 400, "not a list of alerts"),
        (b'[{"labels": {}}]', JSON, 400, '"at least one label pair required"'),
        (b"[]", [(b"content-type", b"text/plain")], 415, "unsupported media type"),
        (b"[]", [], 415, "unsupported media type"),
    ],
    ids=range(5),
)
def test_what_prometheus_would_not_send_is_refused(
    world: World, body: bytes, headers: Any, status: int, says: str
) -> None:
    reply = world.post(PUSH, body, headers=headers)
    assert reply.status == status
    assert says in reply.body.decode()
    assert not Event.objects.exists()


def test_prometheus_may_send_its_key_as_a_bearer_token(world: World) -> None:
    bearer = [(b"authorization", b"Bearer " + KEYS["alertmanager"].encode()), *JSON]
    assert world.post("/in/alertmanager/api/v2/alerts", [ALERT], headers=bearer).status == 200
    assert world.post("/in/alertmanager/api/v2/alerts", [ALERT], headers=JSON).status == 401
    assert world.post(PUSH.replace("alertmanager", "generic"), [ALERT], headers=JSON).status == 404

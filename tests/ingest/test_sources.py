"""Every webhook from end to end: taken, on disk, absorbed; and what is not signed as it should be is kept out."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import NOON
from tests.ingest.test_app import KEYS, World, world
from tocsin.alerts.absorbing import absorb, expire
from tocsin.alerts.models import Alert, Event
from tocsin.sources.registry import SOURCES

__all__ = ["world"]

pytestmark = pytest.mark.django_db(transaction=True)

WEBHOOKS = [source for source in SOURCES.values() if source.check is not None]
SIGNED = {"grafana": b"x-grafana-alerting-signature", "sentry": b"sentry-hook-signature"}
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


@pytest.mark.parametrize("source", WEBHOOKS, ids=lambda source: source.kind)
def test_a_webhook_becomes_an_alert(world: World, source: Any) -> None:
    assert world.post(path(source.kind), source.sample).status == 202
    assert absorb(NOON, follow).quarantined == 0
    alert = Alert.objects.get()
    assert (alert.group.service, alert.state) == (world.integrations[source.kind].service, "triggered")
    assert alert.summary


def test_every_source_that_signs_is_tested_here() -> None:
    assert {source.kind for source in SOURCES.values() if source.is_signed} == SIGNED.keys()


@pytest.mark.parametrize("kind", SIGNED)
def test_with_a_secret_only_what_is_signed_is_stored(world: World, kind: str) -> None:
    integration, body = world.integrations[kind], SOURCES[kind].sample
    integration.secret = SECRET
    integration.save()
    right = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode()
    for headers in ([], [(SIGNED[kind], b"0" * 64)], [(SIGNED[kind], b"\xff")]):
        reply = world.post(path(kind), body, headers=headers)
        assert (reply.status, reply.json()["title"]) == (401, "Wrong signature")  # type: ignore[index]
    assert world.post(path(kind), body + b" ", headers=[(SIGNED[kind], right)]).status == 401
    assert not Event.objects.exists()
    assert world.post(path(kind), body, headers=[(SIGNED[kind], right)]).status == 202
    assert bytes(Event.objects.get().body) == body


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

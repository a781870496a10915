"""Every webhook from end to end: taken, on disk, absorbed; and what is not signed as it should be is kept out."""

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.conftest import NOON
from tests.ingest.calling import Reply, call
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
SECRET = "the tool's own secret"
TOKEN = b"x-gitlab-token"
JSON = [(b"content-type", b"application/json; charset=utf-8")]
Headers = list[tuple[bytes, bytes]]


def mac(signed: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()


def of_grafana(body: bytes, time: datetime, secret: str) -> Headers:
    said = str(int(time.timestamp())).encode()
    signature = mac(said + b":" + body, secret)
    return [(b"x-grafana-alerting-timestamp", said), (b"x-grafana-alerting-signature", signature)]


def of_sentry(body: bytes, _: datetime, secret: str) -> Headers:
    return [(b"sentry-hook-signature", mac(body, secret))]


def of_github(body: bytes, _: datetime, secret: str) -> Headers:
    return [(b"x-hub-signature-256", b"sha256=" + mac(body, secret))]


def of_gitlab(body: bytes, time: datetime, secret: str, name: bytes = b"d1") -> Headers:
    said = str(int(time.timestamp())).encode()
    signed = hmac.new(secret.encode(), name + b"." + said + b"." + body, hashlib.sha256).digest()
    signature = b"v1,b3RoZXI= v1," + base64.b64encode(signed)  # more than one, while a secret is changed
    return [(b"webhook-id", name), (b"webhook-timestamp", said), (b"webhook-signature", signature)]


SIGNED = {"grafana": of_grafana, "sentry": of_sentry, "github": of_github, "gitlab": of_gitlab}
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


def guarded(world: World, kind: str) -> bytes:
    """A message of the tool, whose integration takes only what is signed from now on."""
    world.integrations[kind].secret = SECRET
    world.integrations[kind].save()
    return SOURCES[kind].sample


def send(kind: str, body: bytes, headers: Headers, at: datetime = NOON) -> Reply:
    """To a process that was just started."""

    async def work() -> Reply:
        ingest = Ingest(store_for(connection), now=lambda: at)
        await ingest.open()
        try:
            return await call(ingest, path(kind), body, headers=headers)
        finally:
            await ingest.close()

    return asyncio.run(work())


def test_what_gitlab_delivers_again_is_one_change(world: World) -> None:
    body = guarded(world, "gitlab")
    token, once = (TOKEN, SECRET.encode()), (b"idempotency-key", b"d1")
    running, success = ({**json.loads(body), "status": s} for s in ("running", "success"))
    stranger = [(TOKEN, b"wrong"), once]
    assert world.post(path("gitlab"), running, headers=stranger).status == 401  # nor is its name used up
    assert world.post(path("gitlab"), running, headers=[token, once]).status == 202
    assert world.post(path("gitlab"), success, headers=[token, once]).status == 409  # another body, an old name
    absorb(NOON, follow, listeners=LISTENERS)
    assert Change.objects.get().status == "running"
    for said in (success, success):  # older releases give no name
        assert world.post(path("gitlab"), said, headers=[token]).status == 202
    absorb(NOON, follow, listeners=LISTENERS)
    assert Change.objects.get().status == "success"


def test_every_source_that_signs_is_tested_here() -> None:
    signing = {source.kind for source in SOURCES.values() if source.is_signed}
    assert signing == SIGNED.keys()


def test_of_gitlab_a_token_is_enough_where_it_cannot_sign(world: World) -> None:
    body = guarded(world, "gitlab")
    for headers in ([], [(TOKEN, b"")], [(TOKEN, b"wrong")], [(TOKEN, b"\xff")]):
        assert world.post(path("gitlab"), body, headers=headers).status == 401
    assert not Event.objects.exists()
    assert world.post(path("gitlab"), body, headers=[(TOKEN, SECRET.encode())]).status == 202


def test_of_gitlab_a_secret_that_signs_is_not_taken_for_a_token(world: World) -> None:
    key = "whsec_" + base64.b64encode(b"the key of GitLab").decode()
    world.integrations["gitlab"].secret = key
    world.integrations["gitlab"].save()
    body = SOURCES["gitlab"].sample
    assert world.post(path("gitlab"), body, headers=[(TOKEN, key.encode())]).status == 401
    assert world.post(path("gitlab"), body, headers=of_gitlab(body, NOON, "the key of GitLab")).status == 202


@pytest.mark.parametrize("kind", SIGNED)
def test_with_a_secret_only_what_is_signed_is_stored(world: World, kind: str) -> None:
    body = guarded(world, kind)
    right = SIGNED[kind](body, NOON, SECRET)
    *more, (name, signature) = right
    for wrong in (b"", b"0" * 64, b"\xff", signature[:-1], signature.partition(b"=")[0] + b"=", b"v1,"):
        reply = world.post(path(kind), body, headers=[*more, (name, wrong)])
        assert (reply.status, reply.json()["title"]) == (401, "Wrong signature")  # type: ignore[index]
    for headers in ([], more, SIGNED[kind](body, NOON, "another"), SIGNED[kind](body + b" ", NOON, SECRET)):
        assert world.post(path(kind), body, headers=headers).status == 401
    assert world.post(path(kind), body + b" ", headers=right).status == 401
    assert not Event.objects.exists()
    assert world.post(path(kind), body, headers=right).status == 202
    assert bytes(Event.objects.get().body).startswith(body.rstrip()[:-1])  # with the headers that it keeps


@pytest.mark.parametrize("kind", SIGNED)
def test_a_copy_of_a_signed_message_is_refused_at_once_and_for_ever(world: World, kind: str) -> None:
    body = guarded(world, kind)
    headers = SIGNED[kind](body, NOON, SECRET)
    first = send(kind, body, headers)
    assert first.status == 202
    *more, (name, signature) = headers
    for written in (signature, signature + b" "):  # the same signature, however it is written
        reply = send(kind, body, [*more, (name, written)])
        assert (reply.status, reply.json()["title"]) == (409, "Taken before")  # type: ignore[index]
    assert str(Event.objects.get().receipt) == first.headers["tocsin-receipt"]
    for later in (timedelta(minutes=4), timedelta(minutes=10), timedelta(days=1)):
        assert send(kind, body, headers, NOON + later).status in {401, 409}
    Waiting.objects.all().delete()
    retention.forget(NOON + timedelta(days=60), NOON)
    assert not Event.objects.exists()  # its retention is over, and still
    assert send(kind, body, headers).status == 409
    assert send(kind, body, headers, NOON + timedelta(days=60)).status in {401, 409}


@pytest.mark.parametrize("kind", ["grafana", "gitlab"])
def test_a_reminder_is_no_copy_where_the_time_is_signed(world: World, kind: str) -> None:
    """Grafana's reminders are the same to the byte but for it."""
    body = guarded(world, kind)
    for minutes in (0, 240):
        now = NOON + timedelta(minutes=minutes)
        assert send(kind, body, SIGNED[kind](body, now, SECRET), now).status == 202
    early, late = (SIGNED[kind](body, NOON + timedelta(seconds=s), SECRET) for s in (-301, 301))
    assert [send(kind, body, headers).status for headers in (early, late)] == [401, 401]
    assert Event.objects.count() == 2


def test_of_grafana_a_signature_without_a_time_is_not_enough(world: World) -> None:
    body = guarded(world, "grafana")
    reply = send("grafana", body, [(b"x-grafana-alerting-signature", mac(body, SECRET))])
    assert reply.status == 401
    assert "timestamp header" in str(reply.json())


def test_copies_that_come_at_once_are_stored_once(world: World) -> None:
    body = guarded(world, "sentry")
    signed = of_sentry(body, NOON, SECRET)

    async def together(ingest: Ingest) -> list[int]:
        replies = [call(ingest, path("sentry"), body, headers=signed) for _ in range(5)]
        return [reply.status for reply in await asyncio.gather(*replies)]

    statuses = world.run(together)
    assert min(statuses) == 202
    assert set(statuses) <= {202, 409, 503}
    assert Event.objects.count() == statuses.count(202) == 1


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

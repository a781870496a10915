"""“Send a test alert”, or a test change: a message in the integration's own format, put where real ones are put."""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime

from django.db import transaction

from tocsin.alerts.models import Event
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.signals import Action, Change, Signal
from tocsin.health import wakeups
from tocsin.people.problems import Refused
from tocsin.services.models import Integration
from tocsin.sources.contract import Unreadable
from tocsin.sources.email import stamps
from tocsin.sources.headers import FIELD
from tocsin.sources.registry import SOURCES


def test_alert(actor: Actor, integration: Integration, now: datetime) -> uuid.UUID:
    """The receipt. From here on it is like any other: an alert is paged, and must be acknowledged or resolved."""
    require(actor, Verb.CONFIGURE)
    if not integration.is_enabled:
        raise Refused(f"{integration} is switched off. Switch it on, then send the test.")
    if SOURCES[integration.kind].is_own:
        raise Refused("Nothing is sent here from outside: it is a part of Tocsin's own checks. Try the check itself.")
    receipt = uuid.uuid4()
    body = _body(integration, receipt, now)
    with transaction.atomic():
        Event.objects.create(
            receipt=receipt, integration=integration, kind=integration.kind, body=body, received_at=now
        )
        wakeups.notify()
    return receipt


def _body(integration: Integration, receipt: uuid.UUID, now: datetime) -> bytes:
    """Ours, or, where a mapping reads only what its own tool sends, the last message that came."""
    last = (
        integration.events.filter(kind=integration.kind, waiting=None, quarantine=None)
        .values_list("body", flat=True)
        .first()
    )
    for body in (_BODIES[integration.kind](receipt.hex[:8], now), *([bytes(last)] if last else [])):
        if _is_news(integration, body, now):
            return body
    raise Refused("The mapping of this integration does not read our test message. Send one from the tool itself.")


def _is_news(integration: Integration, body: bytes, now: datetime) -> bool:
    """Whether it opens an alert, or tells of a change where that is what the tool does."""
    source = SOURCES[integration.kind]
    try:
        heard = source.parse(body, integration.mapping, now)
    except Unreadable:
        return False
    if source.tells == "change":
        return any(isinstance(each, Change) for each in heard)
    return any(isinstance(each, Signal) and each.action is Action.TRIGGER for each in heard)


def _pagerduty(mark: str, now: datetime) -> bytes:
    payload = {"summary": _SUMMARY, "source": "Tocsin", "severity": "critical", "timestamp": now.isoformat()}
    event = {"routing_key": "0" * 32, "event_action": "trigger", "dedup_key": f"test-{mark}", "payload": payload}
    return json.dumps(event).encode()


def _alertmanager(mark: str, now: datetime) -> bytes:
    labels = {"alertname": "TocsinTest", "severity": "critical", "instance": "Tocsin", "test": mark}
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": _SUMMARY},
        "startsAt": now.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": f"{mark:0>16}",
    }
    common = {"commonLabels": labels, "commonAnnotations": alert["annotations"], "groupLabels": {}, "externalURL": ""}
    webhook = {"version": "4", "groupKey": f"test-{mark}", "truncatedAlerts": 0, "receiver": "tocsin", **common}
    return json.dumps({**webhook, "status": "firing", "alerts": [alert]}).encode()


def _grafana(mark: str, now: datetime) -> bytes:
    sent = json.loads(_alertmanager(mark, now))
    title = f"[FIRING:1] {_SUMMARY}"
    return json.dumps({**sent, "version": "1", "orgId": 1, "title": title, "state": "alerting"}).encode()


def _datadog(mark: str, _: datetime) -> bytes:
    names = {"alert_cycle_key": f"test-{mark}", "transition": "Triggered", "priority": "P1", "type": "error"}
    return json.dumps({**names, "title": f"[Triggered] {_SUMMARY}", "host": "Tocsin"}).encode()


def _sentry(mark: str, now: datetime) -> bytes:
    event = {"event_id": f"{mark:0>32}", "issue_id": f"test-{mark}", "title": _SUMMARY, "level": "fatal"}
    data = {"event": {**event, "datetime": now.isoformat()}, "triggered_rule": "Test of Tocsin"}
    return json.dumps({"action": "triggered", "data": data}).encode()


def _uptimekuma(mark: str, now: datetime) -> bytes:
    beat = {"monitorID": f"test-{mark}", "status": 0, "time": now.isoformat(), "msg": "test"}
    return json.dumps({"heartbeat": beat, "monitor": None, "msg": _SUMMARY}).encode()


def _betterstack(mark: str, now: datetime) -> bytes:
    attributes = {"cause": _SUMMARY, "started_at": now.isoformat()}
    data = {"id": f"test-{mark}", "type": "incident", "attributes": attributes}
    return json.dumps({"event": "started", "data": data}).encode()


def _github(mark: str, now: datetime) -> bytes:
    deployment = {"id": f"test-{mark}", "ref": "test", "environment": "test", "created_at": now.isoformat()}
    sent = {"deployment": deployment, "repository": {"full_name": "Tocsin"}, "sender": {"login": "Tocsin"}}
    return json.dumps({**sent, FIELD: {"x-github-event": "deployment"}}).encode()


def _gitlab(mark: str, now: datetime) -> bytes:
    sent = {"object_kind": "deployment", "status": "success", "deployment_id": f"test-{mark}", "environment": "test"}
    project = {"path_with_namespace": "Tocsin"}
    return json.dumps({**sent, "status_changed_at": now.isoformat(), "project": project}).encode()


def _opsgenie(mark: str, _: datetime) -> bytes:
    return json.dumps({"message": _SUMMARY, "alias": f"test-{mark}", "priority": "P1", "source": "Tocsin"}).encode()


def _sns(mark: str, now: datetime) -> bytes:
    """As if it had come through the signature's check, which no test of ours can pass."""
    alarm = {"AlarmName": _SUMMARY, "Region": mark, "NewStateValue": "ALARM", "StateChangeTime": now.isoformat()}
    known = {"Type": "Notification", "MessageId": mark, "TopicArn": "", "Message": json.dumps(alarm)}
    signed = {"SignatureVersion": "2", "Signature": "", "SigningCertURL": ""}
    return json.dumps({**known, "Timestamp": now.isoformat(), **signed}).encode()


def _generic(mark: str, _: datetime) -> bytes:
    return json.dumps(
        {"summary": _SUMMARY, "severity": "critical", "source": "Tocsin", "dedup_key": f"test-{mark}"}
    ).encode()


def _email(mark: str, now: datetime) -> bytes:
    head = f"{stamps.TAG}: test-{mark}\r\nFrom: Tocsin <test@localhost>\r\nSubject: {_SUMMARY}\r\nImportance: high\r\n"
    return f"{head}Date: {format_datetime(now)}\r\nMessage-ID: <{mark}@localhost>\r\n\r\n{_SUMMARY}.\r\n".encode()


_SUMMARY = "Test alert from Tocsin: nothing is broken"
_BODIES: Mapping[str, Callable[[str, datetime], bytes]] = {
    "pagerduty": _pagerduty,
    "alertmanager": _alertmanager,
    "grafana": _grafana,
    "datadog": _datadog,
    "sentry": _sentry,
    "uptimekuma": _uptimekuma,
    "betterstack": _betterstack,
    "github": _github,
    "gitlab": _gitlab,
    "opsgenie": _opsgenie,
    "sns": _sns,
    "email": _email,
    "generic": _generic,
}

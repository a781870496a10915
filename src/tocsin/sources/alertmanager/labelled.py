"""An alert that is known by its labels, as Prometheus, Alertmanager and Grafana have it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import texts, times

_SUMMARIES = ("summary", "title", "message", "description")
_LINKS = (
    ("runbook_url", "Runbook"),
    ("runbook", "Runbook"),
    ("dashboard_url", "Dashboard"),
    ("dashboard", "Dashboard"),
    ("logs_url", "Logs"),
    ("chat_url", "Chat"),
)
_LEFT_OUT = timedelta(hours=6)  # longer than a receiver waits before it repeats itself, which is 4 hours
_NOTHING = re.compile(rb'"truncatedAlerts"\s*:\s*(?:0|null)\s*[,}]')


class Alert(msgspec.Struct):
    labels: dict[str, str]
    status: str | None = None
    annotations: dict[str, str] | None = None
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)
    fingerprint: str | None = None
    starts_at: object = msgspec.field(name="startsAt", default=None)
    ends_at: object = msgspec.field(name="endsAt", default=None)


def key_of(alert: Alert) -> str:
    return texts.key(alert.fingerprint or _fingerprint(alert.labels))


def signal_of(alert: Alert, status: str, links: Iterable[tuple[object, object]]) -> Signal:
    """`status` is for an alert that has none of its own."""
    if (alert.status or status) == "resolved":
        return Signal(action=Action.RESOLVE, dedup_key=key_of(alert), said_at=_over(alert))
    return firing(alert, links)


def firing(alert: Alert, links: Iterable[tuple[object, object]], ends_at: datetime | None = None) -> Signal:
    labels, annotations = alert.labels, alert.annotations or {}
    named = [(annotations.get(name), text) for name, text in _LINKS]
    return Signal(
        action=Action.TRIGGER,
        dedup_key=key_of(alert),
        summary=_summary(labels, annotations),
        severity=texts.severity_of(labels["severity"]) if "severity" in labels else Severity.ERROR,
        source=texts.name(labels.get("instance") or labels.get("host") or labels.get("job") or ""),
        component=texts.name(labels.get("service") or labels.get("component") or labels.get("job") or ""),
        details={"labels": labels, "annotations": annotations},
        links=texts.links([*named, *links]),
        ends_at=ends_at,
        said_at=times.said(alert.starts_at),
    )


def _over(alert: Alert) -> datetime | None:
    """An end before its own beginning tells no order."""
    starts, ends = times.said(alert.starts_at), times.said(alert.ends_at)
    return None if starts and ends and ends < starts else ends


def left_out(said: object, receiver: object, limit: str, received_at: datetime) -> list[Signal]:
    """Alerts that were not sent, for a `limit` of the sender: nobody is paged for them, so this is an alert itself."""
    if not isinstance(said, int) or said <= 0:
        return []
    where = texts.name(receiver) if isinstance(receiver, str) else ""
    words = "1 alert was" if said == 1 else f"{said} alerts were"
    signal = Signal(
        action=Action.TRIGGER,
        dedup_key=texts.key(f"left out {where}"),
        summary=texts.summary(f"{words} left out by {limit} of the receiver “{where}”: what they say is unknown here"),
        severity=Severity.WARNING,
        details={"truncatedAlerts": said, "receiver": where},
        ends_at=received_at + _LEFT_OUT,
    )
    return [signal]


def is_whole(body: bytes) -> bool:
    """Whether nothing was left out, as far as can be seen at a glance."""
    return b'"truncatedAlerts"' not in body or _NOTHING.search(body) is not None


def _summary(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    for name in _SUMMARIES:
        if text := texts.summary(annotations.get(name, "")):
            return text
    called = labels.get("alertname") or "Alert without a name"
    where = labels.get("instance") or labels.get("job")
    return texts.summary(f"{called} on {where}" if where else called)


def _fingerprint(labels: Mapping[str, str]) -> str:
    ordered = msgspec.json.encode(sorted(labels.items()))
    return hashlib.sha256(ordered).hexdigest()[:16]

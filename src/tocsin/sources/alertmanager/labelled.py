"""An alert that is known by its labels, as Prometheus, Alertmanager and Grafana have it."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

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

"""Alerts and requests in Opsgenie's words."""

from collections.abc import Mapping
from datetime import datetime

from tocsin.alerts.models import Alert, Event, Outcome
from tocsin.alerts.opsgenie.queries import acknowledged_at
from tocsin.core.lifecycle import AlertState
from tocsin.core.receipts import Reason
from tocsin.core.signals import Severity
from tocsin.sources import opsgenie

Json = dict[str, object]

_PRIORITIES = {Severity.CRITICAL: "P1", Severity.ERROR: "P2", Severity.WARNING: "P3", Severity.INFO: "P5"}
_ACTIONS = {
    "create": "Create",
    "close": "Close",
    "acknowledge": "Acknowledge",
    "unacknowledge": "UnAcknowledge",
    "notes": "AddNote",
    "tags": "AddTags",
    "details": "AddDetails",
    "message": "UpdateMessage",
    "description": "UpdateDescription",
    "priority": "UpdatePriority",
}
_STATUSES: Mapping[str, str] = {
    Reason.OPENED: "Created alert",
    Reason.RECORDED: "Created alert",
    Reason.JOINED: "Created alert",
    Reason.REOPENED: "Created alert",
    Reason.DEDUPLICATED: "Deduplicated alert",
    Reason.RESOLVED: "Closed alert",
    Reason.ACKNOWLEDGED: "Acknowledged alert",
    Reason.UNACKNOWLEDGED: "Unacknowledged alert",
    Reason.NOTED: "Added note",
    Reason.NOTHING_OPEN: "Alert does not exist",
}


def summary(found: Alert) -> Json:
    """As in a list."""
    kept = found.details
    return {
        "id": uid(found),
        "tinyId": str(found.pk),
        "alias": kept.get("alias") or found.dedup_key,
        "message": found.summary,
        "status": "closed" if found.state == AlertState.RESOLVED else "open",
        "acknowledged": found.state == AlertState.ACKNOWLEDGED,
        "isSeen": found.state != AlertState.TRIGGERED,
        "tags": kept.get("tags", []),
        "count": found.event_count,
        "lastOccurredAt": _time(found.last_event_at),
        "createdAt": _time(found.opened_at),
        "updatedAt": _time(max(found.last_event_at, found.resolved_at or found.last_event_at)),
        "source": found.source,
        "owner": found.group.acknowledged_by.email if found.group.acknowledged_by else "",
        "priority": kept.get("priority") or _PRIORITIES[Severity(found.severity)],
        "responders": [],  # who is paged is not the tool's to choose here
        "integration": {"id": str(found.integration_id), "name": found.integration.name, "type": "API"},
        "report": _report(found),
    }


def whole(found: Alert) -> Json:
    kept = found.details
    return {
        **summary(found),
        "actions": kept.get("actions", []),
        "entity": found.component,
        "description": kept.get("description", ""),
        "details": kept.get("details", {}),
    }


def uid(found: Alert) -> str:
    """An alert that came by “Send a test alert” has no id of its own."""
    return str(found.uid or "")


def _report(found: Alert) -> Json:
    """Times in milliseconds from the beginning."""
    acknowledged = acknowledged_at(found)
    said = {"ackTime": acknowledged, "closeTime": found.resolved_at}
    return {name: int((at - found.opened_at).total_seconds() * 1000) for name, at in said.items() if at}


def status(event: Event) -> Json:
    """What became of a request."""
    outcome = next(iter(event.outcomes.all()), None)
    is_success = outcome is not None and outcome.reason != Reason.NOTHING_OPEN
    alert = outcome.alert if outcome else None
    return {
        "success": is_success,
        "isSuccess": is_success,
        "action": _ACTIONS.get(_verb(event), _verb(event)),
        "processedAt": _time(outcome.at if outcome else event.received_at),
        "integrationId": str(event.integration_id),
        "status": _status(event, outcome),
        "alertId": uid(alert) if alert else "",
        "alias": outcome.dedup_key if alert and outcome else "",
    }


def _status(event: Event, outcome: Outcome | None) -> str:
    if event.state == "quarantined":
        return f"Could not be read: {event.error}"
    if outcome is None or not outcome.reason:
        return "Nothing was done"
    return _STATUSES.get(outcome.reason) or Reason(outcome.reason).sentence


def _verb(event: Event) -> str:
    try:
        return opsgenie.read(bytes(event.body)).tocsin.verb
    except opsgenie.Invalid:
        return ""


def _time(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

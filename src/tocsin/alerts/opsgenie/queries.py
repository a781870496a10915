"""What Opsgenie's clients may read: what is their integration's. The key is the permission."""

import re
import uuid
from datetime import datetime

from django.db.models import Q, QuerySet

from tocsin.alerts.models import Alert, Event
from tocsin.alerts.opsgenie.asking import NotUnderstood, condition
from tocsin.core.lifecycle import AlertState
from tocsin.sealing import fingerprint
from tocsin.services.models import Integration
from tocsin.sources import texts

_LARGEST = 2**63
_TINY = re.compile(r"[0-9]{1,19}")  # Python reads no number of thousands of digits
_SORTS = {
    "createdAt": "opened_at",
    "updatedAt": "last_event_at",
    "lastOccurredAt": "last_event_at",
    "tinyId": "pk",
    "alias": "dedup_key",
    "message": "summary",
    "count": "event_count",
    "status": "state",
}


def integration_of(key: str) -> Integration | None:
    enabled = Integration.objects.filter(kind="opsgenie", is_enabled=True, deleted_at=None)
    return enabled.filter(key_hash=fingerprint(key)).select_related("service").first()


def alert(integration: Integration, identifier: str, by: str) -> Alert | None:
    """By alias the newest: of those with one alias, only the newest can be open."""
    named = _named(identifier, by)
    return _alerts(integration).filter(named).order_by("-pk").first() if named else None


def _named(identifier: str, by: str) -> Q | None:
    if by == "alias":
        return Q(dedup_key=texts.key(identifier))
    if by == "tiny":
        return Q(pk=int(identifier)) if _TINY.fullmatch(identifier) and int(identifier) < _LARGEST else None
    try:
        return Q(uid=uuid.UUID(identifier))
    except ValueError:
        return None


def alerts(integration: Integration, query: str, sort: str = "", *, is_ascending: bool = False) -> QuerySet[Alert]:
    """`NotUnderstood`. Newest first, unless told."""
    found = _alerts(integration).filter(condition(query))
    if sort and sort not in _SORTS:
        raise NotUnderstood(f"sort “{sort}”")
    field = _SORTS.get(sort, "opened_at")
    return found.order_by(*(name if is_ascending else f"-{name}" for name in (field, "pk")))


def _alerts(integration: Integration) -> QuerySet[Alert]:
    return Alert.objects.filter(integration=integration).select_related("integration", "group__acknowledged_by")


def request(integration: Integration, receipt: str) -> Event | None:
    """What was asked for, with its outcome; none when it was not by this key, or is not kept any more."""
    try:
        found = uuid.UUID(receipt)
    except ValueError:
        return None
    asked = Event.objects.filter(integration=integration, receipt=found).select_related("waiting", "quarantine")
    return asked.prefetch_related("outcomes__alert").first()


def acknowledged_at(found: Alert) -> datetime | None:
    return found.group.acknowledged_at if found.state == AlertState.ACKNOWLEDGED else None

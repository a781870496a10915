"""Reads what a batch of signals meets, in a fixed number of queries, and writes what became of it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery

from tocsin.alerts import bulk
from tocsin.alerts.ledger import Holding, Key, Ledger
from tocsin.alerts.models import Alert, AlertGroup, Entry, Outcome
from tocsin.services.models import Integration, Service

_Row = TypeVar("_Row", bound=Model)
_ALERT_FIELDS = (
    "state", "severity", "summary", "source", "component", "details", "links", "images", "event_count", "last_event_at",
    "ends_at", "resolved_at",
)  # fmt: skip
_GROUP_FIELDS = (
    "severity", "urgency", "state", "last_event_at", "acknowledged_at", "acknowledged_by", "resolved_at", "alert_count",
    "event_count", "version",
)  # fmt: skip


def load(keys: Collection[Key], integrations: Iterable[Integration]) -> Ledger:
    """Inside a transaction: the groups stay locked until it ends."""
    collecting = {i.service_id for i in integrations if i.service.group_minutes}
    newest = _newest(collecting)
    groups = {*newest.values(), *_with_keys(keys).values_list("group_id", flat=True)}
    holdings = _hold(groups)
    ledger = Ledger(newest={s: holdings[g] for s, g in newest.items() if g in holdings})
    # read again, under the lock: somebody may have resolved them meanwhile
    for alert in _with_keys(keys):
        key = alert.integration_id, alert.dedup_key
        if key in keys and alert.group_id in holdings:
            holding = holdings[alert.group_id]
            ledger.open[key], holding.alerts[key] = holding, alert
    return ledger


def _with_keys(keys: Collection[Key]) -> QuerySet[Alert]:
    """Open alerts with these keys, and a few more: every integration with every key."""
    wanted = Q(integration_id__in={i for i, _ in keys}, dedup_key__in={k for _, k in keys})
    return Alert.objects.filter(wanted, ~Q(state="resolved")).order_by()


def _newest(services: Collection[int]) -> dict[int, int]:
    """The newest group of each service; whether it is still open is seen when it is locked."""
    if not services:
        return {}
    groups = AlertGroup.objects.filter(service=OuterRef("pk")).order_by("-opened_at", "-id")
    found = Service.objects.filter(pk__in=services).annotate(newest=Subquery(groups.values("pk")[:1])).order_by()
    return dict(found.exclude(newest=None).values_list("pk", "newest"))


def _hold(group_ids: Collection[int]) -> dict[int, Holding]:
    """Locks the groups, always in the order of their ids; never FOR UPDATE: inserts that refer to them would wait."""
    if not group_ids:
        return {}
    rows = (
        AlertGroup.objects.filter(~Q(state="resolved"), pk__in=group_ids).order_by("id").select_for_update(no_key=True)
    )
    holdings = {row.pk: Holding(row) for row in rows}
    counts = Alert.objects.filter(group_id__in=holdings).exclude(state="resolved").order_by()
    for group_id, state, count in counts.values_list("group_id", "state").annotate(count=Count("id")):
        holdings[group_id].count(state, count)
    return holdings


def write(ledger: Ledger) -> None:
    """Old rows before new ones: an alert that resolves frees its key for the next."""
    acknowledging = [pk for pk, holding in ledger.touched_groups.items() if holding.acknowledges]
    if acknowledging:
        triggered = Alert.objects.filter(group_id__in=acknowledging, state="triggered")
        triggered.update(state="acknowledged")
    bulk.update(Alert, ledger.touched_alerts.values(), _ALERT_FIELDS)
    bulk.update(AlertGroup, (holding.row for holding in ledger.touched_groups.values()), _GROUP_FIELDS)
    AlertGroup.objects.bulk_create(ledger.new_groups)
    Alert.objects.bulk_create(_pointed(ledger.new_alerts, "group"))
    bulk.insert(Outcome, _pointed(ledger.outcomes, "alert"))
    bulk.insert(Entry, _pointed(ledger.entries, "group"))


def _pointed(rows: Sequence[_Row], name: str) -> Sequence[_Row]:
    """The rows, with the ids of what they point to: it had none yet when they were made."""
    for row in rows:
        pointed = getattr(row, name)
        setattr(row, f"{name}_id", pointed.pk if pointed else None)
    return rows


def expired(now: datetime, limit: int) -> list[Key]:
    """Keys of open alerts whose time has passed, the longest overdue first."""
    late = Alert.objects.filter(ends_at__lte=now, resolved_at=None).exclude(state="resolved").order_by("ends_at", "id")
    return list(late.values_list("integration_id", "dedup_key")[:limit])

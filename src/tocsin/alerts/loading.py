"""Reads what a batch of signals meets, in a fixed number of queries, and writes what became of it."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery

from tocsin.alerts import bulk, locking, stored
from tocsin.alerts.changes import ChangeKind
from tocsin.alerts.claiming import aware
from tocsin.alerts.gate import Gate
from tocsin.alerts.holding import Key
from tocsin.alerts.ledger import Ledger
from tocsin.alerts.models import Alert, AlertGroup, Entry, Outcome
from tocsin.alerts.rows import GROUP_COLUMNS, AlertRow, GroupRow
from tocsin.alerts.rulebook import Rulebook
from tocsin.core.holds import HoldKind
from tocsin.health.prepared import Prepared
from tocsin.services.models import Service

# the condition is in the words of the index one_open_alert_a_key; SQLite keeps the order of a CROSS JOIN
_OPEN = (
    "SELECT alert.id, alert.integration_id, alert.dedup_key, alert.group_id, alert.state, alert.severity, "
    "alert.summary, alert.event_count, alert.opened_at, alert.last_event_at, alert.ends_at, alert.urgency, alert.held, "
    "alert.held_reason, alert.held_by, alert.held_until, alert.review_at FROM {keys} "
    "JOIN alerts_alert alert ON alert.integration_id = {integration} AND alert.dedup_key = {dedup_key} "
    "WHERE NOT (alert.state = 'resolved')"
)
_OPEN_SHARED = _OPEN.format(
    keys="json_to_recordset(%s) AS wanted (i bigint, k text)",
    integration="wanted.i",
    dedup_key="wanted.k",
)
_OPEN_BY_JSON = _OPEN.format(
    keys="json_each(%s) wanted CROSS", integration="wanted.value ->> 0", dedup_key="wanted.value ->> 1"
)
_ALERT_COUNTED = ("state", "event_count", "last_event_at", "resolved_at")
_ALERT_SAID = ("severity", "summary", "ends_at", "source", "component", "details", "links", "images")
_ALERT_JUDGED = ("urgency", "held", "held_reason", "held_by", "held_until", "review_at")
_ALERT_NEW = (
    "id", "integration_id", "dedup_key", "uid", "group_id", "opened_at", *_ALERT_COUNTED, *_ALERT_SAID, *_ALERT_JUDGED,
)  # fmt: skip
_GROUP_FIELDS = (
    "title", "severity", "urgency", "state", "last_event_at", "acknowledged_at", "acknowledged_by_id", "resolved_at",
    "alert_count", "event_count", "version", "held",
)  # fmt: skip
_ENTRY_FIELDS = ("group_id", "at", "kind", "text", "via")
_OUTCOME_FIELDS = ("event_id", "position", "dedup_key", "action", "reason", "why", "alert_id", "at")


def load(keys: Collection[Key], rulebook: Rulebook) -> Ledger:
    """Inside a transaction: the groups stay locked until it ends."""
    collecting = {s.terms.service_id for s in rulebook.integrations.values() if s.terms.window and not s.terms.group_by}
    newest = _newest(collecting)
    holdings = locking.hold({*newest.values(), *(row[3] for row in _open(keys))})
    gate = Gate(rulebook, stored.Store(holdings), flaps=stored.flaps(keys))
    ledger = Ledger(gate, newest={(s, ""): holdings.get(g) for s, g in newest.items()})
    # read again, under the lock: somebody may have resolved them meanwhile
    for row in _open(keys):
        if holding := holdings.get(row[3]):
            alert = _alert(holding.row, *row)
            ledger.open[row[1], row[2]] = holding
            holding.alerts[row[1], row[2]] = alert
    locking.count_open(holdings)
    return ledger


def _open(keys: Collection[Key]) -> list[tuple[Any, ...]]:
    """Open alerts with these keys."""
    if not keys:
        return []
    with connection.cursor() as cursor:
        if bulk.is_shared():
            cursor.execute(_OPEN_SHARED, [bulk.json_text([{"i": i, "k": k} for i, k in keys])])
        else:
            cursor.execute(_OPEN_BY_JSON, [json.dumps(list(keys))])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _alert(
    group: GroupRow, pk: int, integration_id: int, dedup_key: str, _: int, state: str, severity: str, summary: str,
    count: int, opened_at: datetime, last_event_at: datetime, ends_at: datetime | None, urgency: str, held: str,
    held_reason: str, held_by: int, held_until: datetime | None, review_at: datetime | None,
) -> AlertRow:  # fmt: skip
    return AlertRow(
        id=pk,
        integration_id=integration_id,
        dedup_key=dedup_key,
        group=group,
        state=state,
        severity=severity,
        summary=summary,
        event_count=count,
        opened_at=aware(opened_at),
        last_event_at=aware(last_event_at),
        ends_at=ends_at and aware(ends_at),
        urgency=urgency,
        held=held,
        held_reason=held_reason,
        held_by=held_by,
        held_until=held_until and aware(held_until),
        review_at=review_at and aware(review_at),
    )


def _newest(services: Collection[int]) -> dict[int, int]:
    """The newest group of each service; whether it is still open is seen when it is locked."""
    if not services:
        return {}
    groups = AlertGroup.objects.filter(service=OuterRef("pk")).order_by("-opened_at", "-id")
    found = Service.objects.filter(pk__in=services).annotate(newest=Subquery(groups.values("pk")[:1])).order_by()
    return dict(found.exclude(newest=None).values_list("pk", "newest"))


def write(ledger: Ledger, now: datetime) -> None:
    """Old rows before new ones: an alert that resolves frees its key for the next."""
    acknowledging = [pk for pk, holding in ledger.touched_groups.items() if holding.acknowledges]
    if acknowledging:
        triggered = Alert.objects.filter(group_id__in=acknowledging, state="triggered")
        triggered.update(state="acknowledged")
    touched = ledger.touched_alerts.values()
    said = [(*_counted(a), *_said(a), a.id) for a in touched if a.said]
    bulk.update(Alert, (*_ALERT_COUNTED, *_ALERT_SAID), said)
    bulk.update(Alert, _ALERT_COUNTED, [(*_counted(a), a.id) for a in touched if not a.said])
    bulk.update(AlertGroup, _GROUP_FIELDS, map(_group_values, (h.row for h in ledger.touched_groups.values())))
    _insert(ledger, now)
    bulk.update(Alert, _ALERT_JUDGED, [(*_judged(a), a.id) for a in ledger.judged.values()])
    stored.keep(ledger.gate)
    if over := [c.group_id for c in ledger.changes if c.kind is ChangeKind.RESOLVED]:
        stored.let_go(Q(held=HoldKind.STORM, held_by__in=over))


def _insert(ledger: Ledger, now: datetime) -> None:
    _number(ledger.new_groups, bulk.take_ids(AlertGroup, len(ledger.new_groups)))
    _number(ledger.new_alerts, bulk.take_ids(Alert, len(ledger.new_alerts)))
    bulk.insert(AlertGroup, GROUP_COLUMNS, map(_all_group_values, ledger.new_groups))
    bulk.insert(Alert, _ALERT_NEW, map(_new_alert, ledger.new_alerts))
    entries = ((e.group.id, e.at, e.kind, e.text, "engine") for e in ledger.entries)
    bulk.insert(Entry, _ENTRY_FIELDS, entries)
    at = bulk.moment(now)
    outcomes = ((e, p, k, a, r, why, alert and alert.id, at) for e, p, k, a, r, alert, why in ledger.outcomes)
    bulk.insert(Outcome, _OUTCOME_FIELDS, outcomes)


def _number(rows: Iterable[GroupRow | AlertRow], ids: Iterable[int]) -> None:
    for row, pk in zip(rows, ids, strict=True):
        row.id = pk


_group_values = attrgetter(*_GROUP_FIELDS, "id")
_all_group_values = attrgetter(*GROUP_COLUMNS)
_counted = attrgetter(*_ALERT_COUNTED)


def _new_alert(alert: AlertRow) -> bulk.Values:
    begins = alert.id, alert.integration_id, alert.dedup_key, bulk.uuid(alert.uid), alert.group.id, alert.opened_at
    return (*begins, *_counted(alert), *_said(alert), *_judged(alert))


def _judged(alert: AlertRow) -> bulk.Values:
    """In the order of `_ALERT_JUDGED`."""
    held_by = (alert.holder.id or 0) if alert.holder else alert.held_by
    return alert.urgency, alert.held, alert.held_reason, held_by, alert.held_until, alert.review_at


def _said(alert: AlertRow) -> bulk.Values:
    """What the source said last, in the order of `_ALERT_SAID`."""
    signal = alert.said
    assert signal is not None  # noqa: S101 - it was said in this batch
    about = alert.severity, alert.summary, alert.ends_at, signal.source, signal.component
    return (*about, bulk.json_text(signal.details), bulk.json_text(signal.links), bulk.json_text(signal.images))


def expired(now: datetime, limit: int) -> list[Key]:
    """Keys of open alerts whose time has passed, the longest overdue first."""
    return _LATE.rows(now, limit)


def _late(now: datetime, limit: int) -> QuerySet[Alert, Key]:
    late = Alert.objects.filter(ends_at__lte=now, resolved_at=None).exclude(state="resolved").order_by("ends_at", "id")
    return late.values_list("integration_id", "dedup_key")[:limit]


def due(now: datetime, limit: int) -> list[Key]:
    """Keys of open alerts that are to be looked at again, the longest due first."""
    return _DUE.rows(now, limit)


def _to_review(now: datetime, limit: int) -> QuerySet[Alert, Key]:
    found = Alert.objects.filter(review_at__lte=now, resolved_at=None).order_by("review_at", "id")
    return found.values_list("integration_id", "dedup_key")[:limit]


_LATE, _DUE = Prepared(_late), Prepared(_to_review)

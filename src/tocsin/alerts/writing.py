"""Writes what became of a batch: of each row only what has changed."""

from collections.abc import Container, Iterable
from datetime import datetime
from operator import attrgetter

from django.db.models import Q

from tocsin.alerts import saying, stored
from tocsin.alerts.changes import ChangeKind
from tocsin.alerts.holding import Holding, alert_standing, standing
from tocsin.alerts.ledger import Ledger
from tocsin.alerts.models import Alert, AlertGroup, Entry, Outcome
from tocsin.alerts.rows import GROUP_COLUMNS, AlertRow, GroupRow
from tocsin.core.holds import HoldKind
from tocsin.core.lifecycle import AlertState
from tocsin.health import bulk

_COUNTED = ("event_count", "last_event_at")
_ALERT_STANDING = ("state", "severity", "summary", "ends_at", "said_at", "resolved_at", *_COUNTED)
_ALERT_SAID = saying.KEPT
_ALERT_JUDGED = ("urgency", "held", "held_reason", "held_by", "held_until", "review_at")
_ALERT_NEW = (
    "id", "integration_id", "dedup_key", "uid", "group_id", "opened_at", *_ALERT_STANDING, *_ALERT_SAID, *_ALERT_JUDGED,
)  # fmt: skip
_GROUP_FIELDS = (
    "title", "severity", "urgency", "state", "last_event_at", "acknowledged_at", "acknowledged_by_id", "resolved_at",
    "alert_count", "event_count", "version", "held",
)  # fmt: skip
_ENTRY_FIELDS = ("group_id", "at", "kind", "text", "via")
_OUTCOME_FIELDS = ("event_id", "position", "dedup_key", "action", "reason", "why", "alert_id", "at")


def write(ledger: Ledger, now: datetime) -> None:
    """Old rows before new ones: an alert that resolves frees its key for the next."""
    ledger.sum_up()
    moved = {pk: holding.moved for pk, holding in ledger.touched_groups.items() if holding.moved}
    for state in set(moved.values()):
        others = Alert.objects.filter(group_id__in=[pk for pk, to in moved.items() if to is state])
        others.exclude(state__in=(state, AlertState.RESOLVED)).update(state=state)
    _update_alerts(ledger.touched_alerts.values(), moved)
    _update_groups(ledger.touched_groups.values())
    _insert(ledger, now)
    bulk.update(Alert, _ALERT_JUDGED, [(*_judged(a), a.id) for a in ledger.judged.values()])
    stored.keep(ledger.gate)
    if over := [c.group_id for c in ledger.changes if c.kind is ChangeKind.RESOLVED]:
        stored.let_go(Q(held=HoldKind.STORM, held_by__in=over))


def _update_alerts(touched: Iterable[AlertRow], moved: Container[int]) -> None:
    """Most are only counted. What is as it was stays unwritten, and with it all indexes.

    `moved`: groups whose alerts are no more as they were.
    """
    counted, changed, told = [], [], []
    for alert in touched:
        said = _said(alert)
        if said and said[-1] != alert.digest:
            told.append((*_standing_of(alert), *said, alert.id))
        elif alert_standing(alert) != alert.before or alert.group.id in moved:
            changed.append((*_standing_of(alert), alert.id))
        else:
            counted.append((alert.event_count, alert.last_event_at, alert.id))
    bulk.update(Alert, (*_ALERT_STANDING, *_ALERT_SAID), told)
    bulk.update(Alert, _ALERT_STANDING, changed)
    bulk.update(Alert, _COUNTED, counted)


def _update_groups(touched: Iterable[Holding]) -> None:
    counted, changed = [], []
    for holding in touched:
        row = holding.row
        if standing(row) == holding.before:
            counted.append((row.event_count, row.last_event_at, row.id))
        else:
            changed.append(_group_values(row))
    bulk.update(AlertGroup, _GROUP_FIELDS, changed)
    bulk.update(AlertGroup, _COUNTED, counted)


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
_standing_of = attrgetter(*_ALERT_STANDING)


def _new_alert(alert: AlertRow) -> bulk.Values:
    begins = alert.id, alert.integration_id, alert.dedup_key, bulk.uuid(alert.uid), alert.group.id, alert.opened_at
    return (*begins, *_standing_of(alert), *_said(alert), *_judged(alert))


def _judged(alert: AlertRow) -> bulk.Values:
    """In the order of `_ALERT_JUDGED`."""
    held_by = (alert.holder.id or 0) if alert.holder else alert.held_by
    return alert.urgency, alert.held, alert.held_reason, held_by, alert.held_until, alert.review_at


def _said(alert: AlertRow) -> bulk.Values:
    """What the source said last; nothing when it has said nothing in this batch."""
    return saying.kept(alert.said) if alert.said else ()

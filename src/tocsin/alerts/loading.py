"""Reads what a batch of signals meets, in a fixed number of queries, and writes what became of it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter

import msgspec
from django.db import connection
from django.db.models import Count, OuterRef, Q, Subquery
from psycopg.pq import Format

from tocsin.alerts import bulk
from tocsin.alerts.ledger import Holding, Key, Ledger
from tocsin.alerts.models import Alert, AlertGroup, Entry, Event, Outcome
from tocsin.alerts.rows import GROUP_COLUMNS, AlertRow, EventRow, GroupRow
from tocsin.alerts.rulebook import Rulebook
from tocsin.services.models import Service

_encoder = msgspec.json.Encoder()

_LOCK = 0x70C51A  # PostgreSQL's advisory locks are known by number
_NEW = "SELECT id, integration_id, kind, body, received_at FROM alerts_event WHERE state = 'new' ORDER BY id LIMIT %s"
_ABSORBED = "UPDATE alerts_event SET state = 'absorbed', absorbed_at = %s WHERE id {among}"
_AMONG_ARRAY = "= ANY(%s)"
_AMONG_JSON = "IN (SELECT value FROM json_each(%s))"
# the condition is in the words of the index one_open_alert_a_key; SQLite keeps the order of a CROSS JOIN
_OPEN = (
    "SELECT alert.id, alert.integration_id, alert.dedup_key, alert.group_id, alert.state, alert.severity, "
    "alert.summary, alert.event_count, alert.opened_at, alert.last_event_at, alert.ends_at FROM {keys} "
    "JOIN alerts_alert alert ON alert.integration_id = {integration} AND alert.dedup_key = {dedup_key} "
    "WHERE NOT (alert.state = 'resolved')"
)
_OPEN_BY_ARRAYS = _OPEN.format(
    keys="unnest(%s::bigint[], %s::text[]) AS wanted (integration_id, dedup_key)",
    integration="wanted.integration_id",
    dedup_key="wanted.dedup_key",
)
_OPEN_BY_JSON = _OPEN.format(
    keys="json_each(%s) wanted CROSS", integration="wanted.value ->> 0", dedup_key="wanted.value ->> 1"
)
_ALERT_COUNTED = ("state", "event_count", "last_event_at", "resolved_at")
_ALERT_SAID = ("severity", "summary", "ends_at", "source", "component", "details", "links", "images")
_ALERT_NEW = ("id", "integration_id", "dedup_key", "group_id", "opened_at", *_ALERT_COUNTED, *_ALERT_SAID)
_GROUP_FIELDS = (
    "severity", "urgency", "state", "last_event_at", "acknowledged_at", "acknowledged_by_id", "resolved_at",
    "alert_count", "event_count", "version",
)  # fmt: skip
_ENTRY_FIELDS = ("group_id", "at", "kind", "text", "via")
_OUTCOME_FIELDS = ("event_id", "position", "dedup_key", "action", "reason", "alert_id")


def claim(limit: int) -> list[EventRow]:
    """The oldest new events. Whether nobody else takes them is decided later, by `is_mine`."""
    with connection.cursor() as cursor:
        if bulk.is_shared():
            cursor.cursor.format = Format.BINARY  # a body as text is twice as long, and slow to read
        cursor.execute(_NEW, [limit])
        return [EventRow(pk, i, kind, bytes(body), _aware(at)) for pk, i, kind, body, at in cursor.fetchall()]


def is_alone() -> bool:
    """Whether this is the one node that absorbs, until the transaction ends. SQLite has one node."""
    if not bulk.is_shared():
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def is_mine(claimed: Sequence[EventRow]) -> bool:
    """Whether nobody absorbed any of these since they were claimed; asked by who is alone.

    Everybody takes the oldest first: who took one of them took the first of them too.
    """
    return Event.objects.filter(pk=claimed[0].id, state="new").exists()


def absorbed(event_ids: Sequence[int], now: datetime) -> None:
    """By their ids and not by a range: others that lie between may have been committed since."""
    among, ids = (_AMONG_ARRAY, event_ids) if bulk.is_shared() else (_AMONG_JSON, json.dumps(event_ids))
    with connection.cursor() as cursor:
        cursor.execute(_ABSORBED.format(among=among), [connection.ops.adapt_datetimefield_value(now), ids])


def load(keys: Collection[Key], rulebook: Rulebook) -> Ledger:
    """Inside a transaction: the groups stay locked until it ends."""
    collecting = {i.origin.service_id for i in rulebook.integrations.values() if i.origin.window}
    newest = _newest(collecting)
    holdings = _hold({*newest.values(), *(row[3] for row in _open(keys))})
    ledger = Ledger(rulebook, newest={s: holdings[g] for s, g in newest.items() if g in holdings})
    # read again, under the lock: somebody may have resolved them meanwhile
    for row in _open(keys):
        if holding := holdings.get(row[3]):
            alert = _alert(holding.row, *row)
            ledger.open[row[1], row[2]] = holding
            holding.alerts[row[1], row[2]] = alert
    _count_open(holdings)
    return ledger


def _open(keys: Collection[Key]) -> list[tuple[object, ...]]:
    """Open alerts with these keys."""
    if not keys:
        return []
    with connection.cursor() as cursor:
        if bulk.is_shared():
            cursor.execute(_OPEN_BY_ARRAYS, [[i for i, _ in keys], [k for _, k in keys]])
        else:
            cursor.execute(_OPEN_BY_JSON, [json.dumps(list(keys))])
        return cursor.fetchall()


def _alert(
    group: GroupRow, pk: int, integration_id: int, dedup_key: str, _: int, state: str, severity: str, summary: str,
    count: int, opened_at: datetime, last_event_at: datetime, ends_at: datetime | None,
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
        opened_at=_aware(opened_at),
        last_event_at=_aware(last_event_at),
        ends_at=ends_at and _aware(ends_at),
    )


def _aware(moment: datetime) -> datetime:
    """SQLite keeps moments in UTC and without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


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
    rows = AlertGroup.objects.filter(~Q(state="resolved"), pk__in=group_ids).order_by("id")
    held = rows.select_for_update(no_key=True).values_list(*GROUP_COLUMNS)
    return {row[0]: Holding(GroupRow(**dict(zip(GROUP_COLUMNS, row, strict=True)))) for row in held}


def _count_open(holdings: Mapping[int, Holding]) -> None:
    """How many alerts of each group are in which state. A group that never had a second alert needs no counting."""
    many = []
    for pk, holding in holdings.items():
        if holding.row.alert_count == 1:
            holding.count(holding.row.state, 1)
        else:
            many.append(pk)
    if not many:
        return
    counts = Alert.objects.filter(group_id__in=many).exclude(state="resolved").order_by()
    for group_id, state, count in counts.values_list("group_id", "state").annotate(count=Count("id")):
        holdings[group_id].count(state, count)


def write(ledger: Ledger) -> None:
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
    _insert(ledger)


def _insert(ledger: Ledger) -> None:
    _number(ledger.new_groups, bulk.take_ids(AlertGroup, len(ledger.new_groups)))
    _number(ledger.new_alerts, bulk.take_ids(Alert, len(ledger.new_alerts)))
    bulk.insert(AlertGroup, GROUP_COLUMNS, map(_all_group_values, ledger.new_groups))
    bulk.insert(Alert, _ALERT_NEW, map(_new_alert, ledger.new_alerts))
    entries = ((e.group.id, e.at, e.kind, e.text, "engine") for e in ledger.entries)
    bulk.insert(Entry, _ENTRY_FIELDS, entries)
    bulk.insert(Outcome, _OUTCOME_FIELDS, ((*o[:5], o.alert and o.alert.id) for o in ledger.outcomes))


def _number(rows: Iterable[GroupRow | AlertRow], ids: Iterable[int]) -> None:
    for row, pk in zip(rows, ids, strict=True):
        row.id = pk


_group_values = attrgetter(*_GROUP_FIELDS, "id")
_all_group_values = attrgetter(*GROUP_COLUMNS)
_counted = attrgetter(*_ALERT_COUNTED)


def _new_alert(alert: AlertRow) -> bulk.Values:
    begins = alert.id, alert.integration_id, alert.dedup_key, alert.group.id, alert.opened_at
    return (*begins, *_counted(alert), *_said(alert))


def _said(alert: AlertRow) -> bulk.Values:
    """What the source said last, in the order of `_ALERT_SAID`."""
    signal = alert.said
    assert signal is not None  # noqa: S101 - it was said in this batch
    about = alert.severity, alert.summary, alert.ends_at, signal.source, signal.component
    return (*about, _json(signal.details), _json(signal.links), _json(signal.images))


def _json(value: object) -> str:
    return _encoder.encode(value).decode()


def expired(now: datetime, limit: int) -> list[Key]:
    """Keys of open alerts whose time has passed, the longest overdue first."""
    late = Alert.objects.filter(ends_at__lte=now, resolved_at=None).exclude(state="resolved").order_by("ends_at", "id")
    return list(late.values_list("integration_id", "dedup_key")[:limit])

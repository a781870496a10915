"""Forgets events that were absorbed long ago, and what became of them. What waits or is in quarantine stays.

On PostgreSQL whole weeks are dropped (`partitions`); one by one go those of weeks in which something is kept, and
those that belong to no week. On SQLite all go one by one, oldest first by their ids, which follow time there: no index
on time is needed, and no lock is long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction

from tocsin.alerts import partitions
from tocsin.alerts.models import Event
from tocsin.health import bulk

BITE = 2000  # rows in one transaction
BITES = 100  # in one pass
_OLDEST = (
    "SELECT event.id, event.received_at, waiting.event_id IS NULL AND quarantine.event_id IS NULL "
    "FROM {table} event LEFT JOIN alerts_waiting waiting ON waiting.event_id = event.id "
    "LEFT JOIN alerts_quarantine quarantine ON quarantine.event_id = event.id "
    "WHERE event.id > %s ORDER BY event.id LIMIT %s"
)
_DELETE = "DELETE FROM {table} WHERE {column} IN ({ids})"
_STRAY_OUTCOMES = (
    "DELETE FROM alerts_outcome_default WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM alerts_outcome_default WHERE at < %s LIMIT %s))"
)

_SIZE_SQLITE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
_SIZE = (
    "SELECT sum(pg_total_relation_size(relid)) FROM "
    "(SELECT relid FROM pg_partition_tree('alerts_event') UNION ALL "
    "SELECT relid FROM pg_partition_tree('alerts_outcome')) parts"
)


@dataclass(frozen=True, kw_only=True)
class Footprint:
    size: int  # bytes
    is_whole: bool  # of the whole database, where nothing smaller can be told quickly
    oldest: datetime | None  # event


def footprint() -> Footprint:
    oldest = Event.objects.order_by("pk").values_list("received_at", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(_SIZE if bulk.is_shared() else _SIZE_SQLITE)
        size = int(cursor.fetchone()[0])
    return Footprint(size=size, is_whole=not bulk.is_shared(), oldest=oldest)


def forget(before: datetime, now: datetime) -> int:
    """Events received before a moment; how many were deleted one by one. Weeks are made and dropped by the way."""
    if not bulk.is_shared():
        return _nibble("alerts_event", before)
    partitions.make_ahead(now, before)
    left = [
        week.name for week in partitions.weeks("alerts_event") if week.until <= before and not partitions.drop(week)
    ]
    for week in partitions.weeks("alerts_outcome"):
        if week.until <= before:
            partitions.drop(week)
    _nibble_outcomes(before)
    return sum(_nibble(table, before) for table in [*left, "alerts_event_default"])


def _nibble(table: str, before: datetime) -> int:
    done = last = 0
    for _ in range(BITES):
        last, count, is_over = _bite(table, before, last)
        done += count
        if is_over:
            break
    return done


def _bite(table: str, before: datetime, after: int) -> tuple[int, int, bool]:
    """The last id it looked at, how many were deleted, and whether what comes next is too young."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OLDEST.format(table=table), [after, BITE])
        rows = cursor.fetchall()
        ids = [pk for pk, at, is_done in rows if is_done and _aware(at) < before]
        _delete("alerts_outcome", "event_id", ids)
        _delete(table, "id", ids)
    is_over = len(rows) < BITE or _aware(rows[-1][1]) >= before
    return rows[-1][0] if rows else after, len(ids), is_over


def _aware(moment: datetime) -> datetime:
    """SQLite keeps moments in UTC and without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _delete(table: str, column: str, ids: Sequence[int]) -> None:
    if ids:
        with connection.cursor() as cursor:  # numbers of ours: no placeholder, of which SQLite takes so many only
            cursor.execute(_DELETE.format(table=table, column=column, ids=",".join(map(str, ids))))


def _nibble_outcomes(before: datetime) -> None:
    """Of events of no week."""
    for _ in range(BITES):
        with connection.cursor() as cursor:
            cursor.execute(_STRAY_OUTCOMES, [before, BITE])
            if cursor.rowcount < BITE:
                return

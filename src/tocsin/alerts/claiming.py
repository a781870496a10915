"""Takes events from the queue into which the database put them when they were written.

The queue says what is to be absorbed, and nothing else does: two writers on PostgreSQL may commit in another order than
they took their ids in, so no id tells that everything before it was seen.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tocsin.alerts import bulk
from tocsin.alerts.rows import EventRow

_LOCK = 0x70C51A  # PostgreSQL's advisory locks are known by number
# SQLite keeps the order of a CROSS JOIN
_OLDEST_SQLITE = (
    "SELECT event.id, event.integration_id, event.kind, event.body, event.received_at FROM "
    "(SELECT event_id FROM alerts_waiting ORDER BY event_id LIMIT %s) oldest "
    "CROSS JOIN alerts_event event ON event.id = oldest.event_id"
)
# in two steps: with the bounds of their times at hand PostgreSQL looks into one partition or two
_OLDEST = "SELECT event_id, received_at FROM alerts_waiting ORDER BY event_id LIMIT %s"
_EVENTS = (
    "SELECT id, integration_id, kind, body, received_at FROM alerts_event "
    "WHERE id = ANY(%s::bigint[]) AND received_at BETWEEN %s AND %s"
)
_TAKE = "DELETE FROM alerts_waiting WHERE event_id = ANY(%s::bigint[])"
_TAKE_SQLITE = "DELETE FROM alerts_waiting WHERE event_id IN (SELECT value FROM json_each(%s))"

_by_id = attrgetter("id")


def claim(limit: int) -> list[EventRow]:
    """The oldest that wait. Whether nobody else takes them is decided later, by `take`."""
    rows = _claim_postgresql(limit) if bulk.is_shared() else _claim_sqlite(limit)
    return sorted((EventRow(pk, i, kind, bytes(body), aware(at)) for pk, i, kind, body, at in rows), key=_by_id)


def _claim_sqlite(limit: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_SQLITE, [limit])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _claim_postgresql(limit: int) -> list[tuple[Any, ...]]:
    with _binary_cursor() as cursor:
        cursor.execute(_OLDEST, [limit])
        oldest = cursor.fetchall()
        if not oldest:
            return []
        moments = [at for _, at in oldest]
        cursor.execute(_EVENTS, [bulk.array(pk for pk, _ in oldest), min(moments), max(moments)])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _binary_cursor() -> CursorWrapper:
    """Gets bodies as they are. Django's own cursor for PostgreSQL gets them as text: twice as long, slow to read."""
    connection.ensure_connection()
    cursor: Any = psycopg.Cursor(connection.connection)
    cursor.format = psycopg.pq.Format.BINARY
    return connection.make_cursor(cursor)


def is_alone() -> bool:
    """Whether this is the one node that absorbs, until the transaction ends. SQLite has one node."""
    if not bulk.is_shared():
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def take(claimed: Sequence[EventRow]) -> bool:
    """Out of the queue, all of them or none: False when another node took one of them since."""
    ids = [event.id for event in claimed]
    sql, wanted = (_TAKE, bulk.array(ids)) if bulk.is_shared() else (_TAKE_SQLITE, json.dumps(ids))
    with connection.cursor() as cursor:
        cursor.execute(sql, [wanted])
        is_ours = bool(cursor.rowcount == len(ids))
    if not is_ours:
        transaction.set_rollback(True)
    return is_ours


def aware(moment: datetime) -> datetime:
    """SQLite keeps moments in UTC and without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Takes events from the queue into which the database put them when they were written.

The queue says what is to be absorbed, and nothing else does: two writers on PostgreSQL may commit in another order than
they took their ids in, so no id tells that everything before it was seen.
"""

import json
from collections.abc import Sequence
from operator import attrgetter

from django.db import connection, transaction

from tocsin.alerts import fetching
from tocsin.alerts.fetching import moment
from tocsin.alerts.rows import EventRow
from tocsin.health import bulk

_LOCK = 0x70C51A  # PostgreSQL's advisory locks are known by number
MOST_BYTES = 16 * 1024 * 1024  # of bodies at once, and one more: a storm may come as a few very large messages
# SQLite keeps the order of a CROSS JOIN
_OLDEST_SQLITE = (
    "SELECT event.id, event.integration_id, event.kind, event.body, event.received_at || '+00:00' FROM "
    "(SELECT event_id FROM alerts_waiting ORDER BY event_id LIMIT %s) oldest "
    "CROSS JOIN alerts_event event ON event.id = oldest.event_id"
)
# in two steps: with the bounds of their times at hand PostgreSQL looks into one partition or two
_OLDEST = "SELECT event_id, received_at FROM alerts_waiting ORDER BY event_id LIMIT %s::bigint"
_EVENTS = (
    "SELECT id, integration_id, kind, body, received_at FROM "  # noqa: S608 - a number of ours
    "(SELECT *, sum(octet_length(body)) OVER (ORDER BY id) - octet_length(body) AS before FROM alerts_event "
    "WHERE id = ANY(%b::bigint[]) AND received_at BETWEEN %s AND %s) sized "
    f"WHERE before < {MOST_BYTES}"
)
_RUN = _EVENTS.replace("= ANY(%b::bigint[])", "BETWEEN %s AND %s")
_TAKE_RUN = "DELETE FROM alerts_waiting WHERE event_id BETWEEN %s AND %s"
_TAKE = "DELETE FROM alerts_waiting WHERE event_id = ANY(%s::bigint[])"
_TAKE_SQLITE = "DELETE FROM alerts_waiting WHERE event_id IN (SELECT value FROM json_each(%s))"

_by_id = attrgetter("id")


def claim(limit: int) -> list[EventRow]:
    """The oldest that wait, fewer where they are large. Whether nobody else takes them is decided later, by `take`."""
    found = _claim_postgresql(limit) if bulk.is_shared() else _claim_sqlite(limit)
    return sorted((EventRow(pk, i, kind, bytes(body), moment(at)) for pk, i, kind, body, at in found), key=_by_id)


def _claim_sqlite(limit: int) -> fetching.Found:
    """Row by row, so that those beyond the bound are never read."""
    found, size = [], 0
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_SQLITE, [limit])
        for row in cursor:
            found.append(row)
            size += len(row[3])
            if size >= MOST_BYTES:
                break
    return found


def _claim_postgresql(limit: int) -> fetching.Found:
    oldest = fetching.rows(_OLDEST, [limit])
    if not oldest:
        return []
    ids, moments = zip(*oldest, strict=True)
    between = min(moments), max(moments)
    if _are_in_a_row(ids):
        return fetching.rows(_RUN, [ids[0], ids[-1], *between])
    return fetching.rows(_EVENTS, [list(ids), *between])


def _are_in_a_row(ids: Sequence[int]) -> bool:
    """In their order: whether no other lies between them, so that a range says all of them. Mostly they are."""
    return ids[-1] - ids[0] == len(ids) - 1


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
    with connection.cursor() as cursor:
        if _are_in_a_row(ids):
            cursor.execute(_TAKE_RUN, [ids[0], ids[-1]])
        elif bulk.is_shared():
            cursor.execute(_TAKE, [bulk.array(ids)])
        else:
            cursor.execute(_TAKE_SQLITE, [json.dumps(ids)])
        is_ours = bool(cursor.rowcount == len(ids))
    if not is_ours:
        transaction.set_rollback(True)
    return is_ours

"""Many rows read by one statement, without what Django does to every value on its way.

PostgreSQL sends them in its binary format, which its driver reads many times as fast as texts. SQLite has no moments,
only texts in UTC without a zone; each gets its zone there, so that it is read in one go.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast, overload

from django.db import connection
from django.db.backends.utils import CursorWrapper

from tocsin.health import bulk

Found = list[tuple[Any, ...]]
Moment = datetime | str  # as it is found


def rows(sql: str, parameters: Sequence[Any]) -> Found:
    """On PostgreSQL a list goes where `%b` stands."""
    with _binary_cursor() if bulk.is_shared() else connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: Found = cursor.fetchall()
    return found


def column(name: str, *, is_moment: bool = False) -> str:
    """How SQLite is asked for it."""
    return f"{name} || '+00:00'" if is_moment else name


class Keyed:
    """Rows of a table that are known by an integration and a dedup key."""

    def __init__(
        self, table: str, columns: Sequence[str], moments: Sequence[str] = (), condition: str = "TRUE"
    ) -> None:
        names = ", ".join(columns)
        # OFFSET 0: key by key by the index, and not all rows there are, however few PostgreSQL takes them for
        self._shared = (
            f"SELECT {names} FROM unnest(%b::bigint[], %b::text[]) AS wanted (i, k) CROSS JOIN LATERAL "  # noqa: S608
            f"(SELECT {names} FROM {table} found WHERE found.integration_id = wanted.i AND found.dedup_key = wanted.k "
            f"AND {condition} OFFSET 0) one"
        )
        zoned = ", ".join(column(f"found.{name}", is_moment=name in moments) for name in columns)
        # SQLite keeps the order of a CROSS JOIN
        self._single = (
            f"SELECT {zoned} FROM json_each(%s) wanted CROSS JOIN {table} found "  # noqa: S608
            f"ON found.integration_id = wanted.value ->> 0 AND found.dedup_key = wanted.value ->> 1 WHERE {condition}"
        )

    def rows(self, keys: Collection[tuple[int, str]]) -> Found:
        if not keys:
            return []
        if bulk.is_shared():
            return rows(self._shared, [[i for i, _ in keys], [k for _, k in keys]])
        return rows(self._single, [bulk.json_text(list(keys))])


@overload
def moment(found: Moment) -> datetime: ...
@overload
def moment(found: None) -> None: ...
def moment(found: Moment | None) -> datetime | None:
    return datetime.fromisoformat(found) if isinstance(found, str) else found


def _binary_cursor() -> CursorWrapper:
    """Also gets bodies as they are. Django's own cursor gets them as text: twice as long, slow to read."""
    connection.ensure_connection()
    driver = cast("Any", connection).Database  # psycopg, which is not loaded where it is not needed
    cursor = driver.Cursor(connection.connection)
    cursor.format = driver.pq.Format.BINARY
    return connection.make_cursor(cursor)

"""Many rows written by one statement. Django's own bulk operations spend ten times as long on building the SQL.

Rows are tuples in the order of the fields that are named. Texts, numbers and moments go in as they are; JSON as text.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Field, Model

Values = tuple[object, ...]

_INSERT_EACH = "INSERT INTO {table} ({names}) VALUES ({places})"
_INSERT_ALL = "COPY {table} ({names}) FROM STDIN"
_UPDATE_EACH = "UPDATE {table} SET {columns} WHERE id = %s"
_UPDATE_ALL = "UPDATE {table} SET {columns} FROM unnest({arrays}) AS new ({names}) WHERE {table}.id = new.id"
_IDS = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
_LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = %s"


def is_shared() -> bool:
    """Whether this is PostgreSQL: several nodes write, and what is sent goes through a socket."""
    return connection.vendor == "postgresql"


def uuid(text: str | None) -> str | None:
    """As Django writes one: SQLite has no type for it, and keeps its digits."""
    return text if text is None or is_shared() else text.replace("-", "")


def take_ids(model: type[Model], count: int) -> list[int]:
    """Ids for rows that are inserted with them, in this transaction, which on SQLite holds the write lock already."""
    if not count:
        return []
    with connection.cursor() as cursor:
        if is_shared():
            cursor.execute(_IDS, [model._meta.db_table, count])
            return sorted(pk for (pk,) in cursor)
        cursor.execute(_LAST_ID, [model._meta.db_table])
        last = (cursor.fetchone() or (0,))[0]
    return list(range(last + 1, last + count + 1))


def insert(model: type[Model], names: Sequence[str], rows: Iterable[Values]) -> None:
    if is_shared():
        _copy(_INSERT_ALL.format(table=_table(model), names=", ".join(_columns(model, names))), rows)
        return
    places = ", ".join("%s" for _ in names)
    sql = _INSERT_EACH.format(table=_table(model), names=", ".join(_columns(model, names)), places=places)
    _execute_each(sql, model, names, rows)


def update(model: type[Model], names: Sequence[str], rows: Iterable[Values]) -> None:
    """Writes these fields of rows that are there. The last value of each row is its id."""
    columns = _columns(model, names)
    if is_shared():
        _update_all(model, [*names, "id"], list(rows))
        return
    assignments = ", ".join(f"{column} = %s" for column in columns)
    _execute_each(_UPDATE_EACH.format(table=_table(model), columns=assignments), model, names, rows)


def _copy(sql: str, rows: Iterable[Values]) -> None:
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


def _update_all(model: type[Model], names: Sequence[str], rows: Sequence[Values]) -> None:
    if not rows:
        return
    columns = _columns(model, names)
    arrays = ", ".join(f"%s::{field.rel_db_type(connection)}[]" for field in _fields(model, names))
    assignments = ", ".join(f"{column} = new.{column}" for column in columns[:-1])
    sql = _UPDATE_ALL.format(table=_table(model), columns=assignments, arrays=arrays, names=", ".join(columns))
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])


def _execute_each(sql: str, model: type[Model], names: Sequence[str], rows: Iterable[Values]) -> None:
    moments = [place for place, field in enumerate(_fields(model, names)) if isinstance(field, DateTimeField)]
    ready: Any = [_without_zones(row, moments) for row in rows] if moments else list(rows)
    if ready:
        with connection.cursor() as cursor:
            cursor.executemany(sql, ready)


def _without_zones(row: Values, moments: Sequence[int]) -> Sequence[object]:
    """As Django writes moments into SQLite."""
    values = list(row)
    for place in moments:
        if isinstance(moment := values[place], datetime):
            values[place] = _text(moment)
    return values


@lru_cache(maxsize=8192)  # an alert, its group and its history begin at the same moment
def _text(moment: datetime) -> str:
    return str(moment.astimezone(UTC))[:-6]


def _fields(model: type[Model], names: Sequence[str]) -> "list[Field[Any, Any]]":
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


def _columns(model: type[Model], names: Sequence[str]) -> list[str]:
    return [connection.ops.quote_name(str(field.column)) for field in _fields(model, names)]


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)

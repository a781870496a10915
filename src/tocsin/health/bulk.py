"""Many rows written by one statement. Django's own bulk operations spend ten times as long on building the SQL.

Rows are tuples in the order of the fields that are named. Texts, numbers and moments go in as they are; JSON as text.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import DateTimeField, Field, JSONField, Model
from django.db.models.expressions import RawSQL

Values = tuple[object, ...]

_encoder = msgspec.json.Encoder()

_INSERT_EACH = "INSERT INTO {table} ({names}) VALUES ({places})"
_INSERT_ALL = "COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
_UPDATE_EACH = "UPDATE {table} SET {columns} WHERE id = %s"
# rows go as one JSON text: the driver would spend longer on arrays than PostgreSQL on the update
_UPDATE_ALL = "UPDATE {table} SET {columns} FROM json_to_recordset(%s) AS new ({types}) WHERE {table}.id = new.id"
_IDS = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
_FOUND = "SELECT {column}, id FROM {table} WHERE {column} = ANY(%s)"
_FOUND_SQLITE = "SELECT {column}, id FROM {table} WHERE {column} IN (SELECT value FROM json_each(%s))"
_LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = %s"


def is_shared() -> bool:
    """Whether this is PostgreSQL: several nodes write, and what is sent goes through a socket."""
    return connection.vendor == "postgresql"


def uuid(text: str | None) -> object:
    """For a new row, as Django writes one: SQLite has no type for it, and keeps its digits."""
    if text is None:
        return None
    return UUID(text) if is_shared() else text.replace("-", "")


def array(ids: Iterable[int]) -> str:
    """As PostgreSQL reads an array of numbers."""
    return f"{{{','.join(map(str, ids))}}}"


def among(ids: Iterable[int]) -> RawSQL:
    """For `__in`, where there are many: one parameter, while Django would look at each."""
    if is_shared():
        return RawSQL("SELECT unnest(%s::bigint[])", [array(ids)])
    return RawSQL("SELECT value FROM json_each(%s)", [json_text(list(ids))])


def json_text(value: object) -> str:
    return _encoder.encode(value).decode()


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


def ids(model: type[Model], name: str, values: Iterable[str]) -> dict[str, int]:
    """By the value of a text field that is different in every row. One query, of the rows that are there."""
    wanted = list(values)
    (column,) = _columns(model, [name])
    sql = (_FOUND if is_shared() else _FOUND_SQLITE).format(table=_table(model), column=column)
    with connection.cursor() as cursor:
        cursor.execute(sql, [wanted if is_shared() else json_text(wanted)])
        return dict(cursor.fetchall())


def insert(model: type[Model], names: Sequence[str], rows: Iterable[Values]) -> None:
    """`IntegrityError` as from any other way to insert. Fields that are not named are NULL: the database has no
    defaults."""
    if is_shared():
        _copy(model, names, rows)
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


def _copy(model: type[Model], names: Sequence[str], rows: Iterable[Values]) -> None:
    fields = _fields(model, names)
    sql = _INSERT_ALL.format(table=_table(model), names=", ".join(_columns(model, names)))
    documents = [place for place, field in enumerate(fields) if isinstance(field, JSONField)]
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(sql) as copy:
        copy.set_types(list(map(_binary_type, fields)))
        for row in rows:
            copy.write_row(_as_documents(row, documents) if documents else row)


def _as_documents(row: Values, places: Sequence[int]) -> Values:
    """PostgreSQL's binary jsonb is the text, after the number of its format."""
    values = list(row)
    for place in places:
        values[place] = b"\x01" + str(values[place]).encode()
    return tuple(values)


def _binary_type(field: "Field[Any, Any]") -> str:
    if isinstance(field, JSONField):
        return "bytea"
    return str(field.rel_db_type(connection)).partition("(")[0]


def _update_all(model: type[Model], names: Sequence[str], rows: Sequence[Values]) -> None:
    if not rows:
        return
    fields, columns = _fields(model, names), _columns(model, names)
    assignments = ", ".join(map(_assignment, fields[:-1], columns[:-1]))
    types = ", ".join(f"{column} {_type(field)}" for field, column in zip(fields, columns, strict=True))
    keys = [str(field.column) for field in fields]
    told = json_text([dict(zip(keys, row, strict=True)) for row in rows])
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE_ALL.format(table=_table(model), columns=assignments, types=types), [told])


def _assignment(field: "Field[Any, Any]", column: str) -> str:
    return f"{column} = new.{column}::jsonb" if isinstance(field, JSONField) else f"{column} = new.{column}"


def _type(field: "Field[Any, Any]") -> str | None:
    """JSON comes as text, which it is written as."""
    return "text" if isinstance(field, JSONField) else field.rel_db_type(connection)


def _execute_each(sql: str, model: type[Model], names: Sequence[str], rows: Iterable[Values]) -> None:
    moments = [place for place, field in enumerate(_fields(model, names)) if isinstance(field, DateTimeField)]
    ready: Any = [_without_zones(row, moments) for row in rows] if moments else list(rows)
    if ready:
        with connection.cursor() as cursor:
            cursor.executemany(sql, ready)


def moment(at: datetime) -> object:
    """As it is written, for one that many rows have."""
    return at if is_shared() else _text(at)


def _without_zones(row: Values, moments: Sequence[int]) -> Sequence[object]:
    """As Django writes moments into SQLite."""
    values: list[object] = []
    for place in moments:
        if isinstance(at := row[place], datetime):
            values = values or list(row)
            values[place] = _text(at)
    return values or row


@lru_cache(maxsize=8192)  # an alert, its group and its history begin at the same moment
def _text(moment: datetime) -> str:
    return str(moment.astimezone(UTC))[:-6]


def _fields(model: type[Model], names: Sequence[str]) -> "list[Field[Any, Any]]":
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


def _columns(model: type[Model], names: Sequence[str]) -> list[str]:
    return [connection.ops.quote_name(str(field.column)) for field in _fields(model, names)]


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)

"""Queries that are asked at every turn of the clockwork.

Django takes half a millisecond to turn a query set into SQL, many times what the database takes to answer that nothing
is due. So each is compiled once in a process, with a moment in it that never comes, and asked with the real one in its
place.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

_NEVER = datetime(9000, 1, 1, tzinfo=UTC)


class Prepared:
    """`build` makes the query set for a moment and what else it takes; its `values_list` says what the rows hold.

    It is compiled once for each of what else it takes: a limit, a kind, nothing that there are many of. Values come as
    the driver gives them, without Django's conversions: ask for numbers and texts.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self._build = build
        self._compiled: dict[tuple[Hashable, ...], tuple[str, list[Any]]] = {}

    def rows(self, now: datetime | None, *others: Hashable) -> list[tuple[Any, ...]]:
        sql, parameters = self._compiled.get(others) or self._compile(others)
        moment = connection.ops.adapt_datetimefield_value(now)
        with connection.cursor() as cursor:
            cursor.execute(sql, [moment if value is None else value for value in parameters])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def any(self, now: datetime, *others: Hashable) -> bool:
        return bool(self.rows(now, *others))

    def _compile(self, others: tuple[Hashable, ...]) -> tuple[str, list[Any]]:
        """None stands where the moment goes: no query compares with NULL."""
        sql, parameters = self._build(_NEVER, *others).query.sql_with_params()
        never = connection.ops.adapt_datetimefield_value(_NEVER)
        compiled = sql, [None if value == never else value for value in parameters]
        self._compiled[others] = compiled
        return compiled

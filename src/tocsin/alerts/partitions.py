"""On PostgreSQL events and outcomes are kept by weeks, each a table of its own: made ahead, and dropped whole.

They are by far the most rows there are. To delete them one by one costs as much as to write them and leaves holes; a
table is gone in a moment. Whatever belongs to no week goes into the default one, so that an insert never fails for want
of a week, and is moved when its week is made.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

WEEK = timedelta(days=7)
AHEAD = 3  # weeks after the current one: an engine that stands still for that long is missed for other reasons
TABLES = {"alerts_event": "received_at", "alerts_outcome": "at"}  # by the column that says in which week a row belongs
# Who waits for a lock makes all others wait behind it, and ingest is one of them. What was not done is done next time.
_PATIENCE = "SET LOCAL lock_timeout = '1s'"
_LIST = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass"
_NAME = re.compile(r"(alerts_[a-z]+)_(\d{8})")
_STRAY = (
    "SELECT DISTINCT date_trunc('week', {column}, 'UTC') FROM {table}_default WHERE {column} >= %s AND {column} < %s"
)
_MAKE = (
    "CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING STORAGE)",
    "LOCK TABLE {table}_default IN ACCESS EXCLUSIVE MODE",
    (
        "WITH moved AS (DELETE FROM {table}_default WHERE {column} >= '{since}' AND {column} < '{until}' RETURNING *) "
        "INSERT INTO {name} SELECT * FROM moved"
    ),
    "ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{since}') TO ('{until}')",
)
_KEPT = (
    "SELECT EXISTS (SELECT 1 FROM alerts_waiting WHERE received_at >= %s AND received_at < %s) "
    "OR EXISTS (SELECT 1 FROM alerts_quarantine WHERE received_at >= %s AND received_at < %s)"
)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    since: datetime
    table: str

    @property
    def until(self) -> datetime:
        return self.since + WEEK

    @property
    def name(self) -> str:
        return f"{self.table}_{self.since:%Y%m%d}"


def weeks(table: str) -> list[Week]:
    """That are there, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_LIST, [table])
        found = [_NAME.fullmatch(name) for (name,) in cursor.fetchall()]
    return sorted(Week(datetime.strptime(m[2], "%Y%m%d").replace(tzinfo=UTC), table) for m in found if m)


def monday(at: datetime) -> datetime:
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def make_ahead(now: datetime, oldest: datetime) -> int:
    """The current week and those to come, and any since `oldest` of which there are rows; how many were made."""
    missing = [week for table in TABLES for week in _wanted(table, now, oldest)]
    for week in missing:
        _make(week)
    return len(missing)


def _wanted(table: str, now: datetime, oldest: datetime) -> Iterator[Week]:
    there = {week.since for week in weeks(table)}
    coming = {monday(now) + WEEK * number for number in range(AHEAD + 1)}
    with connection.cursor() as cursor:
        # whole weeks in both tables: an event that stays with its week keeps what became of it
        bounds = [monday(oldest), monday(now) + WEEK * (AHEAD + 1)]
        cursor.execute(_STRAY.format(table=table, column=TABLES[table]), bounds)
        strayed = {since.astimezone(UTC) for (since,) in cursor.fetchall()}
    return (Week(since, table) for since in sorted((coming | strayed) - there))


def _make(week: Week) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
        for statement in _MAKE:
            cursor.execute(
                statement.format(
                    name=week.name, table=week.table, column=TABLES[week.table], since=week.since, until=week.until
                )
            )


def drop(week: Week) -> bool:
    """False when something in it waits or is in quarantine: then nothing is done."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
        # the parent first, in the order of those who read; after this nobody writes into the week any more
        cursor.execute(f"LOCK TABLE ONLY {week.table} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(_KEPT, [week.since, week.until] * 2)
        if week.table == "alerts_event" and cursor.fetchone()[0]:
            return False
        cursor.execute(f"DROP TABLE {week.name}")
    return True

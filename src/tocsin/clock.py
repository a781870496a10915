"""The one place that reads the time. Everything else is given `now`."""

import importlib
import threading
import time
from datetime import UTC, datetime


def now() -> datetime:
    """This machine's time, aware, UTC. For one request or one command; ticks take `database_now`."""
    return datetime.now(UTC)


def database_now() -> datetime:
    """The time that all nodes share: the database's on PostgreSQL; on SQLite there is one node, and its own."""
    connection = importlib.import_module("django.db").connection  # the supervisor keeps time too, and no Django
    if connection.vendor != "postgresql":
        return now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at.astimezone(UTC)


def monotonic() -> float:
    """Seconds that only grow, for measuring spans inside one process."""
    return time.monotonic()


def sleep(count: float) -> None:
    """Let `count` seconds pass."""
    time.sleep(count)


def forever() -> None:
    """Until the process is told to end."""
    threading.Event().wait()

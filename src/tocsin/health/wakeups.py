"""“There is new work”: between processes, through the database.

PostgreSQL carries a notification with the commit. SQLite has none, but its `data_version` changes with every commit of
another connection, and asking for it costs microseconds.
"""

import contextlib
from typing import Any, Protocol, cast

import structlog
from django.db import connection

from tocsin import clock

CHANNEL = "tocsin"
POLL = 0.01  # seconds between two looks at SQLite's data version
PAUSE = 1.0  # seconds until a lost PostgreSQL connection is tried again

log = structlog.get_logger(__name__)


class Listener(Protocol):
    """For one thread."""

    def wait(self, timeout: float) -> bool:
        """Whether something was committed before `timeout` seconds passed. It may be nothing of interest."""

    def close(self) -> None: ...


def notify() -> None:
    """Call it inside the transaction that writes the work."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


def listener() -> Listener:
    """From now on nothing is missed."""
    driver = cast("Any", connection).Database  # which is given, so that only one of the two is loaded
    if connection.vendor == "postgresql":
        return PostgresListener(driver, connection.get_connection_params())
    return SQLiteListener(driver, str(connection.settings_dict["NAME"]))


class SQLiteListener:
    def __init__(self, driver: Any, path: str) -> None:  # noqa: ANN401 - see above
        self._connection = driver.connect(path, check_same_thread=False, isolation_level=None, timeout=20)
        self._version = self._look()

    def wait(self, timeout: float) -> bool:
        end = clock.monotonic() + timeout
        while (version := self._look()) == self._version:
            left = end - clock.monotonic()
            if left <= 0:
                return False
            clock.sleep(min(POLL, left))
        self._version = version
        return True

    def close(self) -> None:
        self._connection.close()

    def _look(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


class PostgresListener:
    def __init__(self, driver: Any, parameters: dict[str, object]) -> None:  # noqa: ANN401
        self._driver = driver
        self._parameters = parameters
        self._connection: Any = None
        with contextlib.suppress(driver.OperationalError):
            self._connect()

    def wait(self, timeout: float) -> bool:
        try:
            if self._connection is None:
                self._connect()
                return True  # whatever was said meanwhile was missed
            return self._heard(self._connection, timeout)
        except self._driver.OperationalError as error:
            log.warning("lost the connection that listens for work; trying again", error=str(error))
            self.close()
            clock.sleep(min(timeout, PAUSE))
            return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> None:
        made = self._driver.connect(**{**self._parameters, "autocommit": True})
        made.execute(f"LISTEN {CHANNEL}")
        self._connection = made

    @staticmethod
    def _heard(made: Any, timeout: float) -> bool:  # noqa: ANN401 - a connection of the driver's
        heard = any(True for _ in made.notifies(timeout=timeout, stop_after=1))
        if heard:  # one wake-up is enough for all that was said by now
            for _ in made.notifies(timeout=0):
                pass
        return heard

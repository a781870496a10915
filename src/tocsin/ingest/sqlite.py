"""Writes events into SQLite: one connection, one thread, one transaction a batch, synced before it is answered."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tocsin import clock
from tocsin.ingest.contract import Conflict, Key, Row, Unavailable, key_of

PATIENCE = 10.0  # seconds to wait for the write lock
_PAUSE = 0.001  # SQLite's own waiting grows to 100 ms, which is an age here
_INSERT = "INSERT INTO alerts_event (receipt, integration_id, kind, body, received_at) VALUES "
_VALUES = "(?, ?, ?, ?, ?)"
# Rows go in by few and large statements: around each the interpreter lock changes hands, and to get it back from a busy
# event loop can take milliseconds. Few different sizes, so that SQLite has each ready.
_SIZES = (256, 64, 16, 4, 1)
_STATEMENTS = {size: _INSERT + ", ".join([_VALUES] * size) for size in _SIZES}
_KEYS = (
    "SELECT key_hash, id, kind, secret, topics FROM services_integration "
    "WHERE is_enabled AND deleted_at IS NULL AND key_hash IN ({})"
)
_HAS = "SELECT 1 FROM alerts_knownreceipt WHERE receipt = ?"
_MOST = 500  # placeholders in one query

T = TypeVar("T")


class SQLiteStore:
    at_once = 1

    def __init__(self, path: str) -> None:
        self._writer = _Thread(path, "tocsin-write")
        self._reader = _Thread(path, "tocsin-keys")

    async def open(self) -> None:
        """Connections are made by the threads that use them."""

    async def write(self, rows: Sequence[Row]) -> None:
        await self._writer.run(lambda connection: _write(connection, rows))

    async def keys(self, fingerprints: Sequence[str]) -> Mapping[str, Key]:
        return await self._reader.run(lambda connection: _keys(connection, fingerprints))

    async def has(self, receipt: str) -> bool:
        return await self._reader.run(lambda connection: _has(connection, receipt))

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()


class _Thread:
    """A connection and the one thread that uses it."""

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._work, work)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._disconnect)
        self._pool.shutdown()

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._connection = self._connection or _connect(self._path)
            return work(self._connection)
        except sqlite3.IntegrityError as error:
            raise Conflict(str(error)) from error
        except sqlite3.Error as error:
            self._disconnect()
            raise Unavailable(str(error)) from error

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


def _connect(path: str) -> sqlite3.Connection:
    # mode=rw: a database that is not there is a mistake to be told, not a new and empty one
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None, timeout=0)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=4000"):
        _patiently(connection, f"PRAGMA {pragma}")
    return connection


def _write(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    statements = list(_statements(rows))
    _patiently(connection, "BEGIN IMMEDIATE")
    try:
        for statement, values in statements:
            connection.execute(statement, values)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # something went wrong on the way
            connection.execute("ROLLBACK")


def _statements(rows: Sequence[Row]) -> Iterator[tuple[str, list[object]]]:
    start = 0
    while start < len(rows):
        size = next(size for size in _SIZES if size <= len(rows) - start)
        some = rows[start : start + size]
        start += size
        yield _STATEMENTS[size], [value for row in some for value in _values(row)]


def _values(row: Row) -> tuple[object, ...]:
    """As Django writes them: a UUID without hyphens, a time without its zone."""
    receipt, integration_id, kind, body, at = row
    return (
        receipt.replace("-", ""),
        integration_id,
        kind,
        body,
        at.isoformat(" ")[:-6],
    )  # which is three times as quick as str


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    end = clock.monotonic() + PATIENCE
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise
            if clock.monotonic() > end:
                raise
            clock.sleep(_PAUSE)
        else:
            return


def _has(connection: sqlite3.Connection, receipt: str) -> bool:
    return connection.execute(_HAS, [receipt.replace("-", "")]).fetchone() is not None


def _keys(connection: sqlite3.Connection, fingerprints: Sequence[str]) -> dict[str, Key]:
    found: dict[str, Key] = {}
    for start in range(0, len(fingerprints), _MOST):
        some = fingerprints[start : start + _MOST]
        for mark, *row in connection.execute(_KEYS.format(",".join("?" * len(some))), some):
            found[mark] = key_of(*row)
    return found

"""Writes events into PostgreSQL: COPY, one statement and so one transaction a batch, two batches at a time.

While one batch waits for its fsync the next is on its way, and PostgreSQL syncs what it can together. Ids are given
in the order of writing: a client that waits for its answer before it sends again has its events in their order.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

import asyncpg
import structlog

from tocsin.health.wakeups import CHANNEL
from tocsin.ingest.contract import Conflict, Key, Row, Unavailable, key_of
from tocsin.ingest.outcomes import outcome

PATIENCE = 8.0  # seconds for any statement, and for a connection to come free; many senders hang up after ten
_COLUMNS = ("receipt", "integration_id", "kind", "body", "received_at")
_KEYS = (
    "SELECT key_hash, id, kind, secret, topics FROM services_integration "
    "WHERE is_enabled AND deleted_at IS NULL AND key_hash = ANY($1::text[])"
)
_HAS = "SELECT true FROM alerts_knownreceipt WHERE receipt = $1"
# it need not be durable: an engine that misses it looks by itself
_NEWS = f"BEGIN; SET LOCAL synchronous_commit = off; NOTIFY {CHANNEL}; COMMIT"
_PAUSE = 0.005  # seconds between two of them
_AGAIN = 1.0  # seconds until the next, where one failed
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

log = structlog.get_logger(__name__)


class Places:
    """The hosts that the database may be on. asyncpg's own list has one time limit for all of them, and so one host
    that says nothing would keep it from the others; here each has its own, and the last that was good is asked first.
    """

    def __init__(self, places: Sequence[Mapping[str, object]]) -> None:
        self._places = list(places)

    async def connect(self, *arguments: object, **parameters: object) -> asyncpg.Connection:
        error: Exception | None = None
        for place in [*self._places]:
            try:
                made = await asyncpg.connect(*arguments, **{**parameters, **place})
            except _LOST as lost:
                error = lost
                continue
            self._places.sort(key=lambda other: other != place)
            return made
        raise error or OSError("no host is named")


class PostgresStore:
    at_once = 2

    def __init__(self, parameters: Mapping[str, object], places: Sequence[Mapping[str, object]] = ({},)) -> None:
        self._parameters = parameters
        self._places = Places(places)
        self._pool: asyncpg.Pool = None
        self._news = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[object]] = set()

    async def open(self) -> None:
        # made without a connection, so a database that is away now is found as soon as it is back
        self._pool = asyncpg.create_pool(
            **{"timeout": 5, **self._parameters},
            connect=self._places.connect,
            min_size=0,
            max_size=2 * self.at_once + 2,  # one for keys, one for the news, and those that are still called off
            command_timeout=PATIENCE,
            server_settings={"application_name": "tocsin ingest", "synchronous_commit": "on"},
        )
        await self._pool
        self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def write(self, rows: Sequence[Row]) -> None:
        try:
            async with self._connection() as connection:
                await connection.copy_records_to_table("alerts_event", records=rows, columns=_COLUMNS)
        except asyncpg.IntegrityConstraintViolationError as error:
            raise Conflict(str(error)) from error
        except _LOST as error:
            raise await self._lost(error) from error
        self._news.set()

    async def keys(self, fingerprints: Sequence[str]) -> Mapping[str, Key]:
        try:
            async with self._connection() as connection:
                rows = await connection.fetch(_KEYS, list(fingerprints))
        except _LOST as error:
            raise await self._lost(error) from error
        return {mark: key_of(*row) for mark, *row in rows}

    async def has(self, receipt: str) -> bool:
        try:
            async with self._connection() as connection:
                return bool(await connection.fetchval(_HAS, receipt))
        except _LOST as error:
            raise await self._lost(error) from error

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._telling
        await self._pool.close()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Where something went wrong nobody waits for it to be given back.

        Before, what is under way is called off, and that takes as long again where the machine has vanished.
        """
        connection = await self._pool.acquire(timeout=PATIENCE)
        try:
            yield connection
        except BaseException:
            leaving = asyncio.get_running_loop().create_task(outcome(self._pool.release(connection)))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            raise
        await self._pool.release(connection)

    async def _tell(self) -> None:
        """Wakes the engine after commits, by a connection of its own: a NOTIFY inside would make commits queue."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._pool.execute(_NEWS)
                await asyncio.sleep(_PAUSE)
            except _LOST as error:
                log.warning("could not wake the engine, which will look by itself", error=repr(error))
                await asyncio.sleep(_AGAIN)

    async def _lost(self, error: Exception) -> Unavailable:
        """Where one connection is lost, or stands on a machine that is no longer the primary, all are made anew."""
        await self._pool.expire_connections()
        return Unavailable(repr(error))

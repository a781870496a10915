"""Group commit: requests that come while a transaction is being written share the next one.

Nobody waits for company: when the store is free, whatever is there goes at once. The busier it is, the larger the
batches grow, and the fewer fsyncs an event costs.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from tocsin import clock
from tocsin.ingest.contract import Conflict, Copied, Row, Store, Unavailable
from tocsin.ingest.outcomes import outcome

MOST_ROWS = 8192  # that may wait
MOST_BYTES = 64 * 1024 * 1024
BATCH_ROWS = 1024
BATCH_BYTES = 8 * 1024 * 1024

log = structlog.get_logger(__name__)
Done = Callable[[Exception | None], None]
_Waiting = tuple[Row, Done]


class Full(Exception):
    """So much is waiting that nothing more is taken."""


class Committer:
    def __init__(self, store: Store, *, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES) -> None:
        self._store = store
        self._most_rows, self._most_bytes = most_rows, most_bytes
        self._waiting: list[_Waiting] = []
        self._rows = self._bytes = 0  # waiting or being written
        self._writing: set[asyncio.Task[None]] = set()
        self._is_called = False
        self._moved = clock.monotonic()  # when a batch last came to its end, or the first of all that wait came

    @property
    def still(self) -> float:
        """Seconds in which nothing of what waits came to its end."""
        return clock.monotonic() - self._moved if self._rows else 0.0

    async def put(self, row: Row) -> None:
        """Returns when the row is on disk. `Full`, `Unavailable`; `Copied` where its receipt was taken before."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.add(row, lambda error: _resolve(written, error))
        await written

    def add(self, row: Row, done: Done) -> None:
        """`done` is called when the row is on disk, or with why it is not. `Full`, and then it is not called."""
        size = len(row.body)
        if self._rows >= self._most_rows or self._bytes + size > self._most_bytes:
            raise Full
        if not self._rows:
            self._moved = clock.monotonic()
        self._rows += 1
        self._bytes += size
        self._waiting.append((row, done))
        if not self._is_called and len(self._writing) < self._store.at_once:
            self._is_called = True  # after what else has arrived by now
            asyncio.get_running_loop().call_soon(self._go_on)

    async def drain(self) -> None:
        """Until everything that was taken is written."""
        self._go_on()
        while self._writing:
            await asyncio.wait(self._writing)

    def _go_on(self) -> None:
        self._is_called = False
        while self._waiting and len(self._writing) < self._store.at_once:
            task = asyncio.get_running_loop().create_task(self._write(self._next()))
            self._writing.add(task)
            task.add_done_callback(self._written)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing.discard(task)
        self._go_on()

    def _next(self) -> list[_Waiting]:
        size = count = 0
        while count < min(BATCH_ROWS, len(self._waiting)) and size < BATCH_BYTES:
            size += len(self._waiting[count][0].body)
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        error = await outcome(self._store.write([row for row, _ in batch]))
        if isinstance(error, Conflict):
            await self._write_each(batch, error)
        elif isinstance(error, BaseException):
            log.error("could not write events", events=len(batch), exc_info=error)
            self._answer(batch, Unavailable())
        else:
            self._answer(batch, None)

    async def _write_each(self, batch: Sequence[_Waiting], error: Conflict) -> None:
        """One that cannot be stored, for example because its integration is gone, does not take the others with it."""
        if len(batch) == 1:
            self._answer(batch, await self._why(batch[0][0], error))
            return
        for waiting in batch:
            await self._write([waiting])

    async def _why(self, row: Row, error: Conflict) -> Exception:
        if await outcome(self._store.has(row.receipt)) is True:
            return Copied()
        log.error("could not write an event", error=repr(error))
        return Unavailable()

    def _answer(self, batch: Sequence[_Waiting], error: Exception | None) -> None:
        self._moved = clock.monotonic()
        self._rows -= len(batch)
        self._bytes -= sum(len(row.body) for row, _ in batch)
        for _, done in batch:
            done(error)


def _resolve(written: "asyncio.Future[None]", error: Exception | None) -> None:
    if written.done():  # the request was cancelled meanwhile
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)

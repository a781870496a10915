"""Which integration a key opens. Remembered for a moment, so that a key that was turned off stops within seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from tocsin import clock
from tocsin.ingest.contract import Key, Unavailable
from tocsin.ingest.outcomes import outcome
from tocsin.sealing import fingerprint

KEPT = 3.0  # seconds

Lookup = Callable[[Sequence[str]], Awaitable[Mapping[str, Key]]]


class Keys:
    """Only keys that open something are remembered, so guessing fills no memory. Lookups that come together share a
    query, so guessing does not keep the database busy either."""

    def __init__(self, lookup: Lookup, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._lookup = lookup
        self._monotonic = monotonic
        self._known: dict[str, tuple[Key, float]] = {}
        self._wanted: dict[str, asyncio.Future[Key | None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def find(self, key: str) -> Key | None:
        """`Unavailable` when it is not known and the database does not answer."""
        mark = fingerprint(key)
        return self._remembered(mark) or await self._want(mark)

    async def find_anew(self, key: str) -> Key | None:
        """As the database has it now, whatever is remembered. `Unavailable`."""
        return await self._want(fingerprint(key))

    def remembered(self, key: str) -> Key | None:
        """None also when it must be asked for."""
        return self._remembered(fingerprint(key))

    def _remembered(self, mark: str) -> Key | None:
        known = self._known.get(mark)
        return known[0] if known is not None and self._monotonic() < known[1] else None

    async def _want(self, mark: str) -> Key | None:
        loop = asyncio.get_running_loop()
        if mark not in self._wanted:
            self._wanted[mark] = loop.create_future()
        answer = asyncio.shield(self._wanted[mark])
        if self._looking is None:
            self._looking = loop.create_task(self._look())
        return await answer

    async def _look(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            found = await outcome(self._lookup(list(wanted)))
            if isinstance(found, BaseException):
                _fail(wanted)
            else:
                self._tell(wanted, found)
        self._looking = None

    def _tell(self, wanted: Mapping[str, "asyncio.Future[Key | None]"], found: Mapping[str, Key]) -> None:
        until = self._monotonic() + KEPT
        for mark, answer in wanted.items():
            key = found.get(mark)
            if key is None:
                self._known.pop(mark, None)
            else:
                self._known[mark] = (key, until)
            answer.set_result(key)


def _fail(wanted: Mapping[str, "asyncio.Future[Key | None]"]) -> None:
    for answer in wanted.values():
        answer.set_exception(Unavailable())
        answer.exception()  # nobody may be waiting any more; that is no mistake to be logged

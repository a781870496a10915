"""/healthz, and the sign of life to the supervisor: whether what the web process consists of still moves.

That is its event loop, the threads for pages, the writing of events, and what looks after open tabs and readiness. A
process that answers by one of them and hangs in another one looks alive from outside, and nobody can acknowledge.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from typing import Any, Protocol

import structlog

from tocsin import clock
from tocsin.health import problems
from tocsin.health.edges import contained
from tocsin.ingest import http
from tocsin.ingest.commit import Committer
from tocsin.ingest.http import Receive, Scope, Send

EVERY = 0.5  # seconds between two signs of life
STILL = 60.0  # seconds for one piece of work, which may wait for a database that is away

log = structlog.get_logger(__name__)

Pages = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]  # WSGI


class Moved(Protocol):
    @property
    def still(self) -> float:
        """Seconds that the oldest piece of work under way has not come to its end."""


class Work:
    """`with` it around each piece of work, in any thread."""

    def __init__(self) -> None:
        self._begun: dict[int, float] = {}  # monotonic, by thread

    def __enter__(self) -> None:
        self._begun[threading.get_ident()] = clock.monotonic()

    def __exit__(self, *_: object) -> None:
        self._begun.pop(threading.get_ident(), None)

    @property
    def still(self) -> float:
        return clock.monotonic() - min([*self._begun.values()], default=clock.monotonic())


class Moving(Work):
    """Pages, and when a thread last came to the end of one: where all have much to do none of them hangs."""

    def __init__(self, pages: Pages) -> None:
        super().__init__()
        self._pages = pages
        self.moved = clock.monotonic()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            with self:
                return self._pages(environ, start_response)
        finally:
            self.note()

    def note(self) -> None:
        self.moved = clock.monotonic()


class Liveness:
    def __init__(
        self,
        pages: Moving,
        threads: Executor,
        committer: Committer,
        others: Mapping[str, Moved] | None = None,
        *,
        hung_after: float,
        pulse: Callable[[], None] | None = None,
        was_hung: bool = False,
    ) -> None:
        """`threads`: those of the pages. `others`: by name, what else is to move. `hung_after`: seconds. `pulse`: tells
        the supervisor, where there is one.
        """
        self._pages, self._threads = pages, threads
        self._works: dict[str, Moved] = {"events": committer, "pages": pages, **(others or {})}
        self._hung_after, self._pulse, self._was_hung = hung_after, pulse, was_hung
        self._beating: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._beating = asyncio.create_task(self._beat())
        if self._was_hung:
            self._threads.submit(contained, _say_that_it_hung, "a problem could not be stored")

    async def close(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        stuck = self.stuck
        said = {"status": "stuck", "stuck": stuck} if stuck else {"status": "alive"}
        await http.send(send, http.json(503 if stuck else 200, said))

    @property
    def stuck(self) -> str:
        """What has not moved for too long; empty: nothing."""
        for name, work in self._works.items():
            if work.still >= max(self._hung_after, STILL):
                return name
        return "pages" if clock.monotonic() - self._pages.moved >= self._hung_after else ""

    async def _beat(self) -> None:
        told, looking = 0.0, self._threads.submit(self._pages.note)
        while True:
            if looking.done():  # only one waits for a free thread
                looking = self._threads.submit(self._pages.note)
            if self._pages.moved > told and all(work.still < STILL for work in self._works.values()):
                told = self._pages.moved
                if self._pulse is not None:
                    self._pulse()
            await asyncio.sleep(EVERY)


def _say_that_it_hung() -> None:
    detail = (
        "Its pages, the reception of events, or what looks after open tabs, had not moved for so long that the web "
        "process was killed. What was accepted is kept; what was not answered is sent again by the tools that sent it. "
        "When it comes again, look at the log, the disk, and the way to the database."
    )
    problems.report(problems.WEB_WAS_HUNG, "The web process stood still and was started again", detail, "", clock.now())

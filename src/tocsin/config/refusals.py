"""Tells people of messages that were refused for their size: most tools never send those again.

Written beside the door and not by it: the first of an integration at once, more of them at most once a minute.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from django.db import close_old_connections, connections

from tocsin import clock
from tocsin.health import problems
from tocsin.ingest.outcomes import outcome
from tocsin.services.models import Integration

PAUSE = 60.0  # seconds from one look to the next
IDLE = 3600.0  # seconds after which somebody looks whether an old notice can go
KEPT = timedelta(days=1)  # a notice stays for so long after the last refusal
_KEY = "too large "

Write = Callable[[Mapping[int, int], datetime], None]  # integrations, and how many bytes are taken of each

log = structlog.get_logger(__name__)


class Refusals:
    def __init__(self, write: Write | None = None, now: Callable[[], datetime] = clock.now) -> None:
        self._do_write, self._now = write or write_down, now
        self._noted: dict[int, int] = {}
        self._news = asyncio.Event()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tocsin-refusals")
        self._telling: asyncio.Task[None] | None = None

    def note(self, integration_id: int, most: int) -> None:
        self._noted[integration_id] = most
        self._news.set()

    async def open(self) -> None:
        self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._telling
        if self._noted:
            await self._write()
        self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=True)

    async def _tell(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), IDLE)
            await self._write()
            await asyncio.sleep(PAUSE)

    async def _write(self) -> None:
        """What the database does not take now is kept for the next time."""
        self._news.clear()
        noted, self._noted = self._noted, {}
        loop = asyncio.get_running_loop()
        error = await outcome(loop.run_in_executor(self._pool, self._do_write, noted, self._now()))
        if isinstance(error, BaseException):
            log.error("could not tell of messages that were too large", integrations=list(noted), exc_info=error)
            self._noted = noted | self._noted
            self._news.set()


def write_down(noted: Mapping[int, int], now: datetime) -> None:
    close_old_connections()
    for integration in Integration.objects.filter(pk__in=noted).select_related("service"):
        most = noted[integration.pk]
        size = f"{most // 1024 // 1024} MB" if most >= 1024 * 1024 else f"{most // 1024} KB"
        problems.report(
            f"{_KEY}{integration.pk}",
            f"A message of {integration} was refused, as it is too large",
            f"At most {size} are taken in one message. Nobody was paged for what it says, and the tool may not send it "
            "again. Look into the tool itself now; then let it send less at once, in smaller groups or with shorter "
            "texts. This notice goes when nothing was refused for a day.",
            f"/integrations/{integration.pk}/",
            now,
        )
    for old in problems.open_problems().filter(key__startswith=_KEY, last_seen__lt=now - KEPT):
        problems.over(old.key, now)

"""/healthz and the sign of life: no part of the web process may hang unnoticed."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.ingest.calling import Reply, call
from tocsin.config import liveness
from tocsin.config.liveness import Liveness, Moving, Work

PATIENCE = 5.0  # seconds


@dataclass
class Web:
    threads: ThreadPoolExecutor
    goes_on: threading.Event = field(default_factory=threading.Event)
    still: float = 0.0  # of the committer
    pulses: int = 0
    tabs: Work = field(default_factory=Work)

    def page(self, *_: object) -> list[bytes]:
        self.goes_on.wait(PATIENCE)
        return []

    def beat(self) -> None:
        self.pulses += 1

    def runs(self, story: "Callable[[Liveness], object]") -> None:
        async def run() -> None:
            moving = Moving(self.page)
            self.pages = moving
            others = {"tabs": self.tabs}
            alive = Liveness(moving, self.threads, self, others, hung_after=0.3, pulse=self.beat)  # type: ignore[arg-type]
            await alive.open()
            await story(alive)  # type: ignore[misc]
            await alive.close()

        asyncio.run(run())

    def ask(self) -> None:
        """A page, in one of the threads."""
        self.threads.submit(self.pages, {}, lambda *_: None)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setattr(liveness, "EVERY", 0.01)
    with ThreadPoolExecutor(2) as threads:
        made = Web(threads)
        yield made
        made.goes_on.set()


async def said(alive: Liveness) -> tuple[int, dict[str, str]]:
    reply: Reply = await call(alive, "/healthz")
    return reply.status, json.loads(reply.body)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError


def test_it_beats_while_a_thread_is_free(web: Web) -> None:
    async def story(alive: Liveness) -> None:
        web.ask()
        await until(lambda: web.pulses > 3)
        assert await said(alive) == (200, {"status": "alive"})

    web.runs(story)


def test_it_says_so_and_does_not_beat_when_all_threads_hang(web: Web) -> None:
    async def story(alive: Liveness) -> None:
        await until(lambda: web.pulses > 0)
        web.ask()
        web.ask()
        await until(lambda: bool(alive.stuck))
        before = web.pulses
        await asyncio.sleep(0.1)
        assert web.pulses == before
        assert await said(alive) == (503, {"status": "stuck", "stuck": "pages"})
        web.goes_on.set()
        await until(lambda: web.pulses > before)
        assert await said(alive) == (200, {"status": "alive"})

    web.runs(story)


def test_one_page_that_never_ends_is_noticed_though_a_thread_is_free(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(alive: Liveness) -> None:
        monkeypatch.setattr(liveness, "STILL", 0.2)
        web.ask()
        await until(lambda: bool(alive.stuck))
        before = web.pulses
        await asyncio.sleep(0.1)
        assert (web.pulses, alive.stuck) == (before, "pages")
        web.goes_on.set()
        await until(lambda: web.pulses > before)

    web.runs(story)


def test_it_does_not_beat_when_nobody_looks_after_open_tabs(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(alive: Liveness) -> None:
        monkeypatch.setattr(liveness, "STILL", 0.2)
        with web.tabs:
            await until(lambda: bool(alive.stuck))
            before = web.pulses
            await asyncio.sleep(0.1)
            assert (web.pulses, alive.stuck) == (before, "tabs")
        await until(lambda: web.pulses > before)

    web.runs(story)


def test_it_does_not_beat_when_no_event_is_written_any_more(web: Web) -> None:
    async def story(alive: Liveness) -> None:
        await until(lambda: web.pulses > 0)
        web.still = liveness.STILL
        await asyncio.sleep(0.05)
        before = web.pulses
        await asyncio.sleep(0.1)
        assert web.pulses == before
        assert await said(alive) == (503, {"status": "stuck", "stuck": "events"})

    web.runs(story)

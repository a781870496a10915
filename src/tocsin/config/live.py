"""/live: one stream of server-sent events to each open tab.

    event: changed   data: ["groups", …]   what is different now; the page fetches what it shows of it
                                           at first: what became different since the page was made, by its `?since=`
    event: ring      data: {…} or {}       this person is being paged here; or is not any more

One thread listens to the database for all tabs, looks up what changed once for all, and who is rung once a person.
An open tab costs no thread. While it is open it is written down as present, which is what makes `inapp` deliverable.
"""

import asyncio
import contextlib
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import parse_qs

import msgspec
import structlog
from django.db import close_old_connections, connections
from django.http.cookie import parse_cookie

from tocsin import clock
from tocsin.config import watching
from tocsin.config.liveness import Work
from tocsin.health import presence, wakeups
from tocsin.health.edges import contained
from tocsin.ingest import http
from tocsin.ingest.http import Receive, Scope, Send
from tocsin.paging import ringing

KEEP_ALIVE = 15.0  # seconds of silence before a comment is sent, so that no proxy hangs up
SEEN_EVERY = 10.0  # seconds between two looks at who is still signed in, and two notes of their presence
THROTTLE = 0.2  # seconds between two looks at what changed
WAIT = 0.5  # seconds the thread listens before it looks after the tabs again
BEHIND = 100  # messages a tab may be behind before it is hung up on; it connects again and fetches everything

SIGN_IN = http.problem(401, "Sign in", "The session has ended. Sign in again.")
NOT_NOW = http.problem(503, "Not now", "The server is going away. Connect again.", (b"retry-after", b"1"))
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(kw_only=True, eq=False)
class Tab:
    session: str
    user_id: int
    since: str = ""  # the mark of the page, until it was told what changed since
    ring: bytes = b"{}"  # what it was last told
    is_new: bool = True
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(BEHIND))

    def tell(self, event: str, data: bytes) -> None:
        self.put(b"event: %s\ndata: %s\n\n" % (event.encode(), data))

    def end(self) -> None:
        self.put(None)

    def put(self, message: bytes | None) -> None:
        """In the event loop."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            message = None
        self.queue.put_nowait(message)


class Live:
    def __init__(self, seen_every: float = SEEN_EVERY) -> None:
        self._seen_every = seen_every
        self._look_again = 0.0  # monotonic; when to look after all tabs
        self._tabs: set[Tab] = set()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tocsin-tabs")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._occupied = threading.Event()  # there are tabs, or it is time to stop
        self._stopping = False
        self._work = Work()

    @property
    def still(self) -> float:
        return self._work.still

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._watch, name="tocsin-live", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        self._end_all()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 2 * WAIT)
        self._pool.submit(connections.close_all)
        self._pool.shutdown()

    def end_streams(self) -> None:
        """May be called in a signal handler."""
        self._soon(self._end_all)

    def _end_all(self) -> None:
        self._stopping = True
        self._occupied.set()
        for tab in self._tabs:
            tab.end()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._stopping:
            await http.send(send, NOT_NOW)
            return
        key = watching.session_key(parse_cookie(http.header(scope, b"cookie").decode("latin-1")))
        user_id = await self._in_pool(lambda: watching.signed_in(key)) if key else None
        if user_id is None:
            await http.send(send, SIGN_IN)
            return
        await self._serve(Tab(session=key, user_id=user_id, since=_since(scope)), receive, send)

    async def _serve(self, tab: Tab, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        self._tabs.add(tab)
        self._occupied.set()
        hanging_up = asyncio.ensure_future(_gone(receive))
        hanging_up.add_done_callback(lambda _: tab.end())
        try:
            while (message := await _next(tab)) is not None:
                await send({"type": "http.response.body", "body": message, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._tabs.discard(tab)
            hanging_up.cancel()
            with contextlib.suppress(RuntimeError):  # the pool is closed when the server goes away
                await self._in_pool(lambda: presence.gone(tab.name))

    async def _in_pool(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._with_connection, work)

    def _soon(self, work: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(work, *arguments)

    def _with_connection(self, work: Callable[[], T]) -> T:
        with self._work:
            close_old_connections()
            return work()

    # in the thread

    def _watch(self) -> None:
        while self._occupied.wait() and not self._stopping:
            if contained(self._listen, "cannot see what changes; trying again").error is not None:
                clock.sleep(1.0)
        connections.close_all()  # this thread's

    def _listen(self) -> None:
        """While there are tabs."""
        with self._work:
            close_old_connections()
            listener = wakeups.listener()
        with contextlib.closing(listener):
            with self._work:
                known, news = watching.digest(), True
            while self._tabs and not self._stopping:
                with self._work:
                    self._catch_up([tab for tab in list(self._tabs) if tab.since])
                    self._look_after(list(self._tabs), is_news=news)
                    known = self._tell_changes(known) if news else known
                if news:
                    clock.sleep(THROTTLE)
                news = listener.wait(WAIT)
        self._occupied.clear()
        if self._tabs or self._stopping:  # one may have come before that line
            self._occupied.set()

    def _tell_changes(self, known: watching.Digest) -> watching.Digest:
        now = watching.digest()
        topics = watching.changed(known, now)
        if topics:
            for tab in list(self._tabs):
                self._soon(tab.tell, "changed", msgspec.json.encode(topics))
        return now

    def _catch_up(self, tabs: list[Tab]) -> None:
        """What changed after a page was read from the database and before its stream was open would never be told."""
        now = watching.digest() if tabs else {}
        for tab in tabs:
            topics, tab.since = watching.changed_since(tab.since, now), ""
            if topics:
                self._soon(tab.tell, "changed", msgspec.json.encode(topics))

    def _look_after(self, tabs: list[Tab], *, is_news: bool) -> None:
        due = self._due(tabs)
        self._see(due)
        for user_id in {tab.user_id for tab in (tabs if is_news else due)}:
            self._ring(user_id, [tab for tab in tabs if tab.user_id == user_id])

    def _due(self, tabs: list[Tab]) -> list[Tab]:
        """A new tab at once, and all together now and then: one write for all, as every commit wakes the engine."""
        is_time = clock.monotonic() >= self._look_again
        if is_time:
            self._look_again = clock.monotonic() + self._seen_every
        due = [tab for tab in tabs if is_time or tab.is_new]
        for tab in due:
            tab.is_new = False
        return due

    def _see(self, tabs: list[Tab]) -> None:
        here = {tab for tab in tabs if watching.signed_in(tab.session) == tab.user_id}
        if here:
            presence.seen_all({tab.name: tab.user_id for tab in here}, clock.now())
            ringing.hasten({tab.user_id for tab in here}, clock.now())
        for tab in here - self._tabs:  # closed meanwhile: nobody is there to be rung
            presence.gone(tab.name)
        for tab in set(tabs) - here:
            self._soon(tab.end)

    def _ring(self, user_id: int, tabs: list[Tab]) -> None:
        ring = watching.ring_of(user_id)
        for tab in tabs:
            if tab.ring != ring:
                tab.ring = ring
                self._soon(tab.tell, "ring", ring)


def _since(scope: Scope) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get("since", [""])[0]


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(tab: Tab) -> bytes | None:
    try:
        return await asyncio.wait_for(tab.queue.get(), KEEP_ALIVE)
    except TimeoutError:
        return b": still here\n\n"

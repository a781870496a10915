"""The live stream: server-sent events to every open tab, from one thread that watches the database.

A tab costs an asyncio task and no thread. `changed` says that a page may look different now, `ring` carries the page
that waits for this person, or nothing when none does any more.
Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
import threading
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from tocsin import clock
from tocsin.health import beats, presence, wakeups
from tocsin.home import watching

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

QUIET = 0.25  # seconds between two looks at what changed
PRESENCE = 10.0  # seconds between two writes of who has a tab open
CHECK = 60.0  # seconds between two looks whether sessions still hold
KEEP_ALIVE = 15.0  # seconds; proxies cut what is silent

log = structlog.get_logger(__name__)


@dataclass(eq=False, kw_only=True)
class Tab:
    name: str
    user_id: int
    session_key: str
    ring: dict[str, object]
    is_changed: bool = False
    is_over: bool = False
    rang: dict[str, object] | None = None  # what it was told last
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def messages(self) -> str:
        """What is new for it, as server-sent events; a comment when nothing is."""
        self.news.clear()
        text = "event: changed\ndata: []\n\n" if self.is_changed else ""
        if self.ring != self.rang:
            text += f"event: ring\ndata: {json.dumps(self.ring)}\n\n"
        self.is_changed, self.rang = False, self.ring
        return text or ": still here\n\n"


class Hub:
    """Started and stopped with the front door. Tabs live on the event loop; the thread only looks into the database."""

    def __init__(self) -> None:
        self._tabs: set[Tab] = set()
        self._pool = ThreadPoolExecutor(2, "live")
        self._stop = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._watch, name="live", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends every stream. May be called from a signal handler, and twice."""
        self._stop.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    def join(self) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join(5)
        self._pool.shutdown(wait=True)

    async def stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        key, name = _session_key(scope), uuid.uuid4().hex
        opened = await self._aside(watching.open_tab, key, name, clock.now())
        if opened is None:
            await _refuse(send)
            return
        tab = Tab(name=name, user_id=opened.user_id, session_key=key, ring=opened.ring)
        tab.is_over = self._stop.is_set()
        self._tabs.add(tab)
        try:
            await _serve(tab, receive, send)
        finally:
            self._tabs.discard(tab)
            if not self._stop.is_set():
                await self._aside(presence.gone, name)

    async def _aside(self, work: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - of any work
        return await asyncio.get_running_loop().run_in_executor(self._pool, _fresh, work, *arguments)

    def _watch(self) -> None:
        listener = wakeups.listener()
        due = {"presence": 0.0, "check": clock.monotonic() + CHECK}
        seen: watching.Mark = ()
        while not self._stop.is_set():
            woken = listener.wait(1.0)
            try:
                seen = self._look(seen) if woken or not seen else seen
                self._upkeep(due)
            except DatabaseError as error:
                log.warning("the live stream lost the database; trying again", error=str(error))
                connection.close()
            self._stop.wait(QUIET)
        beats.stopped("web")
        presence.clear(clock.now())
        listener.close()
        connection.close()

    def _look(self, seen: watching.Mark) -> watching.Mark:
        found = watching.mark()
        if found != seen:
            rings = watching.rings_of({tab.user_id for tab in tuple(self._tabs)})
            self._tell(lambda tab: _changed(tab, rings))
        return found

    def _upkeep(self, due: dict[str, float]) -> None:
        at = clock.monotonic()
        tabs = tuple(self._tabs)
        if at >= due["presence"]:
            due["presence"] = at + PRESENCE
            beats.beat("web", clock.now())
            presence.seen_all({tab.name: tab.user_id for tab in tabs}, clock.now())
        if at >= due["check"]:
            due["check"] = at + CHECK
            over = {tab for tab in tabs if watching.user_of(tab.session_key) != tab.user_id}
            self._tell(lambda tab: _end(tab) if tab in over else None)

    def _tell(self, how: Callable[[Tab], None]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: [how(tab) for tab in self._tabs])

    def _end_all(self) -> None:
        for tab in self._tabs:
            _end(tab)


hub = Hub()


def _changed(tab: Tab, rings: dict[int, dict[str, object]]) -> None:
    tab.is_changed = True
    tab.ring = rings.get(tab.user_id, tab.ring)
    tab.news.set()


def _end(tab: Tab) -> None:
    tab.is_over = True
    tab.news.set()


def _fresh(work: Callable[..., object], *arguments: object) -> object:
    close_old_connections()
    return work(*arguments)


def _session_key(scope: Scope) -> str:
    cookies: SimpleCookie = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    found = cookies.get(settings.SESSION_COOKIE_NAME)
    return found.value if found else ""


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": b"Sign in first.\n"})


async def _serve(tab: Tab, receive: Receive, send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.create_task(_until_gone(receive))
    try:
        while not (tab.is_over or gone.done()):
            await send({"type": "http.response.body", "body": tab.messages().encode(), "more_body": True})
            await _news(tab, gone)
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()


async def _news(tab: Tab, gone: asyncio.Task[None]) -> None:
    """Until there is something to say, the tab is gone, or it is time for a sign of life."""
    news = asyncio.create_task(tab.news.wait())
    try:
        await asyncio.wait({news, gone}, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
    finally:
        news.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

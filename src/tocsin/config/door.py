"""The front door: says who answers a request.

    /v2/*, /in/*, /ping/*, /api/push/*
                        ingest, which needs no Host: its keys say who may; what else there is of Alertmanager's API
                        below /in/alertmanager is for Django, and needs no Host either
    GET /v2/alerts      and what is below it: pages that answer Opsgenie's clients, by the same keys
    /healthz, /readyz   for supervisors and load balancers, which often know only an IP address
    /live               the stream to open tabs
    everything else     Django's pages, on threads

Pages are answered under Tocsin's own names only. That keeps other sites from reaching it through a browser by
pointing their name here, and links in answers from being somebody else's.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, MutableMapping, Sequence
from types import FrameType
from typing import Any, Protocol

import structlog

from tocsin.ingest import http
from tocsin.ingest.commit import Full
from tocsin.ingest.desks import desk_at
from tocsin.ingest.http import Answer, App, Receive, Scope, Send
from tocsin.ingest.outcomes import outcome

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST_PAGE = 2 * 1024 * 1024  # bytes of a request to a page or to the API
LARGEST_FROM_TOOLS = 256 * 1024
LARGE_AT_ONCE = 16  # bodies above that, which are held in memory until they are whole

log = structlog.get_logger(__name__)

_ASKED = ("/v2/alerts", "/v2/heartbeats")

WRONG_HOST = http.problem(
    400,
    "Wrong host",
    "Tocsin does not answer under this name. Use its public URL, or set TOCSIN_PUBLIC_URL to the one you used.",
)
TOO_LARGE = http.problem(413, "Too large", "This is more than Tocsin takes here.", (b"connection", b"close"))
TOO_MUCH = http.problem(
    503,
    "Try again",
    "Too many large requests come at once. Send it again.",
    (b"retry-after", b"2"),
    (b"connection", b"close"),
)
NO_LENGTH = http.problem(411, "Length required", "Send the body with a Content-Length.", (b"connection", b"close"))


class Lasting(Protocol):
    """Something with a life of its own, as long as the door's."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...


class Part(Lasting, Protocol):
    """Something behind the door that answers requests."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class LivePart(Part, Protocol):
    def end_streams(self) -> None:
        """May be called in a signal handler."""


class Door:
    def __init__(
        self,
        *,
        ingest: Part,
        live: LivePart,
        readiness: Part,
        liveness: Part,
        pages: App,
        public_host: str,
        beside: Sequence[Lasting] = (),
    ) -> None:
        """`beside`: what hears by other ways; it hands to the store that ingest opens, and ends before it."""
        self.ingest, self._live, self._readiness, self._pages = ingest, live, readiness, pages
        self._liveness, self._beside = liveness, tuple(beside)
        self._large = 0  # bodies that are being read, of the larger ones
        self._hosts = LOOPBACK | {public_host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live_and_die(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if _is_asked(scope["method"], path):
            await self._page(scope, receive, send, LARGEST_FROM_TOOLS)
        elif path.startswith(("/v2/", "/in/", "/ping/", "/api/push/")):
            if _is_of_tools(scope):
                await self._page(scope, receive, send, LARGEST_FROM_TOOLS)
            else:
                await self.ingest(scope, receive, send)
        elif path == "/healthz":
            await self._liveness(scope, receive, send)
        elif path == "/readyz":
            await self._readiness(scope, receive, send)
        elif (refused := self._refused(scope)) is not None:
            await http.send(send, refused)
        elif path == "/live":
            await self._live(scope, receive, send)
        else:
            await self._page(scope, receive, send, LARGEST_PAGE)

    async def _page(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        """A thread is taken when the body is here: there are few, and half-sent requests would keep them all.

        Go's clients send bodies in chunks, without a length, which WSGI does not take: they get one here.
        """
        if not http.has_body(scope):
            await self._pages(_honest(scope), receive, send)
            return
        try:
            body = await self._body(scope, receive, most)
        except http.TooLarge:
            await http.send(send, TOO_LARGE)
        except Full:
            await http.send(send, TOO_MUCH)
        except http.Gone:
            return
        else:
            await self._pages(*_whole(_honest(scope), body), send)

    async def _body(self, scope: Scope, receive: Receive, most: int) -> bytes:
        """`Full`, `http.TooLarge`, `http.Gone`."""
        taken = 0

        async def larger() -> int:
            nonlocal taken
            if self._large >= LARGE_AT_ONCE:
                raise Full
            taken = 1
            self._large += taken
            return most

        try:
            usual = min(most, LARGEST_FROM_TOOLS)
            return await http.read(scope, receive, usual, larger=larger if usual < most else None)
        finally:
            self._large -= taken

    def _refused(self, scope: Scope) -> Answer | None:
        if _host(scope) not in self._hosts:
            return WRONG_HOST
        if http.announced(scope) > LARGEST_PAGE:
            return TOO_LARGE
        return NO_LENGTH if http.header(scope, b"transfer-encoding") else None

    async def _live_and_die(self, receive: Receive, send: Send) -> None:
        parts: tuple[Lasting, ...] = (self.ingest, self._live, self._readiness, self._liveness)
        await receive()
        error = await outcome(_open((*parts, *self._beside)))
        if error is not None:
            log.error("cannot start", exc_info=error)
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        _on_stop(self._live.end_streams)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for part in (*self._beside, *parts):
            await part.close()
        await send({"type": "lifespan.shutdown.complete"})


def _is_asked(method: str, path: str) -> bool:
    """Whether somebody wants to know something and is not to be heard. A heartbeat's ping may be a GET."""
    return method == "GET" and path.startswith(_ASKED) and not path.rstrip("/").endswith("/ping")


async def _open(parts: Sequence[Lasting]) -> None:
    for part in parts:
        await part.open()


def _on_stop(end: Callable[[], None]) -> None:
    """Open streams would keep the server from stopping, which waits for every answer to be complete."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        _also(number, end)


def _also(number: signal.Signals, end: Callable[[], None]) -> None:
    before = signal.getsignal(number)

    def handle(signum: int, frame: FrameType | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            end()
        if callable(before):
            before(signum, frame)

    if callable(before):
        signal.signal(number, handle)


def _is_of_tools(scope: Scope) -> bool:
    """Part of Alertmanager's API that is not about taking in alerts."""
    path: str = scope["path"]
    if not path.startswith("/in/alertmanager/") or ("/api/v2/" not in path and "/-/" not in path):
        return False
    return scope["method"] != "POST" or desk_at(path) is None


def _whole(scope: Scope, body: bytes) -> tuple[Scope, Receive]:
    """The same request with a body that is here already, and its length."""
    kept = [(name, value) for name, value in scope["headers"] if name not in (b"content-length", b"transfer-encoding")]
    scope["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> MutableMapping[str, Any]:
        return next(messages, {"type": "http.disconnect"})

    return scope, receive


def _host(scope: Scope) -> str:
    """Without the port; an IPv6 address without its brackets."""
    host = http.header(scope, b"host").decode("latin-1").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _honest(scope: Scope) -> Scope:
    """WSGI cannot tell x_forwarded_proto from x-forwarded-proto, and proxies look after the second only: it stays."""
    scope["headers"] = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    return scope

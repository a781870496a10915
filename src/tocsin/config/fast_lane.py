"""The short way for events, past ASGI: a request to ingest that came whole in one piece is taken where it arrives.

uvicorn's own protocol costs more for each request than all of ingest: a scope, a task, two messages. Here the head of
the request is looked up as it stands, because a sender repeats it, and the answer goes out by one write.

Only the plain case is handled: between two requests, one complete POST with a Content-Length and nothing after it, a
good message, a key that is remembered. Everything else goes the ordinary way untouched, and that words every refusal.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from tocsin.config.patience import PatientProtocol
from tocsin.ingest import http
from tocsin.ingest.app import Ingest, Taken
from tocsin.ingest.contract import LARGEST
from tocsin.ingest.desk import Desk
from tocsin.ingest.desks import desk_at
from tocsin.ingest.http import Scope

LONGEST_HEAD = 4096  # bytes
_REMEMBERED = 256  # heads
_HEAD = re.compile(rb"POST (/(?:v2|in)/[a-z0-9/]+) HTTP/1\.1((?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ -~]*)*)")
_UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade", b"connection", b"content-encoding"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What there is to know of the lines before a body."""

    desk: Desk
    scope: Scope
    length: int


class Heads:
    def __init__(self) -> None:
        self._known: dict[bytes, Head | None] = {}

    def __getitem__(self, raw: bytes) -> Head | None:
        """None: the ordinary way is for this one."""
        if raw in self._known:
            return self._known[raw]
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        return self._known.setdefault(raw, read_head(raw))


def read_head(raw: bytes) -> Head | None:
    found = _HEAD.fullmatch(raw)
    if found is None:
        return None
    lines = (line.partition(b":") for line in found[2].split(b"\r\n")[1:])
    headers = [(name.lower(), value.strip(b" ")) for name, _, value in lines]
    lengths = [value for name, value in headers if name == b"content-length"]
    desk = desk_at(path := found[1].decode("ascii"))
    if desk is None or len(lengths) != 1 or not _is_usual(headers):
        return None
    (length,) = lengths
    if not re.fullmatch(rb"[0-9]{1,7}", length) or int(length) > LARGEST:
        return None
    return Head(desk=desk, scope={"path": path, "headers": headers}, length=int(length))


def _is_usual(headers: http.Headers) -> bool:
    return not any(
        name in _UNUSUAL and (name, value.lower()) != (b"connection", b"keep-alive") for name, value in headers
    )


class FastLane(PatientProtocol):
    heads = Heads()  # of all connections

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._ingest: Ingest | None = getattr(self.app, "ingest", None)
        self._taken: Taken | None = None  # the event that is being written
        self._held: list[bytes] = []  # what came meanwhile
        self._is_last = False  # the server stops
        self._answered_at = 0.0  # on the loop's clock; the last event that went this way

    def data_received(self, data: bytes) -> None:
        if self._taken is not None:
            self._hold(data)
        elif self._ingest is None or not self._is_between() or not self._take(data, self._ingest):
            super().data_received(data)

    def _take(self, data: bytes, ingest: Ingest) -> bool:
        end = data.find(b"\r\n\r\n", 0, LONGEST_HEAD)
        if end < 0:
            return False
        head = self.heads[data[:end]]
        if head is None or len(data) != end + 4 + head.length:
            return False
        self._taken = ingest.take(head.desk, head.scope, data[end + 4 :], self._written)
        if self._taken is None:
            return False
        if self._deadline is not None:  # the first one of a connection
            self._expect_no_more()
        return True

    def _hold(self, data: bytes) -> None:
        """A sender that does not wait for its answer."""
        self._held.append(data)
        self.transport.pause_reading()

    def _written(self, error: Exception | None) -> None:
        taken, self._taken = self._taken, None
        if taken is None or self.transport.is_closing():
            return
        desk, draft, receipt = taken
        answer = desk.busy if error is not None else desk.accepted(draft, receipt)
        self.transport.write(http.wire(answer, is_last=self._is_last))
        self.server_state.total_requests += 1
        if self._is_last:
            self.transport.close()
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait_for_more(self.timeout_keep_alive)
        if self._held:
            data, self._held = b"".join(self._held), []
            self.transport.resume_reading()
            self.data_received(data)

    # one timer for many requests: to set it anew for each costs more than to look, when it rings, how long it has been

    def _wait_for_more(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._taken is not None:
            return  # it is set again with the answer
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wait_for_more(left)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        if self._taken is None:
            super().shutdown()
        else:
            self._is_last = True

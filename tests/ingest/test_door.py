"""The front door sends each request to the right room, and pages only to those who use Tocsin's own names."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.ingest.calling import Reply, call
from tocsin.config.door import LARGEST_FROM_TOOLS, LARGEST_PAGE, Door
from tocsin.ingest import http
from tocsin.ingest.http import Receive, Scope, Send


@dataclass
class Room:
    name: str
    seen: list[str] = field(default_factory=list)
    error: Exception | None = None

    async def open(self) -> None:
        if self.error is not None:
            raise self.error
        self.seen.append("open")

    async def close(self) -> None:
        self.seen.append("close")

    def end_streams(self) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        names = sorted(name.decode() for name, _ in scope["headers"])
        await http.send(send, http.json(200, [self.name, *names]))


def door(*rooms: Room) -> Door:
    ingest, live, ready, pages, *_ = rooms
    alive = rooms[4] if rooms[4:] else Room("alive")
    return Door(ingest=ingest, live=live, readiness=ready, liveness=alive, pages=pages, public_host="Tocsin.example")


def rooms() -> list[Room]:
    return [Room("ingest"), Room("live"), Room("ready"), Room("pages")]


DOOR = door(*rooms())


def ask(path: str, host: bytes = b"localhost:8000", *headers: tuple[bytes, bytes]) -> Reply:
    return asyncio.run(call(DOOR, path, headers=[*headers, (b"host", host)]))


@pytest.mark.parametrize(
    ("path", "host", "room"),
    [
        ("/v2/enqueue", b"10.0.0.7", "ingest"),  # keys say who may, whatever name a tool knows
        ("/in/generic/x", b"", "ingest"),
        ("/api/push/x", b"10.0.0.7", "ingest"),
        ("/healthz", b"10.0.0.7", "alive"),
        ("/readyz", b"10.0.0.7", "ready"),
        ("/live", b"localhost", "live"),
        ("/", b"tocsin.example", "pages"),
        ("/", b"TOCSIN.example:443", "pages"),
        ("/v2", b"127.0.0.1:8000", "pages"),
        ("/alerts/", b"[::1]:8000", "pages"),
        ("/", b"evil.example", "Wrong host"),
        ("/live", b"evil.example", "Wrong host"),
        ("/", b"tocsin.example.evil.example", "Wrong host"),
        ("/", b"", "Wrong host"),
    ],
    ids=range(14),
)
def test_who_answers(path: str, host: bytes, room: str) -> None:
    reply = ask(path, host)
    assert room in reply.body.decode()
    assert reply.status == (400 if room == "Wrong host" else 200)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ((b"content-length", str(LARGEST_PAGE + 1).encode()), 413),
        ((b"content-length", str(LARGEST_PAGE).encode()), 200),
        ((b"transfer-encoding", b"chunked"), 411),
    ],
    ids=["too large", "large", "of unknown size"],
)
def test_pages_take_bodies_of_known_and_moderate_size(header: tuple[bytes, bytes], status: int) -> None:
    assert ask("/alerts/", b"localhost", header).status == status


def test_headers_with_underscores_do_not_pass_for_those_a_proxy_sets() -> None:
    reply = ask("/", b"localhost", (b"x_forwarded_proto", b"https"), (b"x-forwarded-proto", b"http"))
    assert b"x_forwarded_proto" not in reply.body
    assert b"x-forwarded-proto" in reply.body


@pytest.mark.parametrize(
    ("method", "path", "room"),
    [
        ("GET", "/in/alertmanager/key/api/v2/alerts", "pages"),
        ("POST", "/in/alertmanager/key/api/v2/alerts", "ingest"),  # taking alerts in stays where it is fast
        ("POST", "/in/alertmanager/api/v2/alerts/", "ingest"),
        ("POST", "/in/alertmanager/key/api/v2/silences", "pages"),
        ("DELETE", "/in/alertmanager/key/api/v2/silence/x", "pages"),
        ("GET", "/in/alertmanager/-/healthy", "pages"),
        ("GET", "/in/alertmanager/key", "ingest"),
        ("GET", "/in/grafana/key/api/v2/alerts", "ingest"),
    ],
)
def test_alertmanagers_tools_are_answered_by_pages_under_any_name(method: str, path: str, room: str) -> None:
    reply = asyncio.run(call(DOOR, path, method=method, headers=[(b"host", b"10.0.0.7")]))
    assert reply.body.decode().startswith(f'["{room}"')


def test_what_tools_send_in_pieces_gets_a_length() -> None:
    path = "/in/alertmanager/key/api/v2/silences"
    reply = asyncio.run(call(DOOR, path, [b"{", b"}"], headers=[(b"transfer-encoding", b"chunked")]))
    assert reply.json() == ["pages", "content-length", "host"]
    body = [b" " * LARGEST_FROM_TOOLS, b" "]
    assert asyncio.run(call(DOOR, path, body, headers=[(b"transfer-encoding", b"chunked")])).status == 413


def lifespan(to: Door) -> list[str]:
    """What the door says when the server starts and stops."""
    asked, said = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}], []

    async def receive() -> dict[str, object]:
        return dict(asked.pop(0))

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(str(message["type"]))

    asyncio.run(to({"type": "lifespan"}, receive, send))
    return said


def test_the_rooms_live_as_long_as_the_server() -> None:
    behind = rooms()
    assert lifespan(door(*behind)) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert [room.seen for room in behind] == [["open", "close"]] * 3 + [[]]


def test_a_room_that_cannot_open_keeps_the_server_from_starting() -> None:
    behind = rooms()
    behind[1].error = RuntimeError("no")
    assert lifespan(door(*behind)) == ["lifespan.startup.failed"]

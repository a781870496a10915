"""The short way for events, over real sockets: what it takes, what it leaves to the ordinary way, and the order."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import uvicorn

from tocsin.config import fast_lane
from tocsin.config.fast_lane import FastLane, read_head
from tocsin.ingest import http
from tocsin.ingest.app import Ingest
from tocsin.ingest.contract import LARGEST, Key, Row, Unavailable
from tocsin.ingest.http import Receive, Scope, Send
from tocsin.sealing import fingerprint

KEY = "b" * 32
EVENT = json.dumps(
    {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": "disk",
        "payload": {"summary": "disk full", "source": "db1", "severity": "critical"},
    }
).encode()


@dataclass
class Disk:
    """Writes when told to."""

    at_once: int = 1
    rows: list[Row] = field(default_factory=list)
    error: Exception | None = None
    going: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def write(self, rows: Sequence[Row]) -> None:
        await self.going.wait()
        if self.error is not None:
            raise self.error
        self.rows += rows

    async def keys(self, fingerprints: Sequence[str]) -> Mapping[str, Key]:
        return {mark: Key(integration_id=1, kind="pagerduty") for mark in fingerprints if mark == fingerprint(KEY)}


@dataclass
class App:
    """Ingest, and a word for everything else. It counts what came the ordinary way."""

    ingest: Ingest
    ordinary: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.ordinary += 1
        if scope["path"].startswith(("/v2/", "/in/")):
            await self.ingest(scope, receive, send)
        else:
            body = await http.read(scope, receive, LARGEST)
            await http.send(send, http.json(200, {"path": scope["path"], "length": len(body)}))


@dataclass(kw_only=True)
class Line:
    """A sender's connection."""

    app: App
    disk: Disk
    server: uvicorn.Server
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> tuple[int, str]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head)
        return int(head.split()[1]), (await self.reader.readexactly(int(length[1] if length else 0))).decode()

    async def ask(self, raw: bytes) -> tuple[int, str]:
        self.writer.write(raw)
        return await self.answer()

    async def know_the_key(self) -> None:
        """After this the short way is open."""
        assert (await self.ask(post()))[0] == 202
        self.app.ordinary = 0
        self.disk.rows.clear()


def post(body: bytes = EVENT, path: str = "/v2/enqueue", *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: tocsin", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def on_a_line(story: Callable[[Line], Awaitable[None]]) -> None:
    async def run() -> None:
        disk = Disk()
        disk.going.set()
        app = App(Ingest(disk))
        config = uvicorn.Config(app, http=FastLane, ws="none", lifespan="off", log_config=None, proxy_headers=False)
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        listening = await asyncio.get_running_loop().create_server(
            lambda: FastLane(config=config, server_state=server.server_state, app_state={}), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        line = Line(app=app, disk=disk, server=server, reader=reader, writer=writer)
        await line.know_the_key()
        try:
            await asyncio.wait_for(story(line), 4)
        finally:
            writer.close()
            listening.close()
            await asyncio.sleep(0)

    asyncio.run(run())


def test_an_event_is_taken_the_short_way_and_answered_as_the_ordinary_way_would() -> None:
    async def story(line: Line) -> None:
        status, body = await line.ask(post())
        assert (status, json.loads(body)["dedup_key"]) == (202, "disk")
        assert (line.app.ordinary, len(line.disk.rows)) == (0, 1)
        ordinary = await line.ask(post(EVENT, "/v2/enqueue", "Connection: close"))
        assert (status, body) == ordinary
        assert line.app.ordinary == 1

    on_a_line(story)


def test_nothing_is_answered_before_it_is_written() -> None:
    async def story(line: Line) -> None:
        line.disk.going.clear()
        asked = asyncio.ensure_future(line.ask(post()))
        await asyncio.sleep(0.02)
        assert not asked.done()
        line.disk.going.set()
        assert (await asked)[0] == 202

    on_a_line(story)


def test_a_database_that_does_not_take_it_is_never_a_success() -> None:
    async def story(line: Line) -> None:
        line.disk.error = Unavailable()
        assert (await line.ask(post()))[0] == 429
        assert line.app.ordinary == 0

    on_a_line(story)


CHUNKED = b"POST /v2/enqueue HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(EVENT), EVENT)
UNUSUAL = [
    (post(EVENT, "/v2/enqueue", "Expect: x"), 202),
    (post(EVENT, "/v2/enqueue", "Connection: close"), 202),
    (
        b"POST /v2/enqueue HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(EVENT), EVENT),
        202,
    ),
    (post(b"{}"), 400),
    (post(EVENT.replace(b"bbb", b"ccc")), 400),
    (post(EVENT, "/v2/other"), 404),
    (post(EVENT, "/elsewhere"), 200),
    (post(EVENT, f"/in/generic/{KEY}"), 401),
    (post(EVENT).replace(b"HTTP/1.1", b"HTTP/1.0"), 202),
    (post(b"x" * (LARGEST + 1)), 413),
]


@pytest.mark.parametrize(
    ("raw", "status"),
    UNUSUAL,
    ids=[
        "expect",
        "close",
        "chunked",
        "invalid",
        "wrong-key",
        "no-desk",
        "page",
        "wrong-format",
        "old-http",
        "too-large",
    ],
)
def test_what_is_unusual_goes_the_ordinary_way(raw: bytes, status: int) -> None:
    async def story(line: Line) -> None:
        assert (await line.ask(raw))[0] == status
        assert line.app.ordinary == 1

    on_a_line(story)


def test_requests_that_do_not_wait_for_answers_are_answered_in_their_order() -> None:
    async def story(line: Line) -> None:
        events = [post(EVENT.replace(b'"disk"', b'"disk %d"' % n)) for n in range(6)]
        line.disk.going.clear()
        line.writer.write(events[0])
        await asyncio.sleep(0.02)
        line.writer.write(events[1])
        await asyncio.sleep(0.02)
        line.writer.write(post(b"ab", "/page") + b"".join(events[2:]))
        line.disk.going.set()
        said = [json.loads((await line.answer())[1]) for _ in range(7)]
        assert [s.get("dedup_key", s.get("path")) for s in said] == [
            "disk 0",
            "disk 1",
            "/page",
            *(f"disk {n}" for n in range(2, 6)),
        ]

    on_a_line(story)


@pytest.mark.parametrize("size", [1, 7, 60, 100])
def test_requests_in_pieces_are_put_together(size: int) -> None:
    async def story(line: Line) -> None:
        raw = post()
        for start in range(0, len(raw), size):
            line.writer.write(raw[start : start + size])
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert (await line.answer())[0] == 202
        assert (await line.ask(post()))[0] == 202
        assert len(line.disk.rows) == 2

    on_a_line(story)


def test_a_request_inside_another_ones_body_is_not_a_request() -> None:
    """What comes by itself, and looks like an event, but belongs to the body before it."""

    async def story(line: Line) -> None:
        inner = post()
        outer = post(inner, "/page")
        line.writer.write(outer[: -len(inner)])
        await asyncio.sleep(0.02)
        assert await line.ask(inner) == (200, f'{{"path":"/page","length":{len(inner)}}}')
        line.writer.write(b"POST /page HTTP/1.1\r\n")
        await asyncio.sleep(0.02)
        assert (await line.ask(inner))[0] == 400  # a request line among the headers
        assert line.disk.rows == []

    on_a_line(story)


def test_the_server_stops_when_the_event_in_the_air_is_answered() -> None:
    async def story(line: Line) -> None:
        line.disk.going.clear()
        line.writer.write(post())
        await asyncio.sleep(0.02)
        (protocol,) = line.server.server_state.connections
        protocol.shutdown()
        line.disk.going.set()
        assert b"connection: close" in (said := await line.reader.read())
        assert said.startswith(b"HTTP/1.1 202 Accepted\r\n")

    on_a_line(story)


def test_an_idle_connection_is_closed_after_the_last_answer_and_not_before() -> None:
    async def story(line: Line) -> None:
        (protocol,) = line.server.server_state.connections
        protocol._unset_keepalive_if_required()
        protocol.timeout_keep_alive = 0.2
        loop = asyncio.get_running_loop()
        for _ in range(4):
            assert (await line.ask(post()))[0] == 202
            last = loop.time()
            await asyncio.sleep(0.1)
        assert await line.reader.read() == b""
        assert loop.time() - last >= 0.19

    on_a_line(story)


def test_a_sender_that_goes_away_disturbs_nobody() -> None:
    async def story(line: Line) -> None:
        line.disk.going.clear()
        line.writer.write(post())
        await asyncio.sleep(0.02)
        line.writer.transport.abort()
        await asyncio.sleep(0.02)
        line.disk.going.set()
        await asyncio.sleep(0.02)
        assert len(line.disk.rows) == 1

    on_a_line(story)


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 5", "Content-Length: 5"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length : 5"],
        ["Content-Length: +5"],
        ["Content-Length: 5, 5"],
        ["Content-Length: 0x5"],
        ["Content-Length: 99999999"],
        ["Content-Length: 5", " folded"],
        ["Content-Length: 5", "X: a\nTransfer-Encoding: chunked"],
        ["Content-Length: 5", "X: a\rb"],
        ["Content-Length: 5", "X: a\0b"],
        ["Content-Length: 5", "Transfer-encoding: identity"],
        ["Content-Length: 5", "CONNECTION: keep-alive, upgrade"],
        ["Content-Length: 5", "no colon"],
        ["X: y"],
        [],
    ],
    ids=range(16),
)
def test_a_head_that_is_not_plain_is_left_to_the_parser(lines: list[str]) -> None:
    assert read_head("\r\n".join(["POST /v2/enqueue HTTP/1.1", *lines]).encode()) is None


def test_few_heads_are_remembered() -> None:
    heads = fast_lane.Heads()
    raw = b"POST /v2/enqueue HTTP/1.1\r\nContent-Length: "
    assert [heads[raw + b"%d" % n].length for n in range(1000)] == list(range(1000))  # type: ignore[union-attr]

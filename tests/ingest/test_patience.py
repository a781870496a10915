"""Requests that do not come to their end: over real sockets, with little patience."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from tests.ingest.calling import Call
from tests.ingest.test_door import door, rooms
from tests.ingest.test_fast_lane import EVENT, Line, on_a_line, post
from tocsin.config import patience
from tocsin.config.door import LARGE_AT_ONCE, LARGEST_FROM_TOOLS
from tocsin.config.fast_lane import FastLane
from tocsin.ingest import http

HEAD = post()[: -len(EVENT)]
LITTLE = 0.15  # seconds


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FastLane, "patience", LITTLE)


@pytest.mark.parametrize(
    "half",
    [
        HEAD[:1],
        HEAD[:-2],
        HEAD,
        HEAD + EVENT[:-1],
        HEAD.replace(b"/v2/enqueue", b"/page") + b"x",
        b"POST /v2/enqueue HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ],
    ids=["a letter", "half a head", "no body", "half a body", "a page's", "no last chunk"],
)
def test_half_a_request_is_answered_408_and_its_connection_ends(half: bytes) -> None:
    async def story(line: Line) -> None:
        status, said = await line.ask(half)
        assert (status, "Nothing of it was stored" in said) == (408, True)
        assert await line.reader.read() == b""
        assert line.disk.rows == []

    on_a_line(story)


@pytest.mark.parametrize("said", [b"", b"\r\n", b"\r\n\r\n\r\n"], ids=["nothing", "a line", "lines"])
def test_who_connects_and_says_nothing_is_hung_up_on(said: bytes) -> None:
    async def story(line: Line) -> None:
        reader, writer = await asyncio.open_connection(*line.writer.get_extra_info("peername"))
        writer.write(said)
        assert await reader.read() == b""
        writer.close()

    on_a_line(story)


@pytest.mark.parametrize("after", [b"\r\n", b"x"], ids=["a line", "a letter"])
def test_nothing_that_comes_after_an_answer_holds_the_connection(after: bytes) -> None:
    async def story(line: Line) -> None:
        assert (await line.ask(post(EVENT, "/v2/enqueue", "Expect: x")))[0] == 202
        line.writer.write(after)
        await line.reader.read()
        assert line.reader.at_eof()

    on_a_line(story)


def test_a_body_that_is_not_wanted_any_more_does_not_hold_it_either() -> None:
    async def story(line: Line) -> None:
        assert (await line.ask(HEAD.replace(b"/v2/enqueue", b"/v2/nowhere")))[0] == 404
        line.writer.write(EVENT[:5])
        assert await line.reader.read() == b""

    on_a_line(story)


def test_what_comes_slowly_and_steadily_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SPEED", len(EVENT) / 4)

    async def story(line: Line) -> None:
        line.writer.write(HEAD)
        for start in range(0, len(EVENT), 20):
            line.writer.write(EVENT[start : start + 20])
            await asyncio.sleep(LITTLE / 4)
        assert (await line.answer())[0] == 202

    on_a_line(story)


@pytest.mark.parametrize("more", [[], ["Expect: x"]], ids=["the short way", "the ordinary way"])
def test_our_own_time_is_not_the_senders(more: list[str]) -> None:
    async def story(line: Line) -> None:
        line.disk.going.clear()
        asked = asyncio.ensure_future(line.ask(post(EVENT, "/v2/enqueue", *more)))
        await asyncio.sleep(2 * LITTLE)
        assert not asked.done()
        line.disk.going.set()
        assert (await asked)[0] == 202
        await asyncio.sleep(2 * LITTLE)  # between two requests the limit is uvicorn's, and longer
        assert (await line.ask(post()))[0] == 202

    on_a_line(story)


def test_a_page_takes_no_thread_before_the_body_is_whole() -> None:
    async def story() -> None:
        behind = rooms()
        to, going = door(*behind), asyncio.Event()
        pages: list[int] = []

        async def page(scope: http.Scope, receive: http.Receive, send: http.Send) -> None:
            pages.append(len(await http.read(scope, receive, 3_000_000)))
            await http.send(send, http.json(200, {}))

        to._pages = page

        async def ask(size: int) -> int:
            waiting, answered = [b"x" * (size - 1), b"x"], list[MutableMapping[str, Any]]()

            async def receive() -> MutableMapping[str, Any]:
                if len(waiting) == 1:
                    await going.wait()
                return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

            async def send(message: MutableMapping[str, Any]) -> None:
                answered.append(message)

            scope = Call(path="/alerts/", headers=[(b"content-length", str(size).encode())]).scope()
            await to(scope, receive, send)
            return int(answered[0]["status"])

        large = LARGEST_FROM_TOOLS + 1
        asked = [asyncio.ensure_future(ask(size)) for size in [10] * 20 + [large] * (LARGE_AT_ONCE + 1)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert pages == []
        assert [each.result() for each in asked if each.done()] == [503]
        going.set()
        await asyncio.gather(*asked)
        assert sorted(pages) == [10] * 20 + [large] * LARGE_AT_ONCE
        assert await ask(large) == 200

    asyncio.run(story())

"""As much of HTTP as ingest needs, over ASGI."""

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Larger = Callable[[], Awaitable[int]]  # bytes

JSON = b"application/json"
PROBLEM = b"application/problem+json"
_DIGITS = 18  # of a length; Python refuses to read numbers that are very long
_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


class TooLarge(Exception):
    """The body is larger than is taken; the rest of it was not read."""

    def __init__(self, beginning: bytes = b"") -> None:
        super().__init__()
        self.beginning = beginning


class Gone(Exception):
    """The other side went away before its body was complete."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def json(status: int, value: object, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status=status, body=msgspec.json.encode(value), headers=headers)


def problem(status: int, title: str, detail: str, *headers: tuple[bytes, bytes]) -> Answer:
    """RFC 9457."""
    body = msgspec.json.encode({"type": "about:blank", "title": title, "status": status, "detail": detail})
    return Answer(status=status, body=body, content_type=PROBLEM, headers=headers)


def header(scope: Scope, name: bytes) -> bytes:
    return next((value for given, value in scope["headers"] if given == name), b"")


def is_packed(scope: Scope) -> bool:
    """Whether the body is compressed, or what else its Content-Encoding says (RFC 9110 8.4)."""
    return header(scope, b"content-encoding").strip().lower() not in {b"", b"identity"}


async def read(
    scope: Scope, receive: Receive, most: int, kept: int | None = None, larger: Larger | None = None
) -> bytes:
    """The body, or its first `kept` bytes. Its length is not believed: it is counted. `TooLarge`, `Gone`.

    `larger` is asked once, when it is more than `most`, before anything is read of a length that was announced: how
    much is taken after all. What it raises is raised here.
    """
    length = announced(scope)
    if length > most and larger is not None:
        most, larger = await larger(), None
    if length > most:
        raise TooLarge((await _piece(receive))[0][:most])
    body, size, more = bytearray(), 0, True
    while more:
        piece, more = await _piece(receive)
        size += len(piece)
        if size > most and larger is not None:
            most, larger = await larger(), None
        if size > most:
            raise TooLarge(bytes(body))
        body += piece
        if kept is not None:
            del body[kept:]
    return bytes(body)


def has_body(scope: Scope) -> bool:
    return announced(scope) > 0 or bool(header(scope, b"transfer-encoding"))


def announced(scope: Scope) -> int:
    """How many bytes its body has; more than there can be for a number that is too long to be read."""
    length = header(scope, b"content-length")
    if not length.isdigit():
        return 0
    return int(length) if len(length) <= _DIGITS else 10**_DIGITS


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    """And whether there is more."""
    message = await receive()
    if message["type"] != "http.request":
        raise Gone
    return message.get("body", b""), bool(message.get("more_body"))


async def send(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode()),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def wire(answer: Answer, *, is_last: bool = False) -> bytes:
    """A whole answer as HTTP/1.1 has it."""
    first = (answer.status, _PHRASES[answer.status], answer.content_type, len(answer.body))
    lines = b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n" % first
    more = b"".join([b"%b: %b\r\n" % header for header in answer.headers])
    return b"".join((lines, more, b"connection: close\r\n" if is_last else b"", b"\r\n", answer.body))

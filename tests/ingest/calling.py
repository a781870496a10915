"""Calls an ASGI application in the process, as a server does."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from tocsin.ingest.http import App, Headers


@dataclass(kw_only=True)
class Reply:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> object:
        return json.loads(self.body)


@dataclass(kw_only=True)
class Call:
    path: str
    body: bytes | Sequence[bytes] = b""  # several: in pieces, without a Content-Length
    method: str = "POST"
    headers: Headers = field(default_factory=list)

    @property
    def pieces(self) -> list[bytes]:
        return [self.body] if isinstance(self.body, bytes) else list(self.body)

    def scope(self) -> dict[str, object]:
        headers = [(b"host", b"localhost"), *self.headers]
        if isinstance(self.body, bytes) and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(self.body)).encode()))
        return {
            "type": "http",
            "method": self.method,
            "path": self.path,
            "query_string": b"",
            "headers": dict(headers).items(),
            "http_version": "1.1",
            "scheme": "http",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }


async def call(app: App, path: str, body: object = b"", **more: object) -> Reply:
    """`body`: bytes, a list of them, or a value to be sent as JSON."""
    raw = body if isinstance(body, bytes) or _is_pieces(body) else json.dumps(body).encode()
    asked = Call(path=path, body=raw, **more)  # type: ignore[arg-type]
    waiting, reply = asked.pieces, Reply()

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0)
        piece = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]  # type: ignore[assignment]
            reply.headers = {n.decode(): v.decode() for n, v in message["headers"]}  # type: ignore[attr-defined]
        else:
            reply.body += message["body"]  # type: ignore[operator]

    await app(asked.scope(), receive, send)  # type: ignore[arg-type]
    return reply


def _is_pieces(body: object) -> bool:
    return isinstance(body, list) and bool(body) and isinstance(body[0], bytes)

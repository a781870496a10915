"""Only a proxy that was named says who the client is."""

import asyncio
from pathlib import Path

import pytest

from tests.ingest.calling import call
from tocsin.config.environment import read
from tocsin.config.proxies import behind_proxies
from tocsin.ingest import http
from tocsin.ingest.http import Receive, Scope, Send


async def seen(scope: Scope, _: Receive, send: Send) -> None:
    await http.send(send, http.json(200, scope["client"][0]))


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        # nobody in between, and somebody who says there is
        ("", "203.0.113.9", "", "203.0.113.9"),
        ("", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        # a proxy on this machine is believed without being named
        ("", "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("", "::1", "203.0.113.9", "203.0.113.9"),
        # one elsewhere is not: all of its callers are one
        ("", "10.0.0.7", "203.0.113.9", "10.0.0.7"),
        # until it is named, or its network
        ("10.0.0.7", "10.0.0.7", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8, fd00::/8", "10.0.0.7", "203.0.113.9", "203.0.113.9"),
        # what a caller has written before it is not believed
        ("10.0.0.7", "10.0.0.7", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        # through two of them
        ("10.0.0.0/8", "10.0.0.7", "203.0.113.9, 10.0.0.8", "203.0.113.9"),
    ],
)
def test_who_the_client_is(tmp_path: Path, proxies: str, peer: str, forwarded: str, client: str) -> None:
    environment = read({"TOCSIN_DATA": str(tmp_path), "TOCSIN_PROXIES": proxies})
    app = behind_proxies(seen, environment.proxies)

    async def from_peer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["client"] = (peer, 1)
        await app(scope, receive, send)

    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert asyncio.run(call(from_peer, "/", headers=headers)).json() == client

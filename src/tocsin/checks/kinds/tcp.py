"""TCP: a port takes connections; what it says to what is sent."""

from datetime import datetime
from socket import socket

from tocsin.checks.configs import TcpConfig
from tocsin.checks.kinds import connecting
from tocsin.checks.stopwatch import Stopwatch, Unwell

MOST = 64 * 1024  # bytes that are waited for
_SHOWN = 80
_WRITTEN = {r"\r": "\r", r"\n": "\n", r"\t": "\t", r"\\": "\\"}


def run(config: TcpConfig, headers: str, watch: Stopwatch, now: datetime) -> None:  # noqa: ARG001 - contract
    with connecting.connected(config.host, config.port, watch) as connection:
        try:
            if config.send:
                connection.settimeout(watch.left())
                connection.sendall(unwritten(config.send).encode())
            if config.expect:
                with watch.phase("wait"):
                    _await(connection, unwritten(config.expect).encode(), watch)
        except TimeoutError as error:
            raise Unwell(watch.too_slow) from error
        except OSError as error:
            raise Unwell(f"the connection broke: {connecting.words(error)}") from error


def unwritten(text: str) -> str:
    r"""`PING\r\n` as it is meant."""
    made, rest = "", text
    while rest:
        pair = rest[:2]
        made += _WRITTEN.get(pair, rest[0])
        rest = rest[2:] if pair in _WRITTEN else rest[1:]
    return made


def _await(connection: socket, wanted: bytes, watch: Stopwatch) -> None:
    heard = b""
    while wanted not in heard:
        connection.settimeout(watch.left())
        piece = connection.recv(4096)
        heard += piece
        if not piece or len(heard) > MOST:
            said = heard[:_SHOWN].decode(errors="replace").strip() or "nothing"
            raise Unwell(f"it said {said}; “{wanted[:_SHOWN].decode(errors='replace').strip()}” was expected")

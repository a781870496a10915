"""Real things to look at: a TCP server, a DNS server, and certificates that end when they are told to."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
import trustme

from tocsin.checks.kinds import connecting


@contextlib.contextmanager
def tcp(talk: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A port on which `talk` is had with everybody who connects."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                if tls is None:
                    talk(self.request)
                    return
                with tls.wrap_socket(self.request, server_side=True) as secured:
                    talk(secured)

    with _running(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


@contextlib.contextmanager
def name_server(records: Mapping[tuple[str, str], list[str]], *, silent: bool = False) -> Iterator[str]:
    """`{("shop.example.", "A"): ["192.0.2.1"]}`; its address and port. Other names do not exist."""
    names = {name for name, _ in records}

    class Handler(socketserver.DatagramRequestHandler):
        def handle(self) -> None:
            if silent:
                return
            query = dns.message.from_wire(self.rfile.read())
            answer = dns.message.make_response(query)
            question = query.question[0]
            name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
            if (name, kind) in records:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *records[name, kind]))
            elif name not in names:
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.wfile.write(answer.to_wire())

    with _running(socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"127.0.0.1:{port}"


class Authority:
    """Signs certificates for 127.0.0.1."""

    def __init__(self, directory: Path) -> None:
        self._ca = trustme.CA()
        self._path = directory / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self._path))

    @contextlib.contextmanager
    def trusted(self) -> Iterator[None]:
        """By this process, until the block ends."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("SSL_CERT_FILE", str(self._path))
            connecting.trust.cache_clear()
            yield
        connecting.trust.cache_clear()

    def context(self, ends: datetime, host: str = "127.0.0.1", begins: datetime | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(host, not_after=ends, not_before=begins).configure_cert(context)
        return context


@contextlib.contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[int]:
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])  # type: ignore[index]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

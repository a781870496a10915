"""Real servers in threads: an HTTP receiver and an SMTP server that remember what they were told."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True, kw_only=True)
class Heard:
    at: float  # monotonic
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass(kw_only=True)
class Receiver:
    """An HTTP server. `answers` are given in order, then always the last."""

    url: str = ""
    refuses: frozenset[str] = frozenset()  # paths that are gone for good
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=lambda: [(200, {}, b"ok")])
    heard: list[Heard] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)  # answers wait for it
    trickle: float = 0.0  # seconds between two bytes of the answer

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait_for(self, count: int, within: float = 10.0) -> list[Heard]:
        end = monotonic() + within
        while len(self.heard) < count:
            if monotonic() > end:
                raise AssertionError(f"heard {len(self.heard)} of {count} requests within {within} s")
            sleep(0.002)
        return self.heard


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that is killed in the middle of a request is no error here."""


@contextlib.contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    state = Receiver()
    state.hold.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # the sender died in the middle of it: no provider would take that
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.heard.append(Heard(at=monotonic(), method=self.command, path=self.path, headers=headers, body=body))
            state.hold.wait(20)
            with contextlib.suppress(OSError):
                self._say(*((410, {}, b"gone") if self.path in state.refuses else state.answer()))

        def _say(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not state.trickle:
                self.wfile.write(body)
                return
            for byte in body:
                self.wfile.write(bytes([byte]))
                sleep(state.trickle)

        do_GET = do_POST = _do  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    server = _Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(kw_only=True)
class Mailbox:
    """An SMTP server. `refuse_recipient` and `refuse_mail` are what it answers instead of taking a mail."""

    host: str = "127.0.0.1"
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # monotonic; when each came
    senders: list[str] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    refuse_recipient: str = ""
    refuse_mail: str = ""
    user: str = ""
    password: str = ""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: object, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse_mail:
            return self.refuse_mail
        content = envelope.content
        assert isinstance(content, bytes)
        self.times.append(monotonic())
        self.mails.append(message_from_bytes(content, policy=SMTP))  # type: ignore[arg-type]
        self.senders.append(str(envelope.mail_from))
        self.over_tls.append(session.ssl is not None)
        return "250 taken"

    def authenticate(
        self, server: object, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == (self.user, self.password), handled=False)


@contextlib.contextmanager
def mailbox(starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    box = Mailbox()
    extra: dict[str, Any] = {"authenticator": box.authenticate, "auth_require_tls": False}
    if starttls:
        extra["tls_context"] = starttls
    controller = Controller(box, hostname="127.0.0.1", port=_free_port(), ssl_context=tls, **extra)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


@contextlib.contextmanager
def dripping(said: bytes, every: float) -> Iterator[int]:
    """A server that says the same again and again, this many seconds apart, and never comes to its end: its port."""
    stop = threading.Event()

    def drip(caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):
            while not stop.wait(every):
                caller.sendall(said)

    def listen(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not stop.is_set():
                drip(listening.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=lambda: listen(listening), daemon=True).start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            stop.set()
            listening.shutdown(socket.SHUT_RDWR)


def _free_port() -> int:

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

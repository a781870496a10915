"""Handing a mail to the mail server."""

import contextlib
import io
import smtplib
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings

from tocsin import clock
from tocsin.channels import http
from tocsin.channels.contract import Failed, Letter, Result, Retry, Sent
from tocsin.channels.email import mail

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

DEADLINE = 30.0  # seconds for everything
STEP = 10.0  # seconds for one connect, read or write
_FOR_GOOD = 5
_LOCAL = {"localhost", "127.0.0.1", "::1"}


class Unsafe(Exception):
    """The server would be told the password in the clear."""


@dataclass(frozen=True, kw_only=True)
class Server:
    host: str
    port: int
    tls: bool  # from the start
    user: str
    password: str
    verify: bool  # whether the certificate must be good

    @property
    def is_local(self) -> bool:
        return self.host in _LOCAL


def send(letter: Letter) -> Result:
    if not settings.SMTP_URL:
        return Failed(error="No mail server is set. Set TOCSIN_SMTP_URL, restart Tocsin, and try this message again.")
    message = mail.composed(letter, settings.DEFAULT_FROM_EMAIL, urlsplit(settings.PUBLIC_URL).hostname or "localhost")
    deadline = clock.monotonic() + DEADLINE
    try:
        _hand_over(server_of(settings.SMTP_URL), message.as_bytes(policy=mail.POLICY), letter.target, deadline)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _refused(code, text)
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPNotSupportedError, Unsafe, UnicodeError) as error:
        return Failed(error=str(error))
    except (smtplib.SMTPException, http.Unreachable, OSError) as error:
        slow = clock.monotonic() >= deadline
        why = f"it was not done within {DEADLINE:.0f} s, so it is slow or hangs" if slow else error
        return Retry(error=f"The mail server could not be used: {why}")
    return Sent(provider_id=str(message["Message-ID"]))


def server_of(url: str) -> Server:
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    host = parts.hostname or "localhost"
    return Server(
        host=host,
        port=parts.port or (465 if tls else 25),
        tls=tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        verify=host not in _LOCAL and parse_qs(parts.query).get("verify") != ["no"],
    )


def _hand_over(server: Server, message: bytes, to: str, deadline: float) -> None:
    smtp = _Hurried(server, deadline)
    try:
        _secure(smtp, server)
        if server.user:
            smtp.login(server.user, server.password)
        smtp.sendmail(mail.sender_address(settings.DEFAULT_FROM_EMAIL), [to], message)
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):  # taken is taken, also when saying goodbye fails
            smtp.quit()
        smtp.close()


class _Hurried(smtplib.SMTP):
    """A conversation in which everything together ends at the deadline, also where every single byte comes in time."""

    def __init__(self, server: Server, deadline: float) -> None:
        self._server = server
        self._deadline = deadline
        name = urlsplit(settings.PUBLIC_URL).hostname or "localhost"  # else smtplib asks the DNS for this host's name
        super().__init__(server.host, server.port, local_hostname=name, timeout=STEP)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - smtplib's signature
        last: OSError | None = None
        for address in http.addresses_of(host, port, within=_left(self._deadline)):
            try:
                return self._begun(socket.create_connection((address, port), _left(self._deadline)))
            except OSError as error:
                last = error
        raise last or OSError(f"{host} has no address")

    def _begun(self, made: socket.socket) -> socket.socket:
        made.settimeout(_left(self._deadline))
        if not self._server.tls:
            return made
        return _tls(self._server.verify).wrap_socket(made, server_hostname=self._server.host)

    def send(self, s: "str | ReadableBuffer") -> None:
        if self.sock is not None:
            self.sock.settimeout(_left(self._deadline))  # of starting TLS too, which comes after a command
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Reading(self.sock, self._deadline))
        return super().getreply()


class _Reading(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - clock.monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return min(left, STEP)


def _secure(smtp: smtplib.SMTP, server: Server) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.tls:
        return
    if smtp.has_extn("starttls"):
        smtp.starttls(context=_tls(server.verify))
        smtp.ehlo_or_helo_if_needed()
    elif server.user and not server.is_local:
        raise Unsafe(
            f"{server.host} offers no STARTTLS, so the password was not sent. Use smtps:// in TOCSIN_SMTP_URL."
        )


@lru_cache(maxsize=2)
def _tls(verify: bool) -> ssl.SSLContext:  # noqa: FBT001 - the key of a cache
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _refused(code: int, text: bytes | str) -> Result:
    """RFC 5321 4.2.1: 4xx is for now, 5xx for good."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    error = f"The mail server answered {code}: {said}"
    return Failed(error=error) if code // 100 == _FOR_GOOD else Retry(error=error)

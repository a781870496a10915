"""Outbound HTTP to addresses that people typed in.

The name is resolved once and the address that was checked is the one that is connected to, so that a name cannot point
somewhere else in between. Redirects are not followed. Time and answer are bounded.
"""

import ipaddress
import queue
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

import httpcore
from django.conf import settings

from tocsin import clock
from tocsin.channels.contract import BadAddress, Failed, Result, Retry, Sent

DEADLINE = 15.0  # seconds for everything
STEP = 8.0  # seconds for one connect, read or write
LONGEST_ANSWER = 64 * 1024  # bytes; the rest is not read
LONGEST_WAIT = timedelta(hours=1)  # of a Retry-After
USER_AGENT = "Tocsin"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds keep their credentials, beside 169.254.0.0/16: AWS over IPv6, Alibaba, Oracle
_METADATA = {ipaddress.ip_address(a) for a in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192")}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """Tocsin will not go there; the text says why."""


class Unreachable(Exception):
    """Nobody answered as they should; later may be better."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes  # at most what was asked for


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    return request("POST", url, body, headers)


def request(
    method: str,
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    by_operator: bool = False,
    most: int = LONGEST_ANSWER,
) -> Answer:
    """`Refused` or `Unreachable` when there is no answer. What the operator has set may be a private address."""
    sent = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Host": urlsplit(url).netloc.rpartition("@")[2],
        **(headers or {}),
    }
    backend = _Backend(clock.monotonic() + DEADLINE, private=by_operator or settings.ALLOW_PRIVATE)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend) as pool,
            pool.stream(method, url, headers=list(sent.items()), content=body, extensions=_TIMEOUTS) as response,
        ):
            read = _bounded(response.iter_stream(), most)
            names = {name.decode().lower(): value.decode("latin-1") for name, value in response.headers}
            return Answer(status=response.status, headers=names, body=read)
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, ssl.SSLError) as error:
        raise Unreachable(f"{urlsplit(url).hostname} did not answer: {_words(error)}.") from error


def verdict(answer: Answer, now: datetime) -> Result:
    """What a status means to a channel."""
    said = answer.body[:300].decode(errors="replace").strip() or "nothing else"
    error = f"The other side answered {answer.status}: {said}"
    match answer.status // 100:
        case 2:
            return Sent()
        case 3:
            return Failed(error=f"{error}. Tocsin follows no redirects; enter the address it leads to.")
        case 4 if answer.status not in _LATER:
            return Failed(error=error)
        case _:
            return Retry(error=error, after=retry_after(answer.headers.get("retry-after", ""), now))


def retry_after(value: str, now: datetime) -> timedelta | None:
    """RFC 9110 10.2.3: seconds, or a date."""
    if value.strip().isdecimal():
        return min(timedelta(seconds=min(int(value), 86_400)), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta(0)), LONGEST_WAIT)


def checked(address: str) -> str:
    """A URL that a person typed; `BadAddress` says what is wrong with it."""
    address = address.strip()
    parts = _split(address)
    if parts.username or parts.password:
        raise BadAddress("Leave name and password out of the address; the secret has a field of its own.")
    try:
        literal = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return address
    if not allowed(literal, private=settings.ALLOW_PRIVATE):
        raise BadAddress(not_allowed(str(literal)))
    return address


def allowed(address: Address, *, private: bool) -> bool:
    """Link-local and metadata never; what is not public only when private addresses are allowed."""
    inner = _inner(address)
    if inner in _METADATA or inner.is_link_local or inner.is_multicast or inner.is_unspecified:
        return False
    return inner.is_global or private


def refusal(host: str) -> str:
    """Why Tocsin would not go to a host, as far as that is known now: an unknown name may be known tomorrow."""
    try:
        resolved(host, 0, private=settings.ALLOW_PRIVATE)
    except Refused as refused:
        return str(refused)
    except Unreachable:
        return ""
    return ""


def resolved(host: str, port: int, *, private: bool) -> list[str]:
    """The addresses of a host that Tocsin may connect to, as text; never empty."""
    found = addresses_of(host, port, within=DEADLINE)
    good = [a for a in found if allowed(ipaddress.ip_address(a), private=private)]
    if not good:
        raise Refused(not_allowed(host))
    return good


def addresses_of(host: str, port: int, *, within: float) -> list[str]:
    """Looked up by a thread of its own: the system's resolver can be given no time, and takes minutes where name
    servers are silent. `within`: seconds."""
    said: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()
    threading.Thread(target=lambda: said.put(_asked(host, port)), name="look up", daemon=True).start()
    try:
        found = said.get(timeout=within)
    except queue.Empty:
        raise Unreachable(f"{host} could not be looked up within {within:.0f} s") from None
    if isinstance(found, Exception):
        why = getattr(found, "strerror", None) or found  # without its number
        raise Unreachable(f"{host} is not a name that can be found: {why}") from found
    return found


def _asked(host: str, port: int) -> list[str] | Exception:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def not_allowed(host: str) -> str:
    return (
        f"{host} is not a public address, and Tocsin does not go there. "
        "TOCSIN_ALLOW_PRIVATE=yes allows private addresses; link-local ones are never allowed."
    )


_LATER = frozenset({408, 425, 429})
_TIMEOUTS = {"timeout": {"connect": STEP, "read": STEP, "write": STEP, "pool": STEP}}


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port  # reads it, and refuses one that is none
    except ValueError as error:
        raise BadAddress(f"“{address}” is not a URL: {error}.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(c.isspace() for c in address):
        raise BadAddress("Enter a URL that begins with https:// or http://.")
    return parts


def _inner(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one; else the address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _bounded(parts: Iterable[bytes], most: int) -> bytes:
    read = b""
    for part in parts:
        read += part
        if len(read) >= most:
            break
    return read[:most]


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # reads the system's certificates: tens of milliseconds


class _Backend(httpcore.SyncBackend):
    """Connects to checked addresses only."""

    def __init__(self, deadline: float, *, private: bool) -> None:
        super().__init__()
        self._deadline = deadline
        self._private = private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        last: Exception | None = None
        for address in resolved(host, port, private=self._private):
            try:
                left = _left(self._deadline, timeout)
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
                return _Hurried(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or Unreachable(f"{host} has no address")


class _Hurried(httpcore.NetworkStream):
    """A stream on which everything together ends at the deadline, also where every single step is quick."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout)
        return _Hurried(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - clock.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout(f"not done within {DEADLINE:.0f} s")
    return left if timeout is None else min(left, timeout)

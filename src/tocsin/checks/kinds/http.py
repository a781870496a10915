"""HTTP: the right status, the right content, in time."""

import json
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import httpcore
import jmespath
from jmespath.exceptions import JMESPathError

from tocsin.channels.http import USER_AGENT
from tocsin.checks.configs import HttpConfig
from tocsin.checks.kinds import connecting
from tocsin.checks.stopwatch import Blocked, Stopwatch, Unwell

MOST_REDIRECTS = 5
LARGEST = 1024 * 1024  # bytes of an answer that are looked at
_MOVED = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD = frozenset({307, 308})
_SHOWN = 80  # characters of a value in a sentence


@dataclass(frozen=True, kw_only=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    location: str
    body: bytes


def run(config: HttpConfig, headers: str, watch: Stopwatch, now: datetime) -> None:  # noqa: ARG001 - contract
    """`Unwell`, `Blocked`. `headers`: a line each."""
    request = Request(
        method=config.method, url=config.url, headers=read_headers(headers), body=config.body.encode("utf-8")
    )
    answer = _ask(request, config, watch)
    for _ in range(MOST_REDIRECTS):
        if not (config.follow and answer.status in _MOVED and answer.location):
            break
        request = redirected(request, answer)
        answer = _ask_on(request, config, watch)
    else:
        raise Unwell(f"it redirected more than {MOST_REDIRECTS} times")
    watch.facts["status"] = answer.status
    _judge(config, answer, watch)


def read_headers(text: str) -> dict[str, str]:
    """`ValueError` for a line that is none; the text says which."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip() or not line.isascii() or any(c.isspace() for c in name.strip()):
            raise ValueError(
                f"“{name.strip()[:20]}” is not a header. Write each as “Name: value”, on a line of its own."
            )
        found[name.strip()] = value.strip()
    return found


def redirected(request: Request, answer: Answer) -> Request:
    """Elsewhere nothing of what was set is sent along: headers may be secrets of this host."""
    url = urljoin(request.url, answer.location)
    old, new = urlsplit(request.url), urlsplit(url)
    if new.scheme not in {"http", "https"} or not new.hostname:
        raise Unwell("it redirected to what is not a web address")
    is_same = (old.scheme, old.netloc) == (new.scheme, new.netloc)
    keeps = answer.status in _KEEP_METHOD and is_same
    method = request.method if keeps or request.method == "HEAD" else "GET"
    return Request(
        method=method,
        url=url,
        headers=request.headers if is_same else {},
        body=request.body if keeps else b"",
    )


def is_expected(status: int, expected: str) -> bool:
    return any(first <= status <= last for first, last in ranges(expected))


def ranges(expected: str) -> list[tuple[int, int]]:
    """“200-299, 404” → [(200, 299), (404, 404)]; `ValueError`."""
    found = []
    for part in expected.split(","):
        first, dash, last = part.strip().partition("-")
        found.append((int(first), int(last) if dash else int(first)))
    return found


def _ask_on(request: Request, config: HttpConfig, watch: Stopwatch) -> Answer:
    """A target that sends everybody to where Tocsin does not go is at fault itself."""
    try:
        return _ask(request, config, watch)
    except Blocked as error:
        raise Unwell(f"it redirected to {urlsplit(request.url).hostname}; {error}") from error


def _ask(request: Request, config: HttpConfig, watch: Stopwatch) -> Answer:
    parts = urlsplit(request.url)
    sent = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": USER_AGENT, "Accept": "*/*", **request.headers}
    backend = _Backend(watch)
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=connecting.trust(verify=config.verify), network_backend=backend
            ) as pool,
            pool.stream(request.method, request.url, headers=list(sent.items()), content=request.body) as response,
        ):
            with watch.phase("download"):
                body = _bounded(response.iter_stream())
            headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
            return Answer(status=response.status, location=headers.get(b"location", ""), body=body)
    except httpcore.TimeoutException as error:
        raise Unwell(watch.too_slow) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError) as error:
        raise Unwell(_why(error)) from error


def _why(error: Exception) -> str:
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__ or error.__context__ or error
    if isinstance(cause, ssl.SSLError):
        return f"its certificate or its TLS is not good: {connecting.words(cause)}"
    return f"it cannot be asked: {connecting.words(cause)}"


def _bounded(parts: Iterable[bytes]) -> bytes:
    read = b""
    for part in parts:
        read += part
        if len(read) >= LARGEST:
            break
    return read[:LARGEST]


def _judge(config: HttpConfig, answer: Answer, watch: Stopwatch) -> None:
    if not is_expected(answer.status, config.status):
        raise Unwell(f"it answered {answer.status}; {config.status} was expected")
    text = answer.body.decode("utf-8", errors="replace")
    if config.contains and config.contains not in text:
        raise Unwell(f"its answer does not contain “{config.contains[:_SHOWN]}”")
    if config.lacks and config.lacks in text:
        raise Unwell(f"its answer contains “{config.lacks[:_SHOWN]}”")
    if config.expression:
        _judge_json(config, text)
    if config.max_ms and watch.passed * 1000 > config.max_ms:
        raise Unwell(f"it took {watch.passed * 1000:.0f} ms; {config.max_ms} ms are allowed")


def _judge_json(config: HttpConfig, text: str) -> None:
    try:
        found = jmespath.search(config.expression, json.loads(text))
    except (ValueError, RecursionError) as error:
        raise Unwell(_no_json(error)) from error
    if config.equals:
        said = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        if said != config.equals:
            raise Unwell(f"`{config.expression}` is {said[:_SHOWN]}; {config.equals[:_SHOWN]} was expected")
    elif not found:
        raise Unwell(f"`{config.expression}` is not true in its answer")


def _no_json(error: Exception) -> str:
    if isinstance(error, JMESPathError):
        return f"the expression cannot be computed over its answer: {error}"
    return "its answer is not JSON"


class _Backend(httpcore.SyncBackend):
    """Connects to checked addresses only, and never longer than there is time."""

    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the stopwatch knows
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        last: Exception | None = None
        for address in connecting.resolved(host, port, self._watch):
            try:
                with self._watch.phase("connect"):
                    stream = super().connect_tcp(address, port, self._watch.left(), local_address, socket_options)
            except httpcore.ConnectError as error:
                last = error
            else:
                self._watch.facts["address"] = address
                return _Timed(stream, self._watch)
        raise last or Unwell(f"{host} has no address")


class _Timed(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, watch: Stopwatch) -> None:
        self._inner, self._watch = inner, watch
        self._has_answered = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the stopwatch knows
        if self._has_answered:
            return self._inner.read(max_bytes, self._watch.left())
        with self._watch.phase("wait"):
            read = self._inner.read(max_bytes, self._watch.left())
        self._has_answered = True
        return read

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the stopwatch knows
        self._inner.write(buffer, self._watch.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the stopwatch knows
    ) -> httpcore.NetworkStream:
        with self._watch.phase("TLS"):
            return _Timed(self._inner.start_tls(ssl_context, server_hostname, self._watch.left()), self._watch)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)

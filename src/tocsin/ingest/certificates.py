"""The certificates that SNS signs with: fetched once, from SNS's own addresses only, and kept for a day."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from tocsin import clock
from tocsin.channels import http
from tocsin.ingest.contract import Unavailable
from tocsin.ingest.outcomes import outcome

PATIENCE = 5.0  # seconds; SNS waits for 15
KEPT = 24 * 3600.0  # seconds
KEPT_FAILURE = 10.0
MOST = 16  # of them at a time, there or on their way
_LARGEST = 32 * 1024  # bytes

Fetch = Callable[[str], bytes]  # blocks; Unavailable

log = structlog.get_logger(__name__)


def fetch(url: str) -> bytes:
    try:
        answer = http.request("GET", url, most=_LARGEST)
    except (http.Refused, http.Unreachable) as error:
        raise Unavailable(str(error)) from error
    if answer.status != 200:  # noqa: PLR2004
        raise Unavailable(f"{url} answered {answer.status}")
    return answer.body


class Certificates:
    """Requests that need the same one wait for one fetch. Whoever cannot wait any longer is told to come again, and
    the fetch goes on for the next."""

    def __init__(self, fetch: Fetch = fetch, monotonic: Callable[[], float] = clock.monotonic) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._known: dict[str, tuple[asyncio.Future[bytes], float]] = {}  # and until when it is kept
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="tocsin-certificates")

    async def get(self, url: str) -> bytes:
        """`Unavailable` when it cannot be had, or not in time."""
        known = self._known.get(url)
        if known is None or self._monotonic() >= known[1]:
            known = self._known[url] = (self._start(url), self._monotonic() + KEPT)
        try:
            return await asyncio.wait_for(asyncio.shield(known[0]), PATIENCE)
        except TimeoutError as error:
            raise Unavailable("the certificate is still on its way") from error

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self, url: str) -> "asyncio.Future[bytes]":
        if len(self._known) >= MOST:
            self._forget()
        loop = asyncio.get_running_loop()
        coming: asyncio.Future[bytes] = loop.create_future()
        loop.create_task(self._bring(url, coming))  # noqa: RUF006 - `coming` is what is waited for
        return coming

    async def _bring(self, url: str, coming: "asyncio.Future[bytes]") -> None:
        found = await outcome(asyncio.get_running_loop().run_in_executor(self._threads, self._fetch, url))
        if isinstance(found, bytes):
            coming.set_result(found)
            return
        log.warning("could not fetch a certificate of SNS", url=url, error=str(found))
        self._known[url] = (coming, self._monotonic() + KEPT_FAILURE)
        coming.set_exception(Unavailable(f"the certificate cannot be fetched: {found}"))
        coming.exception()  # nobody may be waiting any more; that is no mistake to be logged

    def _forget(self) -> None:
        """What has come goes first; with all still on their way, nothing more is fetched."""
        for url in [url for url, (coming, _) in self._known.items() if coming.done()]:
            del self._known[url]
        if len(self._known) >= MOST:
            raise Unavailable("too many certificates are on their way")

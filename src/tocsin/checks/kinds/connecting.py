"""A connection to an address that was checked, with its phases timed."""

import socket
import ssl
from functools import lru_cache

from django.conf import settings

from tocsin.channels import http
from tocsin.checks.stopwatch import Blocked, Stopwatch, Unwell


def resolved(host: str, port: int, watch: Stopwatch) -> list[str]:
    """`Unwell` for a name that is not there, `Blocked` for addresses that Tocsin does not go to."""
    with watch.phase("DNS"):
        try:
            return http.resolved(host, port, private=settings.ALLOW_PRIVATE)
        except http.Unreachable as error:
            raise Unwell(str(error).rstrip(".")) from error
        except http.Refused as error:
            raise Blocked(str(error).rstrip(".")) from error


def connected(host: str, port: int, watch: Stopwatch) -> socket.socket:
    """To the first of its addresses that answers. `Unwell`, `Blocked`."""
    last = ""
    for address in resolved(host, port, watch):
        try:
            with watch.phase("connect"):
                found = socket.create_connection((address, port), timeout=watch.left())
        except TimeoutError as error:
            raise Unwell(watch.too_slow) from error
        except OSError as error:
            last = words(error)
        else:
            watch.facts["address"] = address
            return found
    raise Unwell(f"it cannot be connected to: {last}")


@lru_cache(maxsize=2)
def trust(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()  # reads the system's certificates: tens of milliseconds
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def words(error: BaseException) -> str:
    """What went wrong, in the system's own words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__

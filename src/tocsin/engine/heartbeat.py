"""The outbound dead-man's switch: something outside notices when Tocsin is dead, because this stops."""

from datetime import datetime

import structlog
from django.conf import settings

from tocsin.channels import http
from tocsin.channels.contract import Failed, Retry
from tocsin.health import problems

PROBLEM = "heartbeat"

log = structlog.get_logger(__name__)


def send(now: datetime) -> bool:
    """Fetch the operator's URL, if there is one. False when nothing there took it."""
    if not settings.HEARTBEAT_URL:
        return True
    error = _error(now)
    if error:
        log.warning("the heartbeat was not taken", error=error)
        detail = f"{error} Tocsin works, but nobody would notice when it does not. Check TOCSIN_HEARTBEAT_URL."
        problems.report(PROBLEM, "The heartbeat does not arrive", detail, "", now)
    else:
        problems.over(PROBLEM, now)
    return not error


def _error(now: datetime) -> str:
    try:
        result = http.verdict(http.request("GET", settings.HEARTBEAT_URL, by_operator=True), now)
    except (http.Refused, http.Unreachable) as error:
        return str(error)
    return result.error if isinstance(result, Retry | Failed) else ""

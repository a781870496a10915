"""Asking Prometheus how much of each budget is left. Done by the engine, never while somebody waits for a page."""

import base64
import json
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q

from tocsin import clock
from tocsin.channels import http
from tocsin.core.slo import Slo, budget_left, prom
from tocsin.core.slo_rules import error_ratio, recorded
from tocsin.slos.models import Objective, Reading, Server
from tocsin.slos.queries import value_of

EVERY = timedelta(minutes=1)
DAYS_EVERY = timedelta(hours=1)
DAYS = 30
LONGEST_ROUND = 20.0  # seconds: other errands wait behind this one
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_OK = 200

Ask = Callable[[str, dict[str, str]], list[Any]]


class Unread(Exception):
    """Prometheus did not say it; the text says why."""


def read_due(now: datetime, limit: int = 200) -> int:
    """How many were read. One round is bounded in time; who was left out is first in the next."""
    server = Server.objects.first()
    if server is None:
        return 0
    _prepare()
    due = Reading.objects.filter(Q(tried_at=None) | Q(tried_at__lte=now - EVERY))
    end, count = clock.monotonic() + LONGEST_ROUND, 0
    for row in due.order_by(F("tried_at").asc(nulls_first=True)).select_related("objective__service")[:limit]:
        if clock.monotonic() > end:
            break
        if _claimed(row, now):
            count += _read(server, row, now)
    return count


def _prepare() -> None:
    new = Objective.objects.filter(reading=None).values_list("pk", flat=True)
    Reading.objects.bulk_create([Reading(objective_id=pk) for pk in new], ignore_conflicts=True)


def _claimed(row: Reading, now: datetime) -> bool:
    """By this node alone."""
    return bool(Reading.objects.filter(pk=row.pk, tried_at=row.tried_at).update(tried_at=now))


def _read(server: Server, row: Reading, now: datetime) -> bool:
    try:
        figures = figures_of(value_of(row.objective), _asker(server), now, days=_wants_days(row, now))
    except Unread as error:
        Reading.objects.filter(pk=row.pk).update(error=str(error))
        return False
    Reading.objects.filter(pk=row.pk).update(read_at=now, error="", **figures)
    return True


def _wants_days(row: Reading, now: datetime) -> bool:
    return row.days_read_at is None or row.days_read_at <= now - DAYS_EVERY


def figures_of(slo: Slo, ask: Ask, now: datetime, *, days: bool) -> dict[str, object]:
    """`Unread` when Prometheus knows nothing of it. What its rules have recorded is asked for first: it is cheap."""
    whole = _ratio(slo, slo.window, ask, now)
    if whole is None:
        raise Unread("Prometheus found no events for these queries. Try them there, with 1d for $window.")
    hour = _ratio(slo, _HOUR, ask, now)
    found: dict[str, object] = {"left": budget_left(whole, slo.budget)}
    found["burn"] = None if hour is None else hour / float(slo.budget)
    return found | ({"days": _days(slo, ask, now), "days_read_at": now} if days else {})


def _ratio(slo: Slo, window: timedelta, ask: Ask, now: datetime) -> float | None:
    for query in (recorded(slo, window), error_ratio(slo.indicator, prom(window))):
        answered = ask("query", {"query": query, "time": _at(now)})
        if answered:
            return _numbers(answered[0], "value")[-1][1]
    return None


def _days(slo: Slo, ask: Ask, now: datetime) -> list[float | None]:
    """The burn of each day up to now, oldest first."""
    start = now - _DAY * (DAYS - 1)
    asked = {"query": error_ratio(slo.indicator, "1d"), "start": _at(start), "end": _at(now), "step": "1d"}
    answered = ask("query_range", asked)
    found = _numbers(answered[0], "values") if answered else []
    ratios = {round(at - start.timestamp()): ratio for at, ratio in found}
    each = [ratios.get(day * int(_DAY.total_seconds())) for day in range(DAYS)]
    return [None if ratio is None else ratio / float(slo.budget) for ratio in each]


def _asker(server: Server) -> Ask:
    def ask(way: str, parameters: dict[str, str]) -> list[Any]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **_credentials(server)}
        try:
            body = urlencode(parameters).encode()
            answer = http.request("POST", f"{server.url}/api/v1/{way}", body, headers)
        except (http.Refused, http.Unreachable) as error:
            raise Unread(str(error)) from error
        return _result(answer)

    return ask


def _credentials(server: Server) -> dict[str, str]:
    if not server.secret:
        return {}
    if not server.user:
        return {"Authorization": f"Bearer {server.secret}"}
    pair = base64.b64encode(f"{server.user}:{server.secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _result(answer: http.Answer) -> list[Any]:
    """The series in an answer; `Unread` for everything that is not Prometheus's."""
    try:
        said = json.loads(answer.body)
        if answer.status == _OK and said["status"] == "success" and isinstance(said["data"]["result"], list):
            return said["data"]["result"]
        reason = str(said["error"])[:300]
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = answer.body[:200].decode(errors="replace").strip() or "nothing"
    raise Unread(f"Prometheus answered {answer.status}: {reason}")


def _numbers(series: Any, name: str) -> list[tuple[float, float | None]]:  # noqa: ANN401 - somebody else’s JSON
    """Times and values of a series. None for NaN: nothing happened, so there is no share of it."""
    try:
        read = [series[name]] if name == "value" else series[name]
        return [(float(at), _finite(float(text))) for at, text in read]
    except (KeyError, TypeError, ValueError) as error:
        raise Unread("Prometheus answered with something that is no series of numbers.") from error


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _at(at: datetime) -> str:
    return f"{at.timestamp():.3f}"

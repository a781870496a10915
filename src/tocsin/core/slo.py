"""Service level objectives: what is promised, how fast an error budget burns, and when that should page.

The alerts are the multi-window, multi-burn-rate ones of the Google SRE workbook, chapter 5, table 5-8. Each pair of
windows is tied to a share of the error budget; the burn rate follows from it: share × SLO window / long window.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from tocsin.core.signals import Severity

SHORTEST_WINDOW, LONGEST_WINDOW = 7, 90  # days
LOWEST_OBJECTIVE, HIGHEST_OBJECTIVE = Decimal(50), Decimal("99.999")  # percent

_SHARES = (
    # long window, short window (a twelfth), share of the budget in hundredths, what its alert does
    (timedelta(hours=1), timedelta(minutes=5), 2, Severity.CRITICAL),
    (timedelta(hours=6), timedelta(minutes=30), 5, Severity.CRITICAL),
    (timedelta(days=1), timedelta(hours=2), 10, Severity.WARNING),
    (timedelta(days=3), timedelta(hours=6), 10, Severity.WARNING),
)
_LEAST_BURN = Decimal(1)  # a budget that burns slower outlives its window
_OF_AN_OUTAGE = Decimal(
    "0.9"
)  # a threshold is at most this part of what a complete outage burns, or it could never fire
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class Kind(StrEnum):
    """How the indicator is told: which two counts are divided."""

    GOOD = "good"  # good events and all events
    ERRORS = "errors"  # bad events and all events
    LATENCY = "latency"  # a histogram: what was quick enough, and its count


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """PromQL with `$window` or `{{window}}` where the range stands. Which fields are used depends on the kind."""

    kind: Kind
    part: str = ""  # good or bad events
    total: str = ""
    histogram: str = ""  # name without _bucket
    selector: str = ""  # label matchers, without braces
    threshold: str = ""  # the `le` that is quick enough, as the metric writes it


@dataclass(frozen=True, kw_only=True)
class Slo:
    name: str
    slug: str
    service: str  # slug
    service_name: str
    objective: Decimal  # percent: 99.9
    window: timedelta  # whole days
    indicator: Indicator
    runbook_url: str = ""
    dashboard_url: str = ""
    url: str = ""  # where people read about it
    least_requests: int = 0  # below so many in the long window nothing fires; 0: no such guard

    @property
    def budget(self) -> Decimal:
        """The share of events that may be bad: 0.001 at 99.9 %."""
        return 1 - self.objective / 100


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two windows that both burn faster than `burn`: the long one says that it matters, the short one that it lasts."""

    long: timedelta
    short: timedelta
    burn: Decimal
    severity: Severity

    def threshold(self, budget: Decimal) -> Decimal:
        """The share of bad events above which it fires."""
        return self.burn * budget

    def share(self, window: timedelta) -> float:
        """How much of the budget is gone when it fires, if the burn is exactly at its threshold."""
        return float(self.burn) * (self.long / window)


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What becomes of a constant burn that begins after good times."""

    burn: Decimal
    page_after: timedelta | None  # None: it never pages
    ticket_after: timedelta | None
    spent: float | None  # share of the budget at the first of both
    exhausts_after: timedelta | None  # the whole budget; None: it lasts


def pairs(objective: Decimal, window: timedelta) -> tuple[Pair, ...]:
    """The fastest first. Left out is a pair that would fire at no lower burn than the one before it."""
    most = (_OF_AN_OUTAGE / (1 - objective / 100)).quantize(Decimal("0.001"))
    kept: list[Pair] = []
    for long, short, hundredths, severity in _SHARES:
        burn = max(_LEAST_BURN, min(most, _burn(hundredths, window, long)))
        if not kept or burn < kept[-1].burn:
            kept.append(Pair(long=long, short=short, burn=burn, severity=severity))
    return tuple(kept)


def detect_after(pair: Pair, burn: Decimal) -> timedelta | None:
    """How long a constant burn lasts until the pair fires; its long window is the last to fill."""
    return pair.long * float(pair.burn / burn) if burn > pair.burn else None


def reset_after(of: Iterable[Pair], burn: Decimal, lasted: timedelta) -> timedelta:
    """How long after its end a burn is still heard: until the short window of each pair that fired has run low."""
    ends = [pair.short * float(1 - pair.burn / burn) for pair in of if _fired(pair, burn, lasted)]
    return max(ends, default=timedelta())


def detection(of: Iterable[Pair], burn: Decimal, window: timedelta) -> Detection:
    times = [(found, pair) for pair in of if (found := detect_after(pair, burn)) is not None]
    first = min((found for found, _ in times), default=None)
    return Detection(
        burn=burn,
        page_after=min((found for found, pair in times if pair.severity is Severity.CRITICAL), default=None),
        ticket_after=min((found for found, pair in times if pair.severity is Severity.WARNING), default=None),
        spent=None if first is None else spent(burn, first, window),
        exhausts_after=window / float(burn) if burn >= 1 else None,
    )


def detections(slo: Slo) -> list[Detection]:
    """For a complete outage, and for burns that people can picture."""
    of, outage = pairs(slo.objective, slo.window), 1 / slo.budget
    burns = sorted({b for b in map(Decimal, ("1", "1.5", "2", "5", "10", "20", "100")) if b < outage}, reverse=True)
    return [detection(of, burn, slo.window) for burn in (outage, *burns)]


def spent(burn: Decimal, lasted: timedelta, window: timedelta) -> float:
    """The share of the budget that a burn takes: all of it when it is 1 and lasts as long as the window."""
    return float(burn) * (lasted / window)


def budget_left(error_ratio: float, budget: Decimal) -> float:
    """From 1 (nothing spent) through 0 (all spent) below."""
    return 1 - error_ratio / float(budget)


def prom(length: timedelta) -> str:
    """As Prometheus writes it, in its largest whole unit: “5m”, “6h”, “30d”."""
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (timedelta(minutes=1), "m")):
        if not length % unit:
            return f"{length // unit}{letter}"
    return f"{length // timedelta(seconds=1)}s"


def plain(number: Decimal) -> str:
    """Without an exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _burn(hundredths: int, window: timedelta, long: timedelta) -> Decimal:
    exact = Decimal(hundredths * (window // _HOUR)) / (100 * (long // _HOUR))
    return exact.quantize(Decimal("0.001"), ROUND_HALF_UP)


def _fired(pair: Pair, burn: Decimal, lasted: timedelta) -> bool:
    found = detect_after(pair, burn)
    return found is not None and found <= lasted

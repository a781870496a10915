"""A month of burn as a small picture: where each day's bar stands and how high it is. Templates draw it as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.permissions import Actor
from tocsin.core.slo import plain, prom
from tocsin.services.models import Service
from tocsin.slos import queries
from tocsin.slos.models import Objective, Reading

WIDTH, HEIGHT = 240, 40
_TALLEST = 4.0  # times the budget; a bar that would be taller is cut
_STEP = 8


@dataclass(frozen=True, kw_only=True)
class Bar:
    x: int
    y: float
    height: float
    title: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    bars: list[Bar]
    line: float  # where a burn of 1 is
    words: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An SLO with what is known of its budget."""

    slo: Objective
    promise: str  # “99.9 % over 30d”
    reading: Reading | None
    left: float | None  # percent
    state: str  # ok, defect (burns too fast), failed (nothing left), unknown
    chart: Chart | None


def of_service(actor: Actor, service: Service) -> list[Shown]:
    return [shown(row) for row in queries.of_service(actor, service)]


def shown(row: Objective) -> Shown:
    reading: Reading | None = getattr(row, "reading", None)
    left = None if reading is None or reading.left is None else 100 * reading.left
    return Shown(
        slo=row,
        promise=f"{plain(row.objective)} % over {prom(timedelta(days=row.window_days))}",
        reading=reading,
        left=left,
        state=_state(reading),
        chart=chart(reading) if reading else None,
    )


def chart(reading: Reading) -> Chart | None:
    """None until there is anything to draw."""
    days: Sequence[float | None] = reading.days
    known = [burn for burn in days if burn is not None]
    if not known or reading.days_read_at is None:
        return None
    over = sum(burn > 1 for burn in known)
    words = f"Burn of each of the last {len(days)} days, of which {over} of {len(known)} burnt more than is allowed"
    first = reading.days_read_at - timedelta(days=len(days) - 1)
    bars = [_bar(i, burn, first + timedelta(days=i)) for i, burn in enumerate(days) if burn is not None]
    return Chart(bars=bars, line=HEIGHT - HEIGHT / _TALLEST, words=words)


def _state(reading: Reading | None) -> str:
    if reading is None or reading.left is None:
        return "unknown"
    if reading.left <= 0:
        return "failed"
    return "defect" if reading.burn is not None and reading.burn > 1 else "ok"


def _bar(index: int, burn: float, day: datetime) -> Bar:
    height = max(1.0, HEIGHT * min(max(burn, 0.0), _TALLEST) / _TALLEST)
    return Bar(
        x=index * _STEP,
        y=round(HEIGHT - height, 1),
        height=round(height, 1),
        title=f"{day:%a} {day.day} {day:%b}: {burn:.1f} times",
        tone="red" if burn > 1 else "green",
    )

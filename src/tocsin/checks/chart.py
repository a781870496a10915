"""Response times as a picture: one bar for each stretch of the time shown. Templates draw it as SVG."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import localtime

BARS = 96
WIDTH, HEIGHT = 960, 120  # of the view box
_GAP = 1.5
_LOWEST = 2.0  # of a bar, so that a quick answer is seen too


@dataclass(frozen=True, kw_only=True)
class Point:
    at: datetime
    seconds: float | None
    is_ok: bool


@dataclass(frozen=True, kw_only=True)
class Bar:
    x: str
    width: str
    y: str
    height: str
    title: str
    is_ok: bool


@dataclass(frozen=True, kw_only=True)
class Chart:
    bars: list[Bar]
    top: str  # what the full height stands for; empty when nothing answered as it should
    average: str
    failures: int
    count: int


def draw(points: Iterable[Point], since: datetime, now: datetime) -> Chart | None:
    """None when there is nothing to show."""
    step = (now - since) / BARS
    found: dict[int, list[Point]] = {}
    for point in points:
        found.setdefault(min(BARS - 1, int((point.at - since) / step)), []).append(point)
    times = [p.seconds for of in found.values() for p in of if p.seconds is not None and p.is_ok]
    if not found:
        return None
    top = max((_mean(of) for of in found.values()), default=0.0) or 1.0
    return Chart(
        bars=[_bar(place, of, top, since + step * place, step) for place, of in sorted(found.items())],
        top=milliseconds(top) if times else "",
        average=milliseconds(sum(times) / len(times)) if times else "–",
        failures=sum(not p.is_ok for of in found.values() for p in of),
        count=sum(map(len, found.values())),
    )


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"  # noqa: PLR2004 - from ten seconds on


def _bar(place: int, points: list[Point], top: float, begins: datetime, step: timedelta) -> Bar:
    failed = sum(not p.is_ok for p in points)
    mean = _mean(points)
    height = HEIGHT if failed else max(_LOWEST, HEIGHT * mean / top)
    wide = WIDTH / BARS
    said = f"{failed} of {len(points)} failed" if failed else f"{milliseconds(mean)} on average of {len(points)}"
    return Bar(
        x=f"{place * wide:.2f}",
        width=f"{wide - _GAP:.2f}",
        y=f"{HEIGHT - height:.2f}",
        height=f"{height:.2f}",
        title=f"{localtime(begins):%d %b %H:%M}–{localtime(begins + step):%H:%M}: {said}",
        is_ok=not failed,
    )


def _mean(points: Iterable[Point]) -> float:
    times = [p.seconds for p in points if p.is_ok and p.seconds is not None]
    return sum(times) / len(times) if times else 0.0

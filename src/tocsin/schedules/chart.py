"""A schedule as a picture: where each bar begins and how long it is, in percent. Templates draw it as SVG."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from tocsin.core.rota import Fixed, Layer, Rota, Segment, final
from tocsin.schedules.models import Override
from tocsin.schedules.stretches import stretches

_SHORT = 4.0  # percent: below it a bar has room for initials only
_TINY = 2.0  # and below that for nothing
_MOST_DAY_NAMES = 21  # more days than this are named by the week


@dataclass(frozen=True, kw_only=True)
class Bar:
    x: str  # “12.500%”
    width: str
    label: str
    title: str
    kind: str  # shift, mine, gap, shadow
    starts: int  # seconds since 1970, from when it can be overridden
    ends: int
    is_over: bool
    instead_of: int = 0  # whom an override of this bar would stand in for; 0: nobody or several


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    kind: str  # layer, override, final
    bars: list[Bar]


@dataclass(frozen=True, kw_only=True)
class Day:
    x: str
    width: str
    name: str  # empty where there is no room
    is_weekend: bool


@dataclass(frozen=True, kw_only=True)
class Chart:
    rows: list[Row]
    days: list[Day]
    now_x: str  # empty when now is outside


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What is looked at, by whom."""

    start: datetime
    end: datetime
    now: datetime
    zone: tzinfo
    names: Mapping[int, str]
    viewer: int | None = None

    def x(self, at: datetime) -> float:
        return 100 * (min(max(at, self.start), self.end) - self.start) / (self.end - self.start)


def chart(rota: Rota, overrides: Iterable[Override], frame: Frame) -> Chart:
    """Layers, then overrides, then the final schedule. `Unloadable` for a broken rota."""
    layers = [_layer(rota, layer, frame) for layer in rota.layers]
    whole = final(rota, frame.start, frame.end)
    last = Row(name="Final schedule", kind="final", bars=[_bar(s, frame, shadows=False) for s in stretches(whole)])
    now_x = f"{frame.x(frame.now):.3f}%" if frame.start < frame.now < frame.end else ""
    return Chart(rows=[*layers, *_lanes(overrides, frame), last], days=_days(frame), now_x=now_x)


def people_of(rota: Rota, overrides: Iterable[Override]) -> set[int]:
    """Everybody whose name the picture needs."""
    layered = {p for layer in rota.layers if isinstance(layer, Layer) for slot in layer.slots for p in slot}
    fixed = {p for layer in rota.layers if isinstance(layer, Fixed) for _, _, people in layer.shifts for p in people}
    return layered | fixed | {o.person for o in rota.overrides} | {row.user_id for row in overrides}


def _layer(rota: Rota, layer: Layer | Fixed, frame: Frame) -> Row:
    alone = final(Rota(time_zone=rota.time_zone, layers=(layer,)), frame.start, frame.end)
    bars = [_bar(s, frame) for s in alone if s.people or s.shadows]
    return Row(name=f"{layer.name} (shadow)" if layer.shadow else layer.name, kind="layer", bars=bars)


def _lanes(overrides: Iterable[Override], frame: Frame) -> list[Row]:
    """Those that overlap are drawn below each other."""
    lanes: list[list[Override]] = []
    for row in overrides:
        if row.starts_at < frame.end and row.ends_at > frame.start:
            free = next((lane for lane in lanes if lane[-1].ends_at <= row.starts_at), None)
            if free is None:
                lanes.append([row])
            else:
                free.append(row)
    return [
        Row(name="" if number else "Overrides", kind="override", bars=[_override(row, frame) for row in lane])
        for number, lane in enumerate(lanes)
    ]


def _override(row: Override, frame: Frame) -> Bar:
    segment = Segment(starts_at=row.starts_at, ends_at=row.ends_at, people=(row.user_id,), sources=(row.note,))
    return _bar(segment, frame)


def _bar(segment: Segment, frame: Frame, *, shadows: bool = True) -> Bar:
    """Somebody who only walks along fills no gap: the final schedule draws no `shadows`."""
    x, width = frame.x(segment.starts_at), frame.x(segment.ends_at) - frame.x(segment.starts_at)
    names = [frame.names.get(p, "?") for p in segment.people or (segment.shadows if shadows else ())]
    return Bar(
        x=f"{x:.3f}%",
        width=f"{width:.3f}%",
        label=_label(names, width),
        title=f"{', '.join(names) or 'Nobody'}: {_span(segment, frame)}",
        kind=_kind(segment, frame.viewer, shadows=shadows),
        starts=_seconds(max(segment.starts_at, frame.now.replace(second=0))),
        ends=_seconds(segment.ends_at),
        is_over=segment.ends_at <= frame.now,
        instead_of=segment.people[0] if len(segment.people) == 1 else 0,
    )


def _label(names: list[str], width: float) -> str:
    if width < _TINY:
        return ""
    return ", ".join(short(name) if width >= _SHORT else initials(name) for name in names or ["Gap"])


def _kind(segment: Segment, viewer: int | None, *, shadows: bool) -> str:
    if not segment.people:
        return "shadow" if segment.shadows and shadows else "gap"
    return "mine" if viewer in segment.people else "shift"


def _days(frame: Frame) -> list[Day]:
    edges = list(_midnights(frame))
    named_daily = len(edges) <= _MOST_DAY_NAMES + 1
    return [_day(low, high, frame, named_daily=named_daily) for low, high in pairwise(edges)]


def _day(low: datetime, high: datetime, frame: Frame, *, named_daily: bool) -> Day:
    is_named = named_daily or low.weekday() == 0
    return Day(
        x=f"{frame.x(low):.3f}%",
        width=f"{frame.x(high) - frame.x(low):.3f}%",
        name=f"{low:%a} {low.day}" if named_daily else f"Mon {low.day} {low:%b}" if is_named else "",
        is_weekend=low.weekday() >= 5,  # noqa: PLR2004 - Saturday
    )


def _midnights(frame: Frame) -> Sequence[datetime]:
    """In the viewer's zone, so that a day of 23 hours is drawn as one."""
    first = frame.start.astimezone(frame.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    count = (frame.end - frame.start).days + 2
    days = (first + timedelta(days=number) for number in range(count))
    return [day for day in days if day.astimezone(UTC) <= frame.end]


def _span(segment: Segment, frame: Frame) -> str:
    low, high = (at.astimezone(frame.zone) for at in (segment.starts_at, segment.ends_at))
    return f"{low:%a} {low.day} {low:%b} {low:%H:%M} to {high:%a} {high.day} {high:%b} {high:%H:%M}"


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def short(name: str) -> str:
    return name.split(maxsplit=1)[0] if name.split() else name


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2])

"""What being on call costs people: pages, broken nights, evenings and weekends; and whether a team shares it fairly.

Lengths are measured between instants, days and nights on the person's own wall: the night on which clocks change has
the hour more or less that the person really sat through.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.core.wall import on_wall, zone_of

PAGES_A_SHIFT = 2  # fewer than this is the aim
WAKE_UPS_A_WEEK = 2  # more than this is flagged
NIGHT_BEGINS, NIGHT_ENDS = time(22), time(8)
ONE_WAKE_UP = timedelta(minutes=30)  # pages this soon after the first of a wake-up do not wake anybody again
_DAY = timedelta(days=1)
_SATURDAY = 5
_CENT = Decimal("0.01")


class Kind(StrEnum):
    """What a minute on call is. The first that fits, from the last to the first."""

    WORKING = "working hours"
    OFF_HOURS = "off-hours"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One person's uninterrupted stretch on call in one schedule."""

    starts_at: datetime  # aware, inclusive
    ends_at: datetime  # aware, exclusive


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A person's own days."""

    zone: str
    works_from: time = time(9)
    works_until: time = time(17)  # not after `works_from`: there are no working hours
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Page:
    """That a person was notified of one alert; by however many methods, it is one page."""

    at: datetime
    subject: int  # what it was about


@dataclass(frozen=True, kw_only=True)
class Load:
    """One person's time on call in a period."""

    shifts: int
    pages: int  # in the period, on a shift or not
    pages_on_shift: int
    busiest: int  # pages in the shift that had the most
    busy_shifts: int  # with as many pages as the aim forbids, or more
    minutes: Mapping[Kind, int]
    wake_ups: Mapping[date, int]  # by the Monday of the week, only weeks that have some

    @property
    def on_call(self) -> int:
        return sum(self.minutes.values())

    @property
    def off_hours(self) -> int:
        """Minutes outside of working hours, weekends and holidays among them."""
        return self.on_call - self.minutes[Kind.WORKING]

    @property
    def woken(self) -> int:
        return sum(self.wake_ups.values())

    @property
    def flagged(self) -> tuple[date, ...]:
        return tuple(week for week, count in sorted(self.wake_ups.items()) if count > WAKE_UPS_A_WEEK)

    @property
    def pages_a_shift(self) -> float | None:
        return self.pages_on_shift / self.shifts if self.shifts else None


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What a team pays: money for each hour of a kind, and time off for each time somebody was woken."""

    an_hour: Mapping[Kind, Decimal]
    minutes_a_wake_up: int = 0


@dataclass(frozen=True, kw_only=True)
class Due:
    """What a person is due."""

    money: Mapping[Kind, Decimal]
    minutes_off: int

    @property
    def total(self) -> Decimal:
        return sum(self.money.values(), Decimal())


def load(shifts: Iterable[Shift], pages: Iterable[Page], calendar: Calendar, start: datetime, end: datetime) -> Load:
    """Of the period [start, end): shifts are cut at its edges, pages outside of it are not looked at."""
    cut = list(_clipped(shifts, start, end))
    seen = [page for page in pages if start <= page.at < end]
    per_shift = [len({page.subject for page in seen if s.starts_at <= page.at < s.ends_at}) for s in cut]
    return Load(
        shifts=len(cut),
        pages=len({page.subject for page in seen}),
        pages_on_shift=sum(per_shift),
        busiest=max(per_shift, default=0),
        busy_shifts=sum(count >= PAGES_A_SHIFT for count in per_shift),
        minutes=minutes(cut, calendar),
        wake_ups=wake_ups((page.at for page in seen), calendar.zone),
    )


def minutes(shifts: Iterable[Shift], calendar: Calendar) -> dict[Kind, int]:
    """Whole minutes on call by kind. Who is on call in two schedules at once is on call once."""
    found = dict.fromkeys(Kind, timedelta())
    for shift in merged(shifts):
        for kind, starts, ends in _pieces(shift, calendar):
            found[kind] += ends - starts
    return {kind: length // timedelta(minutes=1) for kind, length in found.items()}


def merged(shifts: Iterable[Shift]) -> list[Shift]:
    """The same time, in order and without overlaps."""
    found: list[Shift] = []
    for shift in sorted(shifts, key=lambda s: s.starts_at):
        if found and shift.starts_at <= found[-1].ends_at:
            last = found.pop()
            found.append(Shift(starts_at=last.starts_at, ends_at=max(last.ends_at, shift.ends_at)))
        else:
            found.append(shift)
    return found


def wake_ups(times: Iterable[datetime], zone: str) -> dict[date, int]:
    """By week: how often somebody was woken between 22:00 and 08:00 on their own wall.

    A night belongs to the day on whose evening it begins, so the one from Sunday to Monday ends the week.
    """
    found = defaultdict[date, int](int)
    last: datetime | None = None
    for at in sorted(at.astimezone(UTC) for at in times):
        evening = _evening(at.astimezone(zone_of(zone)))
        if evening is None or (last is not None and at - last < ONE_WAKE_UP):
            continue
        last = at
        found[evening - timedelta(days=evening.weekday())] += 1
    return dict(found)


def fairness(burdens: Collection[float]) -> float | None:
    """Jain's index of how evenly a burden is shared: 1 when all bear the same, 1/n when one of n bears it all."""
    total, squares = sum(burdens), sum(burden * burden for burden in burdens)
    return total * total / (len(burdens) * squares) if squares else None


def due(of: Load, rates: Rates) -> Due:
    """Each kind rounded to the cent by itself, so that the rows of a report add up to its total."""
    money = {kind: _money(of.minutes[kind], rates.an_hour.get(kind, Decimal())) for kind in Kind}
    return Due(money=money, minutes_off=of.woken * rates.minutes_a_wake_up)


def _money(count: int, an_hour: Decimal) -> Decimal:
    return (an_hour * count / 60).quantize(_CENT, ROUND_HALF_UP)


def _clipped(shifts: Iterable[Shift], start: datetime, end: datetime) -> Iterator[Shift]:
    for shift in shifts:
        low, high = max(shift.starts_at, start), min(shift.ends_at, end)
        if low < high:
            yield Shift(starts_at=low, ends_at=high)


def _evening(at: datetime) -> date | None:
    if at.time() >= NIGHT_BEGINS:
        return at.date()
    return at.date() - _DAY if at.time() < NIGHT_ENDS else None


def _pieces(shift: Shift, calendar: Calendar) -> Iterator[tuple[Kind, datetime, datetime]]:
    """The shift cut where its kind changes."""
    zone = zone_of(calendar.zone)
    day, last = (at.astimezone(zone).date() for at in (shift.starts_at, shift.ends_at))
    while day <= last:
        for kind, starts, ends in _parts_of(day, calendar, zone):
            low, high = max(starts, shift.starts_at), min(ends, shift.ends_at)
            if low < high:
                yield kind, low, high
        day += _DAY


def _parts_of(day: date, calendar: Calendar, zone: ZoneInfo) -> Iterator[tuple[Kind, datetime, datetime]]:
    """A whole day, from midnight to midnight."""
    begins, ends = on_wall(day, time(), zone), on_wall(day + _DAY, time(), zone)
    if day in calendar.holidays:
        yield Kind.HOLIDAY, begins, ends
    elif day.weekday() >= _SATURDAY:
        yield Kind.WEEKEND, begins, ends
    elif calendar.works_from >= calendar.works_until:
        yield Kind.OFF_HOURS, begins, ends
    else:
        opens, closes = on_wall(day, calendar.works_from, zone), on_wall(day, calendar.works_until, zone)
        yield Kind.OFF_HOURS, begins, opens
        yield Kind.WORKING, opens, closes
        yield Kind.OFF_HOURS, closes, ends

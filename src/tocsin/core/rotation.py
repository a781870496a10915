"""One layer by itself: whose turn it is, from when to when.

A rotation's handoffs are computed on the wall and only then placed on the time line, so a handoff at 09:00 is at 09:00
on both sides of a change of clocks: a weekly shift over the change lasts 167 or 169 hours, not 168. That holds for
rotations by the hour too: every 12 hours from 09:00 means 09:00 and 21:00, on every day of the year.
"""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from tocsin.core.wall import DAY, SECOND, Unloadable, day_number, day_of, instant, local, place, time_of_day


class Unit(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """On these weekdays, from `starts` to `ends` on the wall; over midnight when `ends` is not after `starts`."""

    weekdays: frozenset[int]  # 0 Monday … 6 Sunday: the day on which the window begins
    starts: time
    ends: time


@dataclass(frozen=True, kw_only=True)
class Layer:
    name: str
    unit: Unit
    every: int  # ≥ 1: the length of a turn, in units
    starts_on: date  # the day of the first handoff
    handoff_at: time  # wall time, naive
    until: datetime | None = None  # aware; from then on nobody of this layer is on call
    slots: tuple[tuple[int, ...], ...]  # the people of each turn, in order; none: the layer has nobody
    restrictions: tuple[Restriction, ...] = ()  # none: always
    shadow: bool = False  # its people are told, and are never responsible


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A layer whose shifts were decided elsewhere, such as an imported calendar."""

    name: str
    shifts: tuple[tuple[datetime, datetime, tuple[int, ...]], ...]  # aware; starts, ends, people
    shadow: bool = False


Span = tuple[int, int, tuple[int, ...]]
"""Starts, ends (instants, see `core.wall`), people."""

_MONTHS_A_YEAR = 12


def spans(layer: Layer | Fixed, zone: ZoneInfo, start: int, end: int) -> list[Span]:
    """The layer's shifts that meet [start, end), clipped to it, in order, not overlapping."""
    if isinstance(layer, Fixed):
        return _fixed_spans(layer, start, end)
    if layer.until is not None:
        end = min(end, instant(layer.until))
    if not any(layer.slots) or start >= end:
        return []
    turns = list(_turns(layer, zone, start, end))
    if not layer.restrictions:
        return turns
    return _within(turns, _windows(layer.restrictions, zone, start, end))


def _turns(layer: Layer, zone: ZoneInfo, start: int, end: int) -> Iterator[Span]:
    if layer.every < 1:
        raise Unloadable(f"layer {layer.name}: the rotation must be at least one {layer.unit} long")
    handoff = _monthly(layer) if layer.unit is Unit.MONTH else _regular(layer)
    turn = _turn_before(layer, local(start, zone))
    begins = place(handoff(turn), zone)
    while begins < end:
        ends = place(handoff(turn + 1), zone)
        people = layer.slots[turn % len(layer.slots)]
        if ends > start and ends > begins and people:
            yield max(begins, start), min(ends, end), people
        turn, begins = turn + 1, ends


def _turn_before(layer: Layer, wall: int) -> int:
    """The turn under way at `wall`, or one before it; 0 before the first.

    Never one after it: where clocks go back, a wall time comes again after a handoff that lay behind it.
    """
    if layer.unit is Unit.MONTH:
        day = day_of(wall // DAY)
        months = (day.year - layer.starts_on.year) * _MONTHS_A_YEAR + day.month - layer.starts_on.month
        return max(0, months // layer.every - 1)
    return max(0, (wall - _first(layer)) // (_LENGTHS[layer.unit] * layer.every))


_LENGTHS = {Unit.HOUR: 3600 * SECOND, Unit.DAY: DAY, Unit.WEEK: 7 * DAY}


def _first(layer: Layer) -> int:
    return day_number(layer.starts_on) * DAY + time_of_day(layer.handoff_at)


def _regular(layer: Layer) -> Callable[[int], int]:
    """Turn → the wall time at which it begins."""
    first, length = _first(layer), _LENGTHS[layer.unit] * layer.every
    return lambda turn: first + length * turn


def _monthly(layer: Layer) -> Callable[[int], int]:
    """The same by the month: one that begins on the 31st hands off on the last day of shorter months, and on the 31st
    again after them."""
    start, at = layer.starts_on, time_of_day(layer.handoff_at)

    def handoff(turn: int) -> int:
        years, month = divmod(start.month - 1 + layer.every * turn, _MONTHS_A_YEAR)
        year = start.year + years
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return day_number(date(year, month + 1, day)) * DAY + at

    return handoff


def _windows(restrictions: tuple[Restriction, ...], zone: ZoneInfo, start: int, end: int) -> list[tuple[int, int]]:
    """When the restrictions let the layer be on call: in order, merged."""
    rules = [(r.weekdays, time_of_day(r.starts), time_of_day(r.ends)) for r in restrictions]
    found: list[tuple[int, int]] = []
    for day in range(local(start, zone) // DAY - 1, local(end, zone) // DAY + 1):
        weekday, midnight = (day + _THURSDAY) % 7, day * DAY
        for weekdays, opens, closes in rules:
            if weekday in weekdays:
                closing = midnight + closes if closes > opens else midnight + DAY + closes
                found.append((place(midnight + opens, zone), place(closing, zone)))
    found.sort()
    return _merged(found)


_THURSDAY = 3  # 1970-01-01


def _merged(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for starts, ends in windows:
        if merged and starts <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((starts, ends))
    return merged


def _within(turns: list[Span], windows: list[tuple[int, int]]) -> list[Span]:
    """The parts of the turns that lie in the windows; both in order."""
    kept: list[Span] = []
    index = 0
    for begins, ends, people in turns:
        while index < len(windows) and windows[index][1] <= begins:
            index += 1
        at = index
        while at < len(windows) and windows[at][0] < ends:
            low, high = max(begins, windows[at][0]), min(ends, windows[at][1])
            if low < high:
                kept.append((low, high, people))
            at += 1
    return kept


def _fixed_spans(layer: Fixed, start: int, end: int) -> list[Span]:
    """Where imported shifts overlap, everybody of them is on call, in the order in which the shifts are given."""
    shifts = [(instant(s), instant(e), people) for s, e, people in layer.shifts]
    met = [(max(s, start), min(e, end), people) for s, e, people in shifts if s < end and e > start and s < e]
    coming = sorted(range(len(met)), key=lambda number: -met[number][0])  # the soonest last
    edges = sorted({edge for s, e, _ in met for edge in (s, e)})
    found: list[Span] = []
    running: list[int] = []
    for low, high in pairwise(edges):
        while coming and met[coming[-1]][0] <= low:
            running.append(coming.pop())
        running = sorted(number for number in running if met[number][1] > low)
        people = tuple(dict.fromkeys(p for number in running for p in met[number][2]))
        if people:
            found.append((low, high, people))
    return found

"""The final schedule: who is on call at any instant, and why.

One resolver for paging, preview, API, calendar feeds, gap finder and reports. Layers are laid over each other, the
higher where it has somebody; a replacement's layers stand in for them while it lasts; overrides change what is there,
in the order in which they were made; shadows walk along. `on_call` and `final` agree at every instant
(tests/core/test_rota_properties.py).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from itertools import pairwise
from operator import attrgetter

from tocsin.core.rotation import Fixed, Layer, Span, spans
from tocsin.core.wall import Unloadable, instant, moment, zone_of

__all__ = [
    "Change",
    "Fixed",
    "Layer",
    "Override",
    "Replacement",
    "Rota",
    "Segment",
    "Unloadable",
    "final",
    "gaps",
    "on_call",
    "swap",
]


class Change(StrEnum):
    REPLACE = "replace"  # the person instead of everybody, or of `instead_of` where that one is on call
    ADD = "add"  # the person beside whoever is on call
    REMOVE = "remove"  # the person steps out; nobody takes over


@dataclass(frozen=True, kw_only=True)
class Override:
    change: Change = Change.REPLACE
    person: int
    instead_of: int | None = None
    starts_at: datetime  # aware, inclusive
    ends_at: datetime  # aware, exclusive
    source: str = "override"  # "override", "swap with Grace"


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """Other layers for a while: holidays, an incident week. Where two overlap the later given counts."""

    name: str
    starts_at: datetime
    ends_at: datetime
    layers: tuple[Layer | Fixed, ...]


@dataclass(frozen=True, kw_only=True)
class Rota:
    """A schedule as data. Layers from lowest to highest priority; overrides in the order in which they were made."""

    time_zone: str
    layers: tuple[Layer | Fixed, ...]
    overrides: tuple[Override, ...] = ()
    replacements: tuple[Replacement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Segment:
    starts_at: datetime  # aware UTC, inclusive
    ends_at: datetime  # aware UTC, exclusive
    people: tuple[int, ...]  # on call; empty: a gap
    shadows: tuple[int, ...] = ()  # told, never responsible
    sources: tuple[str, ...] = ()  # ("layer Weekly", "override"): where the people come from, in the order applied


@dataclass(slots=True)
class _Piece:
    """A segment in the making; instants instead of datetimes."""

    starts: int
    ends: int
    people: tuple[int, ...] = ()
    shadows: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()

    def part(self, starts: int, ends: int) -> "_Piece":
        return _Piece(starts, ends, self.people, self.shadows, self.sources)


def final(rota: Rota, start: datetime, end: datetime) -> tuple[Segment, ...]:
    """The final schedule over [start, end): segments in order, touching, covering the window exactly.

    Neighbours that say the same are one segment. `Unloadable` for a broken rota.
    """
    pieces = _merged(_resolve(rota, instant(start), instant(end)))
    edges = [moment(instant(start)), *(moment(p.ends) for p in pieces)]  # they touch
    return tuple(
        Segment(starts_at=low, ends_at=high, people=p.people, shadows=p.shadows, sources=p.sources)
        for p, (low, high) in zip(pieces, pairwise(edges), strict=True)
    )


def on_call(rota: Rota, at: datetime) -> Segment:
    """What the final schedule says at `at`; one microsecond long."""
    now = instant(at)
    (piece,) = _resolve(rota, now, now + 1)
    return Segment(
        starts_at=moment(now),
        ends_at=moment(now + 1),
        people=piece.people,
        shadows=piece.shadows,
        sources=piece.sources,
    )


def gaps(rota: Rota, start: datetime, end: datetime) -> tuple[Segment, ...]:
    return tuple(s for s in final(rota, start, end) if not s.people)


def swap(
    one: int, his: tuple[datetime, datetime], other: int, hers: tuple[datetime, datetime], names: tuple[str, str]
) -> tuple[Override, Override]:
    """Two people trade their shifts: each stands in only where the other really is on call."""
    return (
        Override(person=other, instead_of=one, starts_at=his[0], ends_at=his[1], source=f"swap with {names[0]}"),
        Override(person=one, instead_of=other, starts_at=hers[0], ends_at=hers[1], source=f"swap with {names[1]}"),
    )


def _resolve(rota: Rota, start: int, end: int) -> list[_Piece]:
    pieces: list[_Piece] = []
    if start >= end:
        return pieces
    for low, high, layers, label in _periods(rota, start, end):
        pieces += _base(layers, label, rota.time_zone, low, high)
    for override in rota.overrides:
        low, high = instant(override.starts_at), instant(override.ends_at)
        if low < end and high > start:
            _edit(pieces, low, high, partial(_apply, override))
    return pieces


def _periods(rota: Rota, start: int, end: int) -> Iterator[tuple[int, int, tuple[Layer | Fixed, ...], str]]:
    """The window cut where replacements begin and end, each part with the layers that count in it."""
    if not rota.replacements:
        yield start, end, rota.layers, ""
        return
    spans_ = [(instant(r.starts_at), instant(r.ends_at), r) for r in rota.replacements]
    edges = sorted({start, end, *(e for s, t, _ in spans_ for e in (s, t) if start < e < end)})
    for low, high in pairwise(edges):
        counting = [r for s, t, r in spans_ if s <= low and high <= t]
        if counting:
            yield low, high, counting[-1].layers, f"{counting[-1].name}: "
        else:
            yield low, high, rota.layers, ""


def _base(layers: tuple[Layer | Fixed, ...], label: str, zone_name: str, start: int, end: int) -> list[_Piece]:
    """The layers laid over each other: from the highest down, each fills what is still free."""
    zone = zone_of(zone_name)
    free, taken = [(start, end)], []
    for layer in reversed(layers):
        if layer.shadow or not free:
            continue
        source = (f"{label}layer {layer.name}",)
        free, got = _fill(free, spans(layer, zone, start, end))
        taken += [_Piece(low, high, people, (), source) for low, high, people in got]
    taken += [_Piece(low, high) for low, high in free]
    taken.sort(key=lambda p: p.starts)
    for layer in layers:
        if layer.shadow:
            for low, high, people in spans(layer, zone, start, end):
                _edit(taken, low, high, partial(_add_shadows, people))
    return taken


Interval = tuple[int, int]


def _fill(free: list[Interval], shifts: list[Span]) -> tuple[list[Interval], list[Span]]:
    """What of the free intervals the shifts leave, and what of the shifts falls into them. All in order."""
    left: list[Interval] = []
    got: list[Span] = []
    index = 0
    for low, high in free:
        while index < len(shifts) and shifts[index][1] <= low:
            index += 1
        at, cursor = index, low
        while at < len(shifts) and shifts[at][0] < high:
            starts, ends, people = shifts[at]
            starts, ends = max(starts, cursor), min(ends, high)
            if cursor < starts:
                left.append((cursor, starts))
            got.append((starts, ends, people))
            cursor, at = ends, at + 1
        if cursor < high:
            left.append((cursor, high))
    return left, got


def _add_shadows(people: tuple[int, ...], piece: _Piece) -> None:
    piece.shadows = tuple(dict.fromkeys((*piece.shadows, *people)))


def _edit(pieces: list[_Piece], low: int, high: int, edit: Callable[[_Piece], None]) -> None:
    """Changes the pieces between `low` and `high`, cutting them there. They are in order and touch."""
    first = bisect_right(pieces, low, key=attrgetter("ends"))
    last = bisect_left(pieces, high, key=attrgetter("starts"))
    pieces[first:last] = [part for piece in pieces[first:last] for part in _cut(piece, low, high, edit)]


def _cut(piece: _Piece, low: int, high: int, edit: Callable[[_Piece], None]) -> Iterator[_Piece]:
    if piece.starts < low:
        yield piece.part(piece.starts, low)
    inner = piece.part(max(piece.starts, low), min(piece.ends, high))
    edit(inner)
    yield inner
    if piece.ends > high:
        yield piece.part(high, piece.ends)


def _apply(override: Override, piece: _Piece) -> None:
    people = _people_after(override, piece.people)
    replaces_all = override.change is Change.REPLACE and override.instead_of is None
    if people != piece.people or replaces_all:
        kept = () if replaces_all else piece.sources
        piece.people, piece.sources = people, (*kept, override.source)


def _people_after(override: Override, people: tuple[int, ...]) -> tuple[int, ...]:
    match override.change:
        case Change.ADD:
            return tuple(dict.fromkeys((*people, override.person)))
        case Change.REMOVE:
            return tuple(p for p in people if p != override.person)
        case Change.REPLACE if override.instead_of is None:
            return (override.person,)
        case Change.REPLACE:
            return tuple(dict.fromkeys(override.person if p == override.instead_of else p for p in people))


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    merged: list[_Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and (last.people, last.shadows, last.sources) == (piece.people, piece.shadows, piece.sources):
            last.ends = piece.ends
        else:
            merged.append(piece)
    return merged

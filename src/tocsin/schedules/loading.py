"""Rows → `core.rota.Rota`, for many schedules at once, and each by itself: one that cannot be read stops no other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from django.db.models import QuerySet

from tocsin.core.rota import Change, Override, Replacement, Rota
from tocsin.core.rotation import Fixed, Layer, Restriction, Unit
from tocsin.core.wall import Unloadable, zone_of
from tocsin.schedules import models

Window = tuple[datetime, datetime]
Slots = tuple[tuple[int, ...], ...]
Read = TypeVar("Read")

_AT_ONCE = 5_000  # SQLite takes a limited number of parameters in one statement
_READINGS = 3
_BROKEN = (ValueError, TypeError, LookupError, ArithmeticError)  # what rows that make no sense end in; Unloadable too


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What could be read, and for what could not a sentence that says why."""

    rotas: dict[int, Rota] = field(default_factory=dict)
    troubles: dict[int, str] = field(default_factory=dict)


def load(schedule_ids: Iterable[int], window: Window | None = None) -> Loaded:
    """Seven queries for up to 5,000 schedules. With a window only overrides that meet it are read.

    Somebody inactive is on no turn and in no override: the layer below shows through, and a page finds somebody.
    """
    loaded = Loaded()
    for ids in _batches(sorted(set(schedule_ids))):
        rows = _whole(ids, window)
        for schedule_id, zone in rows.zones.items():
            attempt(loaded.rotas, loaded.troubles, schedule_id, partial(rows.rota, schedule_id, zone))
    return loaded


def _whole(ids: list[int], window: Window | None) -> "_Rows":
    """Read again where somebody saved layers in between; who does that without end is read as it comes."""
    for _ in range(_READINGS):
        rows = _Rows(ids, window)
        if rows.is_whole:
            break
    return rows


def with_layers(schedule: models.Schedule, layers: Iterable[Layer]) -> Rota:
    """The schedule as it would be with these layers of its own: all else is as it is stored."""
    return _Rows([schedule.pk] if schedule.pk else [], None).with_layers(schedule.pk or 0, schedule.time_zone, layers)


def attempt(done: dict[int, Read], troubles: dict[int, str], key: int, read: Callable[[], Read]) -> None:
    """`read` into `done`, or why it cannot be into `troubles`."""
    try:
        done[key] = read()
    except Unloadable as error:
        troubles[key] = str(error)
    except _BROKEN as error:
        troubles[key] = f"its layers make no sense ({type(error).__name__}: {error})"


class _Rows:
    """All rows of some schedules, by what they belong to."""

    def __init__(self, ids: list[int], window: Window | None) -> None:
        self.zones = dict(models.Schedule.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "time_zone"))
        every_layer = list(models.Layer.objects.filter(schedule__in=ids).order_by("position"))
        self.layers = _by((row for row in every_layer if row.replacement_id is None), "schedule_id")
        self.replacing = _by((row for row in every_layer if row.replacement_id), "replacement_id")
        self.replacements = _by(_in(models.Replacement.objects.filter(schedule__in=ids), window), "schedule_id")
        self.calendars = _calendars(ids, window)
        of_these = {"layer__schedule__in": ids}
        self.restrictions = _by(models.Restriction.objects.filter(**of_these).order_by("id"), "layer_id")
        self.overrides = _by(_in(_overrides(ids), window), "schedule_id")
        self.slots = _slots(ids)  # last: layers that are saved in between have other ids, and people
        self.is_whole = self.slots.keys() <= {row.pk for row in every_layer}

    def rota(self, schedule_id: int, zone: str) -> Rota:
        return self.with_layers(schedule_id, zone_of(zone).key, map(self._layer, self.layers[schedule_id]))

    def with_layers(self, schedule_id: int, zone: str, layers: Iterable[Layer]) -> Rota:
        below, above = self.calendars.get(schedule_id, ((), ()))
        return Rota(
            time_zone=zone,
            layers=(*below, *layers, *above),
            overrides=tuple(override_of(row) for row in self.overrides[schedule_id]),
            replacements=tuple(map(self._replacement, self.replacements[schedule_id])),
        )

    def _replacement(self, row: models.Replacement) -> Replacement:
        layers = tuple(map(self._layer, self.replacing[row.pk]))
        return Replacement(name=row.name, starts_at=row.starts_at, ends_at=row.ends_at, layers=layers)

    def _layer(self, row: models.Layer) -> Layer:
        return Layer(
            name=row.name,
            unit=Unit(row.unit),
            every=row.every,
            starts_on=row.starts_on,
            handoff_at=row.handoff_at,
            until=row.until,
            slots=self.slots.get(row.pk, ()),
            restrictions=tuple(_restriction(r) for r in self.restrictions[row.pk]),
            shadow=row.is_shadow,
        )


def override_of(row: models.Override) -> Override:
    return Override(
        change=Change(row.change),
        person=row.user_id,
        instead_of=row.instead_of_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        source=_source(row),
    )


def _source(row: models.Override) -> str:
    if row.swap_id:
        return row.note  # "swap with Grace"
    return f"override: {row.note}" if row.note else "override"


def _restriction(row: models.Restriction) -> Restriction:
    return Restriction(weekdays=frozenset(int(day) for day in row.weekdays), starts=row.starts, ends=row.ends)


def _slots(ids: list[int]) -> dict[int, Slots]:
    """Layer → its turns. A turn whose people are inactive or gone stays a turn: the others keep theirs."""
    turns = defaultdict[int, dict[int, list[int]]](dict)
    rows = models.Participant.objects.filter(layer__schedule__in=ids).order_by("turn", "id")
    for layer_id, turn, user_id, is_active in rows.values_list("layer_id", "turn", "user_id", "user__is_active"):
        turns[layer_id].setdefault(turn, []).extend([user_id] if is_active else [])
    return {
        layer_id: tuple(tuple(by_turn.get(turn, ())) for turn in range(max(by_turn) + 1))
        for layer_id, by_turn in turns.items()
    }


def _overrides(ids: list[int]) -> QuerySet[models.Override]:
    return models.Override.objects.filter(schedule__in=ids, user__is_active=True).order_by("id")


Timed = TypeVar("Timed", models.Override, models.Replacement, models.ImportedShift)


def _in(rows: "QuerySet[Timed]", window: Window | None) -> "QuerySet[Timed]":
    return rows if window is None else rows.filter(starts_at__lt=window[1], ends_at__gt=window[0])


Sides = tuple[tuple[Fixed, ...], tuple[Fixed, ...]]  # below the layers, above them


def _calendars(ids: list[int], window: Window | None) -> dict[int, Sides]:
    """Schedule → its imported calendars. One query: those without a shift in the window change nothing."""
    rows = _in(models.ImportedShift.objects.filter(calendar__schedule__in=ids, user__is_active=True), window)
    found = defaultdict[tuple[int, int, str, bool], list[tuple[datetime, datetime, tuple[int, ...]]]](list)
    asked = rows.order_by("calendar_id", "starts_at", "id").values_list(
        "calendar__schedule_id", "calendar_id", "calendar__name", "calendar__is_above", "starts_at", "ends_at", "user"
    )
    for schedule_id, calendar_id, name, is_above, starts, ends, user in asked:
        found[schedule_id, calendar_id, name, is_above].append((starts, ends, (user,)))
    sides: dict[int, Sides] = {}
    for (schedule_id, _, name, is_above), shifts in found.items():
        below, above = sides.get(schedule_id, ((), ()))
        layer = (Fixed(name=name, shifts=tuple(shifts)),)
        sides[schedule_id] = (below, above + layer) if is_above else (below + layer, above)
    return sides


Row = TypeVar("Row", models.Layer, models.Restriction, models.Override, models.Replacement)


def _by(rows: "Iterable[Row]", key: str) -> defaultdict[int, list[Row]]:
    found = defaultdict[int, list[Row]](list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def _batches(ids: list[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch

"""Rows → `core.rota.Rota`, for many schedules at once, and each by itself: one that cannot be read stops no other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

from django.db.models import QuerySet

from tocsin.core.rota import Change, Override, Rota
from tocsin.core.rotation import Layer, Restriction, Unit
from tocsin.core.wall import Unloadable, zone_of
from tocsin.schedules import models

Window = tuple[datetime, datetime]
Slots = tuple[tuple[int, ...], ...]
Read = TypeVar("Read")

_AT_ONCE = 5_000  # SQLite takes a limited number of parameters in one statement
_BROKEN = (ValueError, TypeError, LookupError, ArithmeticError)  # what rows that make no sense end in; Unloadable too


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What could be read, and for what could not a sentence that says why."""

    rotas: dict[int, Rota] = field(default_factory=dict)
    troubles: dict[int, str] = field(default_factory=dict)


def load(schedule_ids: Iterable[int], window: Window | None = None) -> Loaded:
    """Five queries for up to 5,000 schedules. With a window only overrides that meet it are read.

    Somebody inactive is on no turn and in no override: the layer below shows through, and a page finds somebody.
    """
    loaded = Loaded()
    for ids in _batches(sorted(set(schedule_ids))):
        rows = _Rows(ids, window)
        for schedule_id, zone in rows.zones.items():
            attempt(loaded.rotas, loaded.troubles, schedule_id, partial(rows.rota, schedule_id, zone))
    return loaded


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
        self.layers = _by(models.Layer.objects.filter(schedule__in=ids).order_by("position"), "schedule_id")
        of_these = {"layer__schedule__in": ids}
        self.slots = _slots(ids)
        self.restrictions = _by(models.Restriction.objects.filter(**of_these).order_by("id"), "layer_id")
        self.overrides = _by(_overrides(ids, window), "schedule_id")

    def rota(self, schedule_id: int, zone: str) -> Rota:
        return Rota(
            time_zone=zone_of(zone).key,
            layers=tuple(self._layer(row) for row in self.layers[schedule_id]),
            overrides=tuple(override_of(row) for row in self.overrides[schedule_id]),
        )

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
        source=f"override: {row.note}" if row.note else "override",
    )


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


def _overrides(ids: list[int], window: Window | None) -> QuerySet[models.Override]:
    rows = models.Override.objects.filter(schedule__in=ids, user__is_active=True).order_by("id")
    return rows if window is None else rows.filter(starts_at__lt=window[1], ends_at__gt=window[0])


Row = TypeVar("Row", models.Layer, models.Restriction, models.Override)


def _by(rows: "QuerySet[Row]", key: str) -> defaultdict[int, list[Row]]:
    found = defaultdict[int, list[Row]](list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


def _batches(ids: list[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch

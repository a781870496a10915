"""Writing down who really was on call, as time passes.

The final schedule is asked only about the time since the last look, a minute as a rule: later edits of layers cannot
reach what is recorded. After a downtime the whole of it is asked for. A schedule that cannot be read keeps its mark and
is caught up with when it is mended.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tocsin.care.models import Recorded, ShiftRecord
from tocsin.core.rota import Segment
from tocsin.paging.rows import locked
from tocsin.schedules.models import Schedule
from tocsin.schedules.queries import finals

CHUNK = 500


@dataclass(kw_only=True)
class _Book:
    """The records that may still grow, by schedule and person, and what becomes of them."""

    open: dict[tuple[int, int], ShiftRecord]
    fresh: list[ShiftRecord] = field(default_factory=list)
    grown: dict[int, ShiftRecord] = field(default_factory=dict)


def record(now: datetime) -> int:
    """Up to `now`. How many schedules were asked. Again for the same time, and by several nodes, it changes nothing."""
    _begin(now)
    with transaction.atomic():
        behind = Recorded.objects.filter(until__lt=now).order_by("schedule_id")
        marks = list(locked(behind.select_related("schedule"), skip=True))
        return sum(_catch_up(until, group, now) for until, group in _by_time(marks).items())


def _begin(now: datetime) -> None:
    """A schedule's record begins when it is first seen: nobody knows what it was before."""
    new = list(Schedule.objects.filter(recorded=None).values_list("pk", flat=True))
    if new:
        Recorded.objects.bulk_create([Recorded(schedule_id=pk, until=now) for pk in new], ignore_conflicts=True)


def _by_time(marks: Iterable[Recorded]) -> dict[datetime, list[Recorded]]:
    found = defaultdict[datetime, list[Recorded]](list)
    for mark in marks:
        found[mark.until].append(mark)
    return found


def _catch_up(until: datetime, marks: Collection[Recorded], now: datetime) -> int:
    schedules = {mark.schedule_id: mark.schedule for mark in marks}
    found, _ = finals(schedules, until, now)
    still = ShiftRecord.objects.filter(schedule__in=found, ends_at=until)
    book = _Book(open={(row.schedule_id or 0, row.user_id): row for row in still})
    for schedule_id, segments in found.items():
        for segment in segments:
            _enter(book, schedules[schedule_id], segment)
    _write(book)
    return Recorded.objects.filter(schedule__in=found, until=until).update(until=now)


def _enter(book: _Book, schedule: Schedule, segment: Segment) -> None:
    for person in segment.people:
        row = book.open.get((schedule.pk, person))
        if row is None or row.ends_at != segment.starts_at or row.team_id != schedule.team_id:
            row = _row(schedule, person, segment)
            book.open[schedule.pk, person] = row
            book.fresh.append(row)
        row.ends_at = segment.ends_at
        if row.pk is not None:
            book.grown[row.pk] = row


def _row(schedule: Schedule, person: int, segment: Segment) -> ShiftRecord:
    return ShiftRecord(
        schedule=schedule,
        schedule_name=schedule.name,
        team_id=schedule.team_id,
        user_id=person,
        starts_at=segment.starts_at,
        ends_at=segment.ends_at,
    )


def _write(book: _Book) -> None:
    by_end = defaultdict[datetime, list[int]](list)
    for row in book.grown.values():
        by_end[row.ends_at].append(row.pk)
    for ends_at, ids in by_end.items():
        ShiftRecord.objects.filter(pk__in=ids).update(ends_at=ends_at)
    ShiftRecord.objects.bulk_create(book.fresh, batch_size=CHUNK)

"""What the engine does for handoffs, every minute: makes drafts, keeps them fresh, reminds, tells, lets lapse."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tocsin.core import handover
from tocsin.core.handover import DRAFT_BEFORE, LOOK_AHEAD, OPEN, TELL_AFTER, Change, Progress, State, Step
from tocsin.core.rota import Segment
from tocsin.handoffs import drafting, telling
from tocsin.handoffs.models import Handoff
from tocsin.schedules.models import Schedule
from tocsin.schedules.queries import finals

CHANGED = "The schedule was changed: this handoff is not to be."
TOO_LATE = "Nobody accepted it within a day."

Segments = dict[int, tuple[Segment, ...]]


def keep(now: datetime) -> int:
    """How many handoffs are open."""
    # as far back as ahead: who went on Friday hands over to who comes on Monday
    found, _ = finals(Schedule.objects.values_list("pk", flat=True), now - LOOK_AHEAD, now + LOOK_AHEAD)
    changes = {pk: handover.changes(segments) for pk, segments in found.items()}
    _withdraw(changes, now)
    _make(found, changes, now)
    _freshen(found, now)
    rows = list(_open())
    for row in rows:
        _go_on(row, now)
    return len(rows)


def _open() -> QuerySet[Handoff]:
    return Handoff.objects.filter(state__in=OPEN).select_related("schedule__team", "outgoing", "incoming")


def _withdraw(changes: dict[int, list[Change]], now: datetime) -> None:
    """What is not going to happen any more. A schedule that cannot be read changes nothing."""
    for row in Handoff.objects.filter(state__in=OPEN, begins_at__gt=now, schedule__in=changes):
        if not any(_key(change) == _key(row) for change in changes[row.schedule_id]):
            _lapse(row, CHANGED, now)


def _make(found: Segments, changes: dict[int, list[Change]], now: datetime) -> None:
    near = {pk: [c for c in of if _is_near(c, now)] for pk, of in changes.items()}
    known = {(row.schedule_id, *_key(row)) for row in Handoff.objects.filter(begins_at__gt=now - TELL_AFTER)}
    missing = [(pk, c) for pk, of in near.items() for c in of if (pk, *_key(c)) not in known]
    schedules = Schedule.objects.in_bulk({pk for pk, _ in missing})
    rows = [_handoff(schedules[pk], change, found[pk], now) for pk, change in missing if pk in schedules]
    Handoff.objects.bulk_create(rows, ignore_conflicts=True)


def _is_near(change: Change, now: datetime) -> bool:
    """Never about the past: what should have begun half an hour ago was told about then, or nobody could."""
    return change.leaves_at - DRAFT_BEFORE <= now and change.begins_at > now - TELL_AFTER


def _key(of: Change | Handoff) -> tuple[datetime, int, int]:
    if isinstance(of, Handoff):
        return of.begins_at, of.outgoing_id, of.incoming_id
    return of.begins_at, of.outgoing, of.incoming


def _handoff(schedule: Schedule, change: Change, segments: Iterable[Segment], now: datetime) -> Handoff:
    return Handoff(
        schedule=schedule,
        outgoing_id=change.outgoing,
        incoming_id=change.incoming,
        leaves_at=change.leaves_at,
        begins_at=change.begins_at,
        body=drafting.body(schedule, segments, now),
        created_at=now,
    )


def _freshen(found: Segments, now: datetime) -> None:
    """Drafts that nobody has touched follow what happens until they are signed."""
    for row in Handoff.objects.filter(state=State.DRAFT, edited_at=None, schedule__in=found).select_related("schedule"):
        body = drafting.body(row.schedule, found[row.schedule_id], now)
        if body != row.body:
            Handoff.objects.filter(pk=row.pk, state=State.DRAFT, edited_at=None).update(body=body)


def _go_on(row: Handoff, now: datetime) -> None:
    for step in handover.steps(_progress(row), now):
        if step is Step.LAPSE:
            _lapse(row, TOO_LATE, now)
        else:
            _say(row, step, now)


def _progress(row: Handoff) -> Progress:
    return Progress(
        state=State(row.state),
        leaves_at=row.leaves_at,
        begins_at=row.begins_at,
        reminded=row.reminded_at is not None,
        welcomed=row.welcomed_at is not None,
        told=row.told_at is not None,
    )


def _say(row: Handoff, step: Step, now: datetime) -> None:
    """Marked and put into the outbox together: neither twice nor never."""
    mark = {Step.REMIND: "reminded_at", Step.WELCOME: "welcomed_at", Step.TELL: "told_at"}[step]
    with transaction.atomic():
        if Handoff.objects.filter(pk=row.pk, state__in=OPEN, **{mark: None}).update(**{mark: now}):
            telling.SAYINGS[step](row, now)


def _lapse(row: Handoff, why: str, now: datetime) -> None:
    still = Handoff.objects.filter(pk=row.pk, state__in=OPEN)
    still.update(state=State.LAPSED, lapsed_at=now, lapsed_why=why)

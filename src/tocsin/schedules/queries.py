"""Reading schedules, and who is on call."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404

from tocsin.core import rota as core
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.rota import Rota, Segment, Unloadable
from tocsin.health import problems
from tocsin.people.models import User
from tocsin.people.queries import users_of
from tocsin.schedules.loading import Window, attempt, load
from tocsin.schedules.models import Layer, Override, Participant, Schedule
from tocsin.schedules.stretches import stretches

Segments = tuple[Segment, ...]

_INSTANT = timedelta(microseconds=1)
_AHEAD = timedelta(days=35)  # how far the next shift is looked for: beyond a monthly handoff


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One person's uninterrupted stretch in a final schedule."""

    schedule: Schedule
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Who is on call in a schedule, until when, and who comes then."""

    schedule: Schedule
    people: tuple[User, ...]  # empty: nobody
    until: datetime | None = None  # none: nothing changes within five weeks
    next_people: tuple[User, ...] = ()
    trouble: str = ""  # why the schedule cannot be read


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """Who is on call at an instant, and why a schedule has no answer."""

    segments: dict[int, Segment]
    troubles: dict[int, str]


def schedules(actor: Actor) -> QuerySet[Schedule]:
    require(actor, Verb.VIEW)
    return Schedule.objects.select_related("team")


def schedule(actor: Actor, slug: str) -> Schedule:
    """With its layers and their people; `Http404` when there is none."""
    people = Participant.objects.select_related("user").order_by("turn", "id")
    layers = Layer.objects.prefetch_related(Prefetch("participants", people), "restrictions").order_by("position")
    layers = layers.filter(replacement=None)
    return get_object_or_404(schedules(actor).prefetch_related(Prefetch("layers", layers)), slug=slug)


def overrides(actor: Actor, of: Schedule, since: datetime) -> QuerySet[Override]:
    """Those that are not over at `since`, the soonest first."""
    require(actor, Verb.VIEW)
    rows = of.overrides.select_related("user", "instead_of", "created_by", "schedule")
    return rows.filter(ends_at__gt=since).order_by("starts_at", "id")


def override(actor: Actor, pk: int) -> Override:
    require(actor, Verb.VIEW)
    return get_object_or_404(Override.objects.select_related("schedule", "user"), pk=pk)


def rota_of(schedule_ids: Iterable[int], window: Window | None = None) -> dict[int, Rota]:
    """A fixed number of queries. One that cannot be read is left out; see `troubles`."""
    return load(schedule_ids, window).rotas


def troubles(schedule_ids: Iterable[int], at: datetime) -> dict[int, str]:
    """For each schedule that cannot be read, why."""
    return resolve(schedule_ids, at).troubles


def resolve(schedule_ids: Iterable[int], at: datetime) -> Resolved:
    loaded = load(schedule_ids, (at, at + _INSTANT))
    segments: dict[int, Segment] = {}
    for schedule_id, rota in loaded.rotas.items():
        attempt(segments, loaded.troubles, schedule_id, partial(core.on_call, rota, at))
    return Resolved(segments=segments, troubles=loaded.troubles)


def on_call(schedule_ids: Iterable[int], at: datetime) -> dict[int, Segment]:
    """A schedule that cannot be read is left out and reported: it must not stop the others, nor be overlooked."""
    resolved = resolve(schedule_ids, at)
    report_troubles(resolved.troubles, at)
    return resolved.segments


def report_troubles(found: dict[int, str], now: datetime) -> None:
    for row in Schedule.objects.filter(pk__in=found):
        problems.report(
            problem_key(row.pk),
            f"The schedule {row.name} cannot be read",
            f"{found[row.pk]}. It names nobody on call until it is mended; escalations go on to their next step. "
            "Open it, choose its time zone and layers anew, and save.",
            f"/schedules/{row.slug}/",  # not reversed: the engine has no need to load every page for it
            now,
        )


def problem_key(schedule_id: int) -> str:
    return f"schedule {schedule_id}"


def final(of: Schedule, start: datetime, end: datetime) -> tuple[Segment, ...]:
    """`Unloadable`, with a sentence, for a schedule that cannot be read."""
    found, why = finals([of.pk], start, end)
    if why:
        raise Unloadable(why[of.pk])
    return found.get(of.pk, ())


def gaps(of: Schedule, now: datetime, days: int) -> tuple[Segment, ...]:
    """When nobody is on call in the next days. `Unloadable` as for `final`."""
    return tuple(segment for segment in final(of, now, now + timedelta(days=days)) if not segment.people)


def shifts_of(user_id: int, start: datetime, end: datetime) -> list[Shift]:
    """In all schedules, the soonest first. Those that cannot be read are left out."""
    theirs = Q(layers__participants__user=user_id) | Q(overrides__user=user_id)
    imported = Q(calendars__shifts__user=user_id)
    rows = {row.pk: row for row in Schedule.objects.filter(theirs | imported).distinct()}
    found, _ = finals(rows, start, end)
    shifts = [s for pk, segments in found.items() for s in _shifts(rows[pk], segments, user_id)]
    return sorted(shifts, key=lambda s: (s.starts_at, s.schedule.pk))


def duties(actor: Actor, now: datetime) -> list[Duty]:
    """Every schedule: who is on call now, until when, and who comes then."""
    rows = list(schedules(actor))
    resolved, why = finals([row.pk for row in rows], now, now + _AHEAD)
    found = {pk: stretches(segments) for pk, segments in resolved.items()}
    users = users_of(p for segments in found.values() for segment in segments[:2] for p in segment.people)
    return [_duty(row, found.get(row.pk, ()), why.get(row.pk, ""), users) for row in rows]


def finals(ids: Iterable[int], start: datetime, end: datetime) -> tuple[dict[int, Segments], dict[int, str]]:
    """For many at once; and for each that cannot be read, why."""
    loaded = load(ids, (start, end))
    done: dict[int, Segments] = {}
    for schedule_id, rota in loaded.rotas.items():
        attempt(done, loaded.troubles, schedule_id, partial(core.final, rota, start, end))
    return done, loaded.troubles


def _shifts(of: Schedule, segments: Sequence[Segment], user_id: int) -> list[Shift]:
    """Neighbouring segments of one person are one shift, whoever else comes and goes."""
    found: list[Shift] = []
    for segment in segments:
        if user_id not in segment.people:
            continue
        starts = found.pop().starts_at if found and found[-1].ends_at == segment.starts_at else segment.starts_at
        found.append(Shift(schedule=of, starts_at=starts, ends_at=segment.ends_at))
    return found


def _duty(of: Schedule, segments: Sequence[Segment], trouble: str, users: dict[int, User]) -> Duty:
    first, second = (*segments, None, None)[:2]
    return Duty(
        schedule=of,
        people=_people(first, users),
        until=first.ends_at if first and second else None,
        next_people=_people(second, users),
        trouble=trouble,
    )


def _people(segment: Segment | None, users: dict[int, User]) -> tuple[User, ...]:
    return tuple(users[p] for p in segment.people if p in users) if segment else ()

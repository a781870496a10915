"""Warnings long before the shift: who will be on call and could not be paged."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from tocsin.care.models import Unready
from tocsin.channels.contract import Content
from tocsin.core.holds import clock
from tocsin.core.signals import Urgency
from tocsin.health import problems
from tocsin.health.models import Problem
from tocsin.people import zones
from tocsin.people.models import Membership, User
from tocsin.people.noticing import notify
from tocsin.people.queries import users_of
from tocsin.people.reaching import methods_of
from tocsin.schedules.models import Schedule
from tocsin.schedules.queries import finals

AHEAD = timedelta(days=7)
URGENT = timedelta(hours=48)  # before the shift it becomes a problem of Tocsin's, not only of the person's
_KEY = "rostered unreachable "

First = tuple[datetime, int]  # when somebody's first shift begins, and in which schedule


def warn(now: datetime) -> int:
    """How many there are. Each is told once for a first shift, with the leads of the schedule's team."""
    found = _unready(now)
    _settle(found, now)
    users, schedules = users_of(found), Schedule.objects.select_related("team").in_bulk({s for _, s in found.values()})
    for user_id, (starts_at, schedule_id) in found.items():
        with transaction.atomic():
            _tell(users[user_id], schedules[schedule_id], starts_at, now)
    return len(found)


def _unready(now: datetime) -> dict[int, First]:
    first: dict[int, First] = {}
    for schedule_id, segments in finals(Schedule.objects.values_list("pk", flat=True), now, now + AHEAD)[0].items():
        for segment in segments:
            for person in segment.people:
                when = (segment.starts_at, schedule_id)
                first[person] = min(first.get(person, when), when)
    methods = methods_of(first, Urgency.HIGH)
    return {person: when for person, when in first.items() if all(m.kind == "inapp" for m in methods[person])}


def _settle(found: dict[int, First], now: datetime) -> None:
    """Who has put it right, or is not on call any more, is forgotten."""
    Unready.objects.exclude(user__in=found).delete()
    urgent = {f"{_KEY}{user}" for user, (starts_at, _) in found.items() if starts_at < now + URGENT}
    over = Problem.objects.filter(key__startswith=_KEY, over_at=None).exclude(key__in=urgent)
    for key in list(over.values_list("key", flat=True)):
        problems.over(key, now)


def _tell(user: User, schedule: Schedule, starts_at: datetime, now: datetime) -> None:
    known = Unready.objects.filter(user=user).first()
    starts_at = known.starts_at if known and known.starts_at <= now and starts_at == now else starts_at
    given = {"schedule": schedule, "starts_at": starts_at}
    Unready.objects.update_or_create(user=user, defaults=given, create_defaults={**given, "found_at": now})
    if known is None or known.starts_at != starts_at:
        key = f"unready-{int(starts_at.timestamp())}"
        notify([user.pk], _to_person(user, schedule, starts_at, now), key, now)
        for lead in users_of(_leads(schedule) - {user.pk}).values():
            notify([lead.pk], _to_lead(lead, user, schedule, starts_at, now), f"{key}-{user.pk}", now)
    if starts_at < now + URGENT:
        _show(user, schedule, starts_at, now)


def _show(user: User, schedule: Schedule, starts_at: datetime, now: datetime) -> None:
    shift = f"In {schedule.name}." if starts_at <= now else f"From {clock(starts_at)} in {schedule.name}."
    problems.report(
        f"{_KEY}{user.pk}",
        f"{user.name} is on call {_soon(starts_at, now)} and cannot be paged",
        f"{shift} No contact method for high urgency is verified: a page only rings in an open Tocsin tab. "
        "Ask them to verify one, or let somebody else take the shift.",
        f"/people/{user.pk}/",
        now,
    )


def _leads(schedule: Schedule) -> set[int]:
    rows = Membership.objects.filter(team=schedule.team_id, is_lead=True, user__is_active=True)
    return set(rows.values_list("user_id", flat=True)) if schedule.team_id else set()


def _to_person(user: User, schedule: Schedule, starts_at: datetime, now: datetime) -> Content:
    return Content(
        purpose="notice",
        title=f"You are on call {_soon(starts_at, now)}, and no page would reach you",
        text=f"Your shift in {schedule.name} {_begins(starts_at, now, user)}. No contact method of yours is verified "
        "for high urgency. Verify one in your profile, and test your pager there.",
        url=settings.PUBLIC_URL.rstrip("/") + "/profile/",
        urgency=Urgency.LOW,
    )


def _to_lead(lead: User, user: User, schedule: Schedule, starts_at: datetime, now: datetime) -> Content:
    return Content(
        purpose="notice",
        title=f"{user.name} is on call {_soon(starts_at, now)}, and no page would reach them",
        text=f"Their shift in {schedule.name} {_begins(starts_at, now, lead)}. Ask them to verify a contact method for "
        "high urgency, or let somebody else take the shift.",
        url=settings.PUBLIC_URL.rstrip("/") + f"/people/{user.pk}/",
        urgency=Urgency.LOW,
    )


def _soon(starts_at: datetime, now: datetime) -> str:
    return "now" if starts_at <= now else "soon"


def _begins(starts_at: datetime, now: datetime, reader: User) -> str:
    return "goes on" if starts_at <= now else f"begins {zones.written(starts_at, reader.time_zone)}"

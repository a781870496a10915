"""What the home page and the frame of every page tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.core.cache import cache
from django.db.models import QuerySet

from tocsin.alerts import queries as alerts
from tocsin.alerts.models import AlertGroup
from tocsin.core.permissions import Actor, Verb, require
from tocsin.health import settings
from tocsin.outbox import queries as outbox
from tocsin.outbox.models import State
from tocsin.paging import queries as paging
from tocsin.paging.models import Escalation
from tocsin.people import queries as people
from tocsin.people.models import User
from tocsin.schedules import queries as schedules
from tocsin.schedules import swap_queries
from tocsin.schedules.models import Schedule, SwapRequest
from tocsin.schedules.queries import Duty, Shift

AHEAD = timedelta(days=35)  # how far the next shift is looked for
GAPS_AHEAD = timedelta(days=14)
MOST_GAPS = 6
_KEPT = 60  # seconds that the frame may be behind about a person's shift

NOT_ON_CALL = "no"


@dataclass(frozen=True, kw_only=True)
class Mine:
    """A person's own duty."""

    current: Sequence[Shift]
    following: Shift | None
    tested: Escalation | None  # the newest test of the pager that was acknowledged
    is_reachable: bool  # by something beside an open tab


@dataclass(frozen=True, kw_only=True)
class Gap:
    schedule: Schedule
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Attention:
    """What somebody should look at, as numbers."""

    failed: int
    quarantined: int
    unreachable: Sequence[User]

    def __bool__(self) -> bool:
        return bool(self.failed or self.quarantined or self.unreachable)


def mine(actor: Actor, now: datetime) -> Mine:
    require(actor, Verb.VIEW)
    user_id = actor.user_id or 0
    shifts = schedules.shifts_of(user_id, now, now + AHEAD)
    tests = paging.tests_of(actor, user_id).filter(acknowledged_at__isnull=False)
    return Mine(
        current=[shift for shift in shifts if shift.starts_at <= now],
        following=next((shift for shift in shifts if shift.starts_at > now), None),
        tested=tests.first(),
        is_reachable=is_reachable(actor),
    )


def is_reachable(actor: Actor) -> bool:
    methods = people.contact_methods(actor, people.person(actor, actor.user_id or 0))
    return any(method.verified_at and method.address for method in methods if method.kind != "inapp")


def my_pages(actor: Actor) -> QuerySet[AlertGroup]:
    return paging.my_pages(actor)


def asked_of_me(actor: Actor, now: datetime) -> list[SwapRequest]:
    """Shifts that the actor is asked to take."""
    return swap_queries.asked_of_me(actor, now) if actor.may(Verb.RESPOND) else []


def duties(actor: Actor, now: datetime) -> list[Duty]:
    return schedules.duties(actor, now)


def gaps(actor: Actor, now: datetime) -> list[Gap]:
    """When nobody is on call in the next two weeks, the soonest first. Schedules without layers are left out."""
    rows = {row.pk: row for row in schedules.schedules(actor).filter(layers__isnull=False, tells_gaps=True).distinct()}
    found, _ = schedules.finals(rows, now, now + GAPS_AHEAD)
    empty = [
        Gap(schedule=rows[pk], starts_at=segment.starts_at, ends_at=segment.ends_at)
        for pk, segments in found.items()
        for segment in segments
        if not segment.people
    ]
    return sorted(empty, key=lambda gap: (gap.starts_at, gap.schedule.name))[:MOST_GAPS]


def attention(actor: Actor, now: datetime) -> Attention:
    return Attention(
        failed=outbox.counts(actor).get(State.FAILED, 0),
        quarantined=alerts.counts(actor).quarantined,
        unreachable=people.unreachable(now),
    )


def on_call_until(actor: Actor, now: datetime) -> datetime | None:
    """For the frame of every page, so it is kept for a minute. None: not on call."""
    key = f"on-call-{actor.user_id}"
    kept = cache.get(key)
    if kept is None:
        ends = [s.ends_at for s in schedules.shifts_of(actor.user_id or 0, now, now + AHEAD) if s.starts_at <= now]
        kept = min(ends, default=NOT_ON_CALL)
        cache.set(key, kept, _KEPT)
    return None if kept == NOT_ON_CALL else cast("datetime", kept)


def triggered(actor: Actor) -> int:
    return alerts.counts(actor).triggered if actor.may(Verb.VIEW) else 0


def is_setup_hidden() -> bool:
    return bool(settings.get("setup hidden", default=False))

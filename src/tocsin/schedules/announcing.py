"""Gaps and empty shifts, told ahead: once to those who can do something about it, and as a problem when they are near.

They are told to the leads of the schedule's team, or to the owners and admins where it has none. People on call who
cannot be reached are `care.warning`'s.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from tocsin.channels.contract import Content
from tocsin.core.rota import Segment
from tocsin.core.wall import Unloadable, zone_of
from tocsin.health import problems
from tocsin.people.models import Membership, User
from tocsin.people.notices import tell
from tocsin.people.queries import stewards
from tocsin.schedules import queries
from tocsin.schedules.models import Announced, Participant, Schedule

AHEAD = timedelta(days=14)
NEAR = timedelta(hours=48)
_BACK = timedelta(days=14)  # so far back the beginning of a gap under way is looked for
_MOST_LINES = 10


@dataclass(frozen=True, kw_only=True)
class Finding:
    what: str  # the same finding has the same
    starts_at: datetime
    ends_at: datetime
    text: str

    def is_near(self, now: datetime) -> bool:
        return self.starts_at < now + NEAR


def announce(now: datetime) -> int:
    """How many new findings were told: for the engine, once an hour."""
    Announced.objects.filter(until__lt=now).delete()
    rows = {row.pk: row for row in Schedule.objects.select_related("team").order_by("pk")}
    found, _ = queries.finals(rows, now - _BACK, now + AHEAD)
    gone = _inactive(rows)
    return sum(
        _announce(row, _findings(row, found.get(pk, ()), gone.get(pk, []), now), now) for pk, row in rows.items()
    )


def findings(schedule: Schedule, now: datetime) -> list[Finding]:
    """What is wrong with the next two weeks. `Unloadable` for a broken schedule."""
    segments = queries.final(schedule, now - _BACK, now + AHEAD)
    return _findings(schedule, segments, _inactive([schedule.pk]).get(schedule.pk, []), now)


def _findings(schedule: Schedule, segments: Sequence[Segment], gone: Iterable[User], now: datetime) -> list[Finding]:
    ahead = [segment for segment in segments if segment.ends_at > now]
    found = [_gap(schedule, segment) for segment in ahead if not segment.people] if schedule.tells_gaps else []
    found += [_without(user, now) for user in gone]
    return sorted(found, key=lambda it: (it.starts_at, it.what))


def _gap(schedule: Schedule, segment: Segment) -> Finding:
    span = _span(schedule, segment.starts_at, segment.ends_at)
    return Finding(
        what=f"gap {segment.starts_at.isoformat()}",
        starts_at=segment.starts_at,
        ends_at=segment.ends_at,
        text=f"Nobody is on call {span}.",
    )


def _without(user: User, now: datetime) -> Finding:
    """Whose turns are nobody's: below shows through, or a gap."""
    return Finding(
        what=f"inactive {user.pk}",
        starts_at=now + NEAR,  # a finding of its own, not a near one: where it leaves a gap, the gap is
        ends_at=now + AHEAD,
        text=f"{user.name} is not active any more and still has turns. Take them out of the layers.",
    )


def _inactive(schedule_ids: Iterable[int]) -> dict[int, list[User]]:
    rows = Participant.objects.filter(layer__schedule__in=list(schedule_ids), user__is_active=False)
    found: dict[int, dict[int, User]] = {}
    for row in rows.select_related("user", "layer").order_by("user__name", "id"):
        found.setdefault(row.layer.schedule_id, {})[row.user_id] = row.user
    return {schedule_id: list(users.values()) for schedule_id, users in found.items()}


def _announce(schedule: Schedule, found: Sequence[Finding], now: datetime) -> int:
    _show(schedule, [it for it in found if it.is_near(now)], now)
    with transaction.atomic():
        # two nodes at once: the second waits here, and finds everything told
        list(Schedule.objects.select_for_update().filter(pk=schedule.pk).values_list("pk"))
        told = set(schedule.announced.values_list("what", flat=True))
        new = [it for it in found if it.what not in told]
        Announced.objects.bulk_create(
            [Announced(schedule=schedule, what=it.what, until=it.ends_at + AHEAD, told_at=now) for it in new]
        )
        if new:
            tell(_whom(schedule), _content(schedule, new), f"schedule {schedule.pk} {now.isoformat()}", now)
    return len(new)


def _show(schedule: Schedule, near: Sequence[Finding], now: datetime) -> None:
    key = f"empty shifts {schedule.pk}"
    if not near:
        problems.over(key, now)
        return
    title = f"{schedule.name}: nobody is on call at some time within 48 hours"
    advice = "Escalations go on to their next step. Make an override, or change the layers."
    problems.report(key, title, f"{_lines(near)}\n{advice}", f"/schedules/{schedule.slug}/", now)


def _content(schedule: Schedule, new: Sequence[Finding]) -> Content:
    return Content(
        purpose="notice",
        title=f"{schedule.name}: look at the next two weeks",
        text=f"{_lines(new)}\nThis is told once. Make an override, or change the layers.",
        url=f"{settings.PUBLIC_URL.rstrip('/')}/schedules/{schedule.slug}/",
        urgency="low",
    )


def _lines(found: Sequence[Finding]) -> str:
    more = [f"And {len(found) - _MOST_LINES} more."] if len(found) > _MOST_LINES else []
    return "\n".join([*(it.text for it in found[:_MOST_LINES]), *more])


def _whom(schedule: Schedule) -> tuple[int, ...]:
    leads = Membership.objects.filter(team=schedule.team_id or 0, is_lead=True, user__is_active=True)
    return tuple(leads.order_by("user_id").values_list("user_id", flat=True)) or stewards()


def _span(schedule: Schedule, starts: datetime, ends: datetime) -> str:
    try:
        zone = zone_of(schedule.time_zone)
    except Unloadable:  # changed between two reads
        zone = zone_of("UTC")
    low, high = starts.astimezone(zone), ends.astimezone(zone)
    return f"from {low:%a} {low.day} {low:%b %H:%M} to {high:%a} {high.day} {high:%b %H:%M} ({zone.key})"

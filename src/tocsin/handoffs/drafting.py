"""The draft of a handoff, from what is known: what is open, what was, what is coming."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from tocsin.alerts.models import AlertGroup
from tocsin.core.handover import Facts, draft
from tocsin.core.lifecycle import GroupState
from tocsin.core.rota import Segment
from tocsin.core.wall import zone_of
from tocsin.schedules.models import Override, Schedule
from tocsin.services.models import Service

RECENTLY = timedelta(hours=24)
AHEAD = timedelta(days=7)
MOST = 20  # lines of a section


def services_of(schedule: Schedule) -> QuerySet[Service]:
    """Those whose escalation policy pages the schedule."""
    return Service.objects.filter(policy__steps__targets__schedule=schedule).distinct()


def active(schedule: Schedule) -> QuerySet[AlertGroup]:
    groups = AlertGroup.objects.filter(service__in=services_of(schedule)).exclude(state=GroupState.RESOLVED)
    return groups.select_related("service", "acknowledged_by").order_by("-pk")


def resolved(schedule: Schedule, now: datetime) -> QuerySet[AlertGroup]:
    groups = AlertGroup.objects.filter(service__in=services_of(schedule), state=GroupState.RESOLVED)
    return groups.filter(resolved_at__gt=now - RECENTLY).select_related("service").order_by("-resolved_at")


def body(schedule: Schedule, segments: Iterable[Segment], now: datetime) -> str:
    """`segments`: the schedule from now on, for its gaps."""
    zone = zone_of(schedule.time_zone)
    return draft(
        Facts(
            active=[_active(group, zone) for group in active(schedule)[:MOST]],
            resolved=[_resolved(group, zone) for group in resolved(schedule, now)[:MOST]],
            watch=list(_watch(schedule, segments, now, zone))[:MOST],
        )
    )


def _active(group: AlertGroup, zone: ZoneInfo) -> str:
    by = f" by {group.acknowledged_by}" if group.acknowledged_by and group.state == GroupState.ACKNOWLEDGED else ""
    return f"#{group.pk} {group.title} ({group.service}), {group.state}{by}, since {_at(group.opened_at, zone)}"


def _resolved(group: AlertGroup, zone: ZoneInfo) -> str:
    at = _at(group.resolved_at, zone) if group.resolved_at else "lately"
    return f"#{group.pk} {group.title} ({group.service}), resolved {at}"


def _watch(schedule: Schedule, segments: Iterable[Segment], now: datetime, zone: ZoneInfo) -> Iterator[str]:
    for gap in segments:
        if not gap.people and now < gap.starts_at < now + AHEAD:
            yield f"Nobody is on call from {_at(gap.starts_at, zone)} to {_at(gap.ends_at, zone)}"
    coming = Override.objects.filter(schedule=schedule, starts_at__gt=now, starts_at__lt=now + AHEAD)
    for row in coming.select_related("user").order_by("starts_at", "pk"):
        note = f": {row.note}" if row.note else ""
        words = {"replace": "takes over", "add": "joins", "remove": "steps out"}
        yield f"{row.user} {words[row.change]} from {_at(row.starts_at, zone)} to {_at(row.ends_at, zone)}{note}"


def _at(at: datetime, zone: ZoneInfo) -> str:
    """In the schedule's zone: both sides know it."""
    here = at.astimezone(zone)
    return f"{here:%a} {here.day} {here:%b} {here:%H:%M}"

"""Replacements: other layers of a schedule for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.problems import Refused
from tocsin.people.writing import change, create, delete
from tocsin.schedules.actions import LayerSpec, check_layers, write_layers
from tocsin.schedules.models import Replacement, Schedule

LONGEST = timedelta(days=366)


def replacements(actor: Actor, schedule: Schedule, since: datetime) -> QuerySet[Replacement]:
    """Those that are not over at `since`."""
    require(actor, Verb.VIEW)
    rows = schedule.replacements.filter(ends_at__gt=since).order_by("starts_at", "id")
    return rows.prefetch_related("layers__participants__user", "layers__restrictions")


def replacement(actor: Actor, pk: int) -> Replacement:
    require(actor, Verb.VIEW)
    return get_object_or_404(Replacement.objects.select_related("schedule"), pk=pk)


def add_replacement(
    actor: Actor,
    schedule: Schedule,
    name: str,
    starts_at: datetime,
    ends_at: datetime,
    specs: Sequence[LayerSpec],
    now: datetime,
) -> Replacement:
    """From its start to its end these layers count instead of the schedule's own; overrides still lie above."""
    require(actor, Verb.CONFIGURE)
    if ends_at <= starts_at:
        raise Refused("The end must come after the start.", {"ends_at": "Before the start."})
    if ends_at <= now:
        raise Refused("This time is over. The schedule's past is not changed.", {"ends_at": "In the past."})
    if ends_at - starts_at > LONGEST:
        raise Refused("A replacement can last for a year at most. Change the layers instead.", {"ends_at": "Too long."})
    check_layers(schedule, specs, now)
    row = Replacement(
        schedule=schedule,
        name=name.strip(),
        starts_at=max(starts_at, now),
        ends_at=ends_at,
        created_at=now,
        created_by_id=actor.user_id,
    )
    with transaction.atomic():
        create(actor, row, now)
        write_layers(schedule, specs, row)
    return row


def remove_replacement(actor: Actor, row: Replacement, now: datetime) -> None:
    """What was, stays in the schedule's past: one that has begun ends now."""
    require(actor, Verb.CONFIGURE)
    if row.ends_at <= now:
        raise Refused("This replacement is over. The schedule's past is not changed.")
    if row.starts_at < now:
        change(actor, row, now, {"ends_at": now}, verb="ended")
    else:
        delete(actor, row, now)

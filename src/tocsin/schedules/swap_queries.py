"""Reading swap requests."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from tocsin.core.permissions import Actor, Role, Verb, require
from tocsin.people.models import User
from tocsin.schedules.models import Schedule, SwapRequest


def swaps(actor: Actor) -> QuerySet[SwapRequest]:
    require(actor, Verb.VIEW)
    return SwapRequest.objects.select_related("schedule", "schedule__team", "asker", "asked", "taker")


def swap(actor: Actor, pk: int) -> SwapRequest:
    return get_object_or_404(swaps(actor), pk=pk)


def swaps_of(actor: Actor, schedule: Schedule, now: datetime) -> QuerySet[SwapRequest]:
    """Open ones, and accepted ones that are not over; the soonest first."""
    alive = Q(state="open", starts_at__gt=now) | Q(state="accepted", ends_at__gt=now)
    return swaps(actor).filter(alive, schedule=schedule).order_by("starts_at", "id")


def asked_of_me(actor: Actor, now: datetime) -> list[SwapRequest]:
    """What waits for the actor's answer, the soonest first."""
    me = actor.user_id or 0
    rows = swaps(actor).filter(state="open", starts_at__gt=now).exclude(asker=me).exclude(declined_by=me)
    return [row for row in rows.order_by("starts_at", "id") if me in asked_of(row)]


def asked_by_me(actor: Actor, now: datetime) -> QuerySet[SwapRequest]:
    return swaps(actor).filter(state="open", starts_at__gt=now, asker=actor.user_id or 0).order_by("starts_at", "id")


def asked_of(swap: SwapRequest) -> set[int]:
    """Who may take it: the one who was asked; else the team of the schedule and everybody in its rotations."""
    able = User.objects.filter(is_active=True).exclude(role=Role.OBSERVER).exclude(pk=swap.asker_id)
    if swap.asked_id:
        return set(able.filter(pk=swap.asked_id).values_list("pk", flat=True))
    team = Q(memberships__team=swap.schedule.team_id) if swap.schedule.team_id else Q(pk__in=())
    turns = Q(participations__layer__schedule=swap.schedule_id) | Q(
        imported_shifts__calendar__schedule=swap.schedule_id
    )
    return set(able.filter(team | turns).values_list("pk", flat=True))

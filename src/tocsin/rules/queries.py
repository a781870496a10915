"""Reading the rules."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.suppression import next_start, span_at
from tocsin.rules.models import Inhibition, Maintenance, Route, Silence, UrgencyRule
from tocsin.rules.rulebook import Rulebook, rulebook, window_value

__all__ = [
    "PLANNED",
    "STATES",
    "Planned",
    "Rulebook",
    "SilenceFilters",
    "inhibition",
    "inhibitions",
    "maintenance",
    "maintenances",
    "planned",
    "route",
    "routes",
    "rulebook",
    "silence",
    "silences",
    "silences_of",
    "state_of",
    "urgency_rule",
    "urgency_rules",
]
STATES = ("active", "pending", "expired")
PLANNED = ("active", "upcoming", "over")


@dataclass(frozen=True, kw_only=True)
class SilenceFilters:
    state: str = ""  # of STATES; none: what is not over
    text: str = ""  # in its matchers, its reason or its creator


@dataclass(frozen=True, kw_only=True)
class Planned:
    """How a maintenance window stands."""

    state: str  # of PLANNED
    at: datetime | None  # the end of what goes on, else when it begins next; none: it is over
    is_sound: bool = True  # else it makes no sense, and a banner says so


def silences(actor: Actor, filters: SilenceFilters, now: datetime) -> QuerySet[Silence]:
    """Newest first."""
    require(actor, Verb.VIEW)
    found = _silences().filter(_in_state(filters.state, now))
    if filters.text:
        text = filters.text
        said = Q(matchers__icontains=text) | Q(reason__icontains=text) | Q(creator__icontains=text)
        found = found.filter(said)
    return found.order_by("-id")


def silences_of(actor: Actor, integration_id: int) -> QuerySet[Silence]:
    """Those that hold for the integration's alerts: its own, and those for all."""
    require(actor, Verb.VIEW)
    return _silences().filter(Q(integration=None) | Q(integration_id=integration_id)).order_by("-id")


def silence(actor: Actor, key: uuid.UUID) -> Silence:
    """`DoesNotExist` when there is none."""
    require(actor, Verb.VIEW)
    return _silences().get(uuid=key)


def state_of(silence: Silence, now: datetime) -> str:
    if silence.ends_at <= now:
        return "expired"
    return "active" if silence.starts_at <= now else "pending"


def maintenances(actor: Actor) -> QuerySet[Maintenance]:
    require(actor, Verb.VIEW)
    return Maintenance.objects.prefetch_related("services").order_by("-id")


def maintenance(actor: Actor, pk: int) -> Maintenance:
    return maintenances(actor).get(pk=pk)


def planned(row: Maintenance, now: datetime) -> Planned:
    """One that makes no sense counts as over."""
    try:
        window = window_value(row)
    except ValueError:
        return Planned(state="over", at=None, is_sound=False)
    span = span_at(window, now)
    if span is not None:
        return Planned(state="active", at=span[1])
    at = next_start(window, now)
    return Planned(state="upcoming" if at else "over", at=at)


def inhibitions(actor: Actor) -> QuerySet[Inhibition]:
    require(actor, Verb.VIEW)
    return Inhibition.objects.order_by("name")


def inhibition(actor: Actor, pk: int) -> Inhibition:
    return inhibitions(actor).get(pk=pk)


def routes(actor: Actor) -> QuerySet[Route]:
    """In the order of their positions; `tree` puts them one below the other."""
    require(actor, Verb.VIEW)
    return Route.objects.select_related("parent", "service", "policy").order_by("position", "id")


def route(actor: Actor, pk: int) -> Route:
    return routes(actor).get(pk=pk)


def urgency_rules(actor: Actor) -> QuerySet[UrgencyRule]:
    require(actor, Verb.VIEW)
    return UrgencyRule.objects.order_by("position", "id")


def urgency_rule(actor: Actor, pk: int) -> UrgencyRule:
    return urgency_rules(actor).get(pk=pk)


def _silences() -> QuerySet[Silence]:
    return Silence.objects.select_related("integration__service", "created_by")


def _in_state(state: str, now: datetime) -> Q:
    match state:
        case "active":
            return Q(starts_at__lte=now, ends_at__gt=now)
        case "pending":
            return Q(starts_at__gt=now, ends_at__gt=now)
        case "expired":
            return Q(ends_at__lte=now)
    return Q(ends_at__gt=now)

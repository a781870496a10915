"""Reading handoffs."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from tocsin.alerts.models import AlertGroup
from tocsin.core.handover import OPEN, State
from tocsin.core.permissions import Actor, Verb, require
from tocsin.handoffs import drafting
from tocsin.handoffs.models import Handoff
from tocsin.people.models import Membership


@dataclass(frozen=True, kw_only=True)
class Filters:
    search: str = ""  # in the note, and in the names of people and schedule
    state: str = ""
    schedule: str = ""  # its slug
    person: int | None = None  # who went or came


@dataclass(frozen=True, kw_only=True)
class May:
    """What somebody may do with a handoff now."""

    sign: bool
    accept: bool


def handoffs(actor: Actor, filters: Filters = Filters()) -> QuerySet[Handoff]:
    """The newest first."""
    require(actor, Verb.VIEW)
    found = Handoff.objects.select_related("schedule__team", "outgoing", "incoming", "signed_by", "accepted_by")
    for word in filters.search.split():
        people = Q(outgoing__name__icontains=word) | Q(incoming__name__icontains=word)
        found = found.filter(people | Q(schedule__name__icontains=word) | Q(body__icontains=word))
    if filters.person:
        found = found.filter(Q(outgoing=filters.person) | Q(incoming=filters.person))
    exact = {"state": filters.state, "schedule__slug": filters.schedule}
    return found.filter(**{name: value for name, value in exact.items() if value})


def handoff(actor: Actor, pk: int) -> Handoff:
    return get_object_or_404(handoffs(actor), pk=pk)


def mine(actor: Actor) -> QuerySet[Handoff]:
    """That wait for this person: to be signed, or to be accepted; also one that comes and is not signed yet."""
    require(actor, Verb.VIEW)
    waits = Q(outgoing=actor.user_id, state=State.DRAFT) | Q(incoming=actor.user_id, state__in=OPEN)
    return handoffs(actor).filter(waits).order_by("begins_at", "pk")


def active(actor: Actor, of: Handoff) -> QuerySet[AlertGroup]:
    """What is open now in the services that page its schedule."""
    require(actor, Verb.VIEW)
    return drafting.active(of.schedule)


def may(actor: Actor, of: Handoff) -> May:
    """The two themselves; and for them the leads of the schedule's team, and who manages people."""
    stands_in = actor.may(Verb.MANAGE_PEOPLE) or _leads(actor, of)
    responds = actor.may(Verb.RESPOND)
    return May(
        sign=responds and of.state == State.DRAFT and (stands_in or actor.user_id == of.outgoing_id),
        accept=responds and of.state == State.SIGNED and (stands_in or actor.user_id == of.incoming_id),
    )


def _leads(actor: Actor, of: Handoff) -> bool:
    if actor.user_id is None or of.schedule.team_id is None:
        return False
    return Membership.objects.filter(team=of.schedule.team_id, user=actor.user_id, is_lead=True).exists()

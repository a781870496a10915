"""What lists of alert groups and of integrations show beside the rows."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery

from tocsin.alerts import queries
from tocsin.alerts.filters import GroupFilters
from tocsin.alerts.models import AlertGroup, Event, Outcome
from tocsin.core import lifecycle
from tocsin.core.lifecycle import MAINTENANCE, SUPPRESSED, GroupState
from tocsin.core.permissions import Actor
from tocsin.core.receipts import Reason
from tocsin.services import queries as services
from tocsin.services.models import Integration
from tocsin.sources.registry import OWN

MOST = 200  # that a page may ask for by id
_DIGITS = 18  # that fit any database's integer
_EVERYTHING = GroupFilters(state="all")


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """An event, and what became of each of its signals that concern a group."""

    event: Event
    outcomes: tuple[tuple[str, str], ...]  # (dedup key, sentence)


@dataclass(frozen=True, kw_only=True)
class Tab:
    state: str
    label: str
    url: str
    count: int | None  # none: not counted, as it only grows
    is_current: bool


def tabs(actor: Actor, filters: GroupFilters, now: datetime) -> list[Tab]:
    """One for each state, with the other filters kept."""
    rows = queries.groups(actor, replace(filters, state="open"), now).order_by().values_list("state", "held")
    found: Counter[str] = Counter()
    for state, held, count in rows.annotate(count=Count("pk")):
        called = lifecycle.shown(state, held)
        found[SUPPRESSED if called == MAINTENANCE else called] += count
    is_held = bool(found[SUPPRESSED]) or filters.state == SUPPRESSED  # a phone is narrow: only where there are any
    return [
        _tab(filters, "open", "Open", found.total()),
        _tab(filters, "triggered", "Triggered", found[GroupState.TRIGGERED]),
        *([_tab(filters, SUPPRESSED, "Suppressed", found[SUPPRESSED])] if is_held else ()),
        _tab(filters, "acknowledged", "Acknowledged", found[GroupState.ACKNOWLEDGED]),
        _tab(filters, "resolved", "Resolved", None),
        _tab(filters, "all", "All", None),
    ]


def _tab(filters: GroupFilters, state: str, label: str, count: int | None) -> Tab:
    url = f"?{replace(filters, state=state).query()}"
    return Tab(state=state, label=label, url=url, count=count, is_current=filters.state == state)


def ids_of(text: str) -> list[int]:
    """“3,7,12” from a query string; what is not a number is left out."""
    return [int(part) for part in text.split(",")[:MOST] if part.isascii() and part.isdigit() and len(part) <= _DIGITS]


def shown(actor: Actor, ids: list[int], now: datetime) -> QuerySet[AlertGroup]:
    """These groups as they are now, whatever the filters say: a row does not vanish under the finger."""
    return queries.groups(actor, _EVERYTHING, now).filter(pk__in=ids)


def newer(actor: Actor, filters: GroupFilters, last: int, now: datetime) -> int:
    """How many groups match the filters now and came after group `last`."""
    return queries.groups(actor, filters, now).filter(pk__gt=last).count()


def newest(actor: Actor, now: datetime) -> int:
    """The last group there is; 0 when there is none."""
    return queries.groups(actor, _EVERYTHING, now).values_list("pk", flat=True).first() or 0


def events(actor: Actor, group: AlertGroup, limit: int) -> list[EventRow]:
    """The last events of a group, newest first. Two queries."""
    rows = events_with_outcomes(actor, group)[:limit]
    return [EventRow(event=event, outcomes=tuple(_in_words(o) for o in event.outcomes.all())) for event in rows]


def events_with_outcomes(actor: Actor, group: AlertGroup) -> QuerySet[Event]:
    """The events of a group, newest first; each with those of its outcomes that concern the group."""
    concerning = Outcome.objects.filter(alert__group=group).order_by("position")
    return queries.events_of(actor, group).prefetch_related(Prefetch("outcomes", concerning))


def _in_words(outcome: Outcome) -> tuple[str, str]:
    return outcome.dedup_key, Reason(outcome.reason).sentence


def integrations(actor: Actor) -> QuerySet[Integration]:
    """Each with `last_event_at`; without those of Tocsin's own checks, which have pages of their own."""
    latest = Event.objects.filter(integration=OuterRef("pk")).order_by("-id").values("received_at")[:1]
    return services.integrations(actor).exclude(kind__in=OWN).annotate(last_event_at=Subquery(latest))

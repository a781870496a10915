"""Reading checks, their pings, results and uptime."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from tocsin.checks.models import Check, Ping, Result, Spell
from tocsin.core import probes
from tocsin.core.permissions import Actor, Verb, require

SPANS = (
    ("24 h", timedelta(hours=24)),
    ("7 d", timedelta(days=7)),
    ("30 d", timedelta(days=30)),
    ("90 d", timedelta(days=90)),
)
_WATCHED = ("up", "late", "failing", "down")  # states in which it is known how it is
_WORST_FIRST = ("down", "blocked", "late", "failing", "new", "up", "paused")


@dataclass(frozen=True, kw_only=True)
class Filters:
    search: str = ""  # in the name, the note, and the name of the service
    state: str = ""
    kind: str = ""
    service: str = ""  # its slug


@dataclass(frozen=True, kw_only=True)
class Uptime:
    label: str
    share: float | None  # from 0 to 1; none when it was not watched


def checks(actor: Actor, filters: Filters = Filters()) -> QuerySet[Check]:
    require(actor, Verb.VIEW)
    found = Check.objects.select_related("service", "integration", "outlet").defer("headers")
    for word in filters.search.split():
        found = found.filter(Q(name__icontains=word) | Q(note__icontains=word) | Q(service__name__icontains=word))
    exact = {"state": filters.state, "kind": filters.kind, "service__slug": filters.service}
    return found.filter(**{name: value for name, value in exact.items() if value})


def worst_first(found: QuerySet[Check]) -> QuerySet[Check]:
    ranks = [When(state=state, then=Value(rank)) for rank, state in enumerate(_WORST_FIRST)]
    return found.order_by(Case(*ranks, default=Value(len(ranks)), output_field=IntegerField()), "name", "pk")


def check(actor: Actor, pk: int) -> Check:
    """`DoesNotExist` when there is none."""
    return checks(actor).get(pk=pk)


def pings(actor: Actor, of: Check) -> QuerySet[Ping]:
    require(actor, Verb.VIEW)
    return Ping.objects.filter(check_of=of).order_by("-pk")


def results(actor: Actor, of: Check) -> QuerySet[Result]:
    require(actor, Verb.VIEW)
    return Result.objects.filter(check_of=of).order_by("-pk")


def spells(actor: Actor, of: Check) -> QuerySet[Spell]:
    require(actor, Verb.VIEW)
    return Spell.objects.filter(check_of=of).order_by("-pk")


def uptimes(actor: Actor, of: Check, now: datetime) -> list[Uptime]:
    """The share of the watched time in which it was not down. Paused time, and the time before the first ping or
    result, is not watched."""
    longest = now - SPANS[-1][1]
    kept = spells(actor, of).filter(Q(ended_at=None) | Q(ended_at__gt=longest), state__in=_WATCHED)
    found = [probes.Spell(is_down=s.state == "down", began_at=s.began_at, ended_at=s.ended_at) for s in kept]
    return [Uptime(label=label, share=probes.uptime(found, now - span, now)) for label, span in SPANS]


def counts(actor: Actor, service: str = "") -> dict[str, int]:
    """How many checks are in each state."""
    states = list(checks(actor, Filters(service=service)).order_by().values_list("state", flat=True))
    return {state: n for state in _WORST_FIRST if (n := sum(s == state for s in states))}


def ping_url(key: str) -> str:
    """With hyphens, as tools that ping expect it. `key` is the raw one, or what stands for it."""
    shown = "-".join((key[:8], key[8:12], key[12:16], key[16:20], key[20:])) if len(key) == 32 else key  # noqa: PLR2004
    return f"{settings.PUBLIC_URL}/ping/{shown}"


def push_url(key: str) -> str:
    """What a job calls that pushed to Uptime Kuma before."""
    return f"{settings.PUBLIC_URL}/api/push/{key}?status=up&msg=OK&ping="

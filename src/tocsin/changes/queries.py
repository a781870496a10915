"""Reading changes, and which of them may have broken something."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from tocsin.changes.filters import ChangeFilters
from tocsin.changes.models import Change
from tocsin.core import suspects
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.suspects import Candidate
from tocsin.health import settings
from tocsin.services.models import Service

WINDOW = "change_window_minutes"  # a setting made in the browser
_MOST = 200  # changes in one window that are looked at
_ALL = ChangeFilters()


@dataclass(frozen=True, kw_only=True)
class Suspected:
    """A change that may have broken it."""

    change: Change
    reasons: tuple[str, ...]
    is_same_service: bool


def changes(actor: Actor, now: datetime, filters: ChangeFilters = _ALL) -> QuerySet[Change]:
    """The latest first."""
    require(actor, Verb.VIEW)
    return _changes().filter(_matching(filters, now))


def change(actor: Actor, pk: int) -> Change:
    """`DoesNotExist` when there is none."""
    require(actor, Verb.VIEW)
    return _changes().get(pk=pk)


def of_service(actor: Actor, service: Service, limit: int) -> QuerySet[Change]:
    require(actor, Verb.VIEW)
    return _changes().filter(service=service)[:limit]


def environments(actor: Actor) -> list[str]:
    """Those that a change ever named."""
    require(actor, Verb.VIEW)
    named = Change.objects.exclude(environment="").order_by("environment")
    return list(named.values_list("environment", flat=True).distinct()[:100])


def window(service: Service) -> timedelta:
    """How long before an alert a change is looked for. A setting that cannot be read counts as not made."""
    if service.change_window_minutes:
        return timedelta(minutes=service.change_window_minutes)
    minutes = settings.get(WINDOW)
    return timedelta(minutes=minutes) if isinstance(minutes, int) and minutes > 0 else suspects.WINDOW


def suspected(actor: Actor, service: Service, began_at: datetime) -> Sequence[Suspected]:
    """The changes to the service, and those that name none, in the window before: the likeliest first."""
    require(actor, Verb.VIEW)
    span = window(service)
    near = _changes().filter(Q(service=service) | Q(service=None), at__lte=began_at, at__gte=began_at - span)
    rows = {row.pk: row for row in near[:_MOST]}
    ranked = suspects.rank([_candidate(row, service) for row in rows.values()], began_at, span)
    return [_suspected(rows[found.id], found.reasons, service) for found in ranked]


def _changes() -> QuerySet[Change]:
    return Change.objects.select_related("service", "integration")


def _matching(filters: ChangeFilters, now: datetime) -> Q:
    wanted = {
        "service__slug": filters.service,
        "environment": filters.environment,
        "status__in": filters.words,
        "at__gte": filters.since_at(now),
    }
    return Q(**{name: value for name, value in wanted.items() if value}) & _saying(filters.text)


def _saying(text: str) -> Q:
    if not text:
        return Q()
    return Q(summary__icontains=text) | Q(version__icontains=text) | Q(author__icontains=text)


def _candidate(row: Change, service: Service) -> Candidate:
    same = row.service_id == service.pk
    return Candidate(id=row.pk, at=row.at, is_same_service=same, status=row.status, environment=row.environment)


def _suspected(row: Change, reasons: tuple[str, ...], service: Service) -> Suspected:
    return Suspected(change=row, reasons=reasons, is_same_service=row.service_id == service.pk)

"""All rules as the values that `core` decides by, kept in memory until one of them changes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from django.db import DataError
from django.db.models import Model, Q, QuerySet

from tocsin.core import routing, suppression, urgency
from tocsin.core.conditions import Condition
from tocsin.core.matching import parse
from tocsin.core.signals import Severity, Urgency
from tocsin.core.wall import zone_of
from tocsin.health import problems
from tocsin.rules import editions, models

Row = TypeVar("Row", bound=Model)
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """What is over was left out when it was read; what is not yet is in it."""

    mark: str = ""  # of its edition
    silences: tuple[suppression.Silence, ...] = ()
    windows: tuple[suppression.Window, ...] = ()
    inhibitions: tuple[suppression.Inhibition, ...] = ()
    routes: tuple[routing.Route, ...] = ()
    urgency_rules: tuple[urgency.UrgencyRule, ...] = ()


NONE = Rulebook()
UNUSABLE = "unusable rules"  # the problem that they could not be applied to an event; over when a rule has changed
_kept: dict[str, Rulebook] = {}  # one, by its mark


def rulebook(now: datetime) -> Rulebook:
    """As of the last committed change; one small query when nothing has changed since the last time."""
    mark = editions.mark()
    found = _kept.get(mark)
    if found is None:
        found = load(mark, now)
        _kept.clear()
        _kept[mark] = found
    return found


def load(mark: str, now: datetime) -> Rulebook:
    """As it is in the database. What cannot be read, or not be decided by, is left out: who cannot decide pages."""
    reading = _Reading(now)
    found = Rulebook(
        mark=mark,
        silences=reading.values(_open_silences(now), "matchers", _silence, "/silences/"),
        windows=reading.values(_open_windows(now), "name", _window, "/maintenance/"),
        inhibitions=reading.values(_inhibitions(), "name", _inhibition, "/inhibitions/"),
        routes=reading.tree(),
        urgency_rules=reading.values(_urgency_rules(), "name", _urgency, "/urgency-rules/"),
    )
    reading.end()
    return found


def silence_value(row: models.Silence) -> suppression.Silence:
    return suppression.Silence(
        id=row.pk or 0,
        matchers=parse(row.matchers),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        by=row.creator,
        integration=row.integration_id,
    )


def window_value(row: models.Maintenance, slugs: Iterable[str] | None = None) -> suppression.Window:
    """`slugs`: of services that are not saved with it yet."""
    services = (service.slug for service in row.services.all()) if slugs is None else slugs
    found = suppression.Window(
        id=row.pk or 0,
        name=row.name,
        services=frozenset(services),
        matchers=parse(row.matchers),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        weekly=_weekly(row) if row.weekdays else None,
        cut_at=row.cut_at,
    )
    if not found.services and not found.matchers:
        raise ValueError("it names neither services nor matchers, and would be for everything")
    return found


def inhibition_value(row: models.Inhibition) -> suppression.Inhibition:
    return suppression.Inhibition(
        id=row.pk or 0, name=row.name, source=parse(row.source), target=parse(row.target), equal=tuple(row.equal)
    )


def urgency_value(row: models.UrgencyRule) -> urgency.UrgencyRule:
    return urgency.UrgencyRule(
        id=row.pk or 0,
        name=row.name,
        matchers=parse(row.matchers),
        urgency=Urgency(row.urgency),
        otherwise=Urgency(row.otherwise) if row.otherwise else None,
        hours=Condition(weekdays=tuple(row.weekdays), starts=row.starts, ends=row.ends, zone=row.zone),
    )


Told = Callable[[models.Route, Exception], None]


def tree(rows: Iterable[models.Route], tell: Told | None = None) -> tuple[routing.Route, ...]:
    """One below the other. One that cannot be read keeps its place, is passed over, and `tell` hears of it."""
    by_parent = defaultdict[int | None, list[models.Route]](list)
    for row in rows:
        by_parent[row.parent_id].append(row)
    return _routes(None, by_parent, tell)


def _routes(
    parent: int | None, by_parent: dict[int | None, list[models.Route]], tell: Told | None
) -> tuple[routing.Route, ...]:
    found = []
    for row in by_parent[parent]:
        try:
            route = _route(row)
        except _UNREADABLE as error:
            if tell is not None:
                tell(row, error)
            found.append(routing.Route(id=row.pk or 0, name=row.name, is_readable=False))
        else:
            children = _routes(row.pk, by_parent, tell) if row.pk else ()
            found.append(replace(route, children=children))
    return tuple(found)


def _route(row: models.Route) -> routing.Route:
    """Without its children. It decides something at once, as all rules do."""
    found = routing.Route(
        id=row.pk or 0,
        name=row.name,
        matchers=parse(row.matchers),
        goes_on=row.goes_on,
        service=row.service_id,
        policy=row.policy_id,
        urgency=Urgency(row.urgency) if row.urgency else None,
    )
    routing.destination([found], {})
    return found


def _open_silences(now: datetime) -> QuerySet[models.Silence]:
    return models.Silence.objects.filter(ends_at__gt=now).order_by("id")


def _open_windows(now: datetime) -> QuerySet[models.Maintenance]:
    return models.Maintenance.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now)).prefetch_related("services")


def _inhibitions() -> QuerySet[models.Inhibition]:
    return models.Inhibition.objects.filter(is_enabled=True).order_by("id")


def _urgency_rules() -> QuerySet[models.UrgencyRule]:
    return models.UrgencyRule.objects.order_by("position", "id")


def _weekly(row: models.Maintenance) -> suppression.Weekly:
    if row.opens is None:
        raise ValueError("it does not say when it opens")
    weekdays = frozenset(row.weekdays)
    return suppression.Weekly(weekdays=weekdays, opens=row.opens, minutes=row.minutes, zone=zone_of(row.zone).key)


# each decides something at once: what fails later would fail for every alert
def _silence(row: models.Silence, now: datetime) -> suppression.Silence:
    found = silence_value(row)
    suppression.silenced([replace(found, matchers=(), integration=None)], {}, 0, max(found.starts_at, now))
    return found


def _window(row: models.Maintenance, now: datetime) -> suppression.Window:
    found = window_value(row)
    for at in (now, max(found.starts_at or now, now)):
        suppression.maintained([replace(found, services=frozenset(), matchers=())], {}, at)
        suppression.next_start(found, at)
    return found


def _inhibition(row: models.Inhibition, now: datetime) -> suppression.Inhibition:  # noqa: ARG001
    found = inhibition_value(row)
    suppression.targets_of([replace(found, target=())], {})
    return found


def _urgency(row: models.UrgencyRule, now: datetime) -> urgency.UrgencyRule:
    found = urgency_value(row)
    always = replace(found, matchers=(), otherwise=found.otherwise or Urgency.NONE)
    urgency.judge([always], {}, Severity.CRITICAL, now)
    return found


_UNREADABLE = (ValueError, TypeError, OverflowError, AttributeError, DataError)  # of a row that somebody wrote by hand


@dataclass(frozen=True)
class _Reading:
    """Reads rules, and tells people of those that cannot be read."""

    now: datetime
    broken: set[str] = field(default_factory=set)  # keys of problems

    def values(
        self, rows: QuerySet[Row], called: str, value_of: Callable[[Row, datetime], Value], url: str
    ) -> tuple[Value, ...]:
        """All at once, and when that fails one by one. `called`: the field that a row is known by."""
        try:
            return tuple([value_of(row, self.now) for row in rows])
        except _UNREADABLE:
            return tuple(self._one_by_one(rows, called, value_of, url))

    def _one_by_one(
        self, rows: QuerySet[Row], called: str, value_of: Callable[[Row, datetime], Value], url: str
    ) -> Iterator[Value]:
        for pk, name in rows.values_list("pk", called):
            try:
                yield from [value_of(row, self.now) for row in rows.filter(pk=pk)]
            except _UNREADABLE as error:
                kind = str(rows.model._meta.verbose_name)
                detail = f"“{name}” is left out until it is saved again: {error}."
                article = "An" if kind[0] in "aeiou" else "A"
                self._report(f"{kind} {pk}", f"{article} {kind} cannot be read", detail, url)

    def tree(self) -> tuple[routing.Route, ...]:
        try:
            return tree(models.Route.objects.order_by("position", "id"), self._passed_over)
        except _UNREADABLE as error:
            detail = f"Alerts go to their integrations' own services until it is mended: {error}."
            self._report("routing tree", "The routing tree cannot be read", detail, "/routes/")
            return ()

    def _passed_over(self, row: models.Route, error: Exception) -> None:
        detail = (
            f"“{row.name}” and what is below it are passed over until it is saved again: {error}. Its alerts go to "
            "later routes, to the one above it, or to their integrations' own services, and none of them is kept from "
            "paging by a route."
        )
        self._report(f"route {row.pk}", "A route cannot be read", detail, "/routes/")

    def end(self) -> None:
        """What could not be read before and can be now is no problem any more."""
        before = Q(key="routing tree") | Q(key=UNUSABLE)
        for model in (models.Silence, models.Maintenance, models.Inhibition, models.UrgencyRule, models.Route):
            before |= Q(key__startswith=f"{model._meta.verbose_name} ", url__in=_PAGES)
        for problem in problems.open_problems().filter(before).exclude(key__in=self.broken):
            problems.over(problem.key, self.now)

    def _report(self, key: str, title: str, detail: str, url: str) -> None:
        self.broken.add(key)
        problems.report(key, title, detail, url, self.now)


_PAGES = ("/silences/", "/maintenance/", "/inhibitions/", "/urgency-rules/", "/routes/")

"""All rules as the values that `core` decides by, kept in memory until one of them changes."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Q

from tocsin.core import routing, suppression, urgency
from tocsin.core.conditions import Condition
from tocsin.core.matching import parse
from tocsin.core.signals import Urgency
from tocsin.core.wall import zone_of
from tocsin.health import problems
from tocsin.rules import editions, models

Row = TypeVar("Row", models.Silence, models.Maintenance, models.Inhibition, models.UrgencyRule)
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
    return Rulebook(
        mark=mark,
        silences=_values(
            models.Silence.objects.filter(ends_at__gt=now).order_by("id"), silence_value, "/silences/", now
        ),
        windows=_values(_open_windows(now), window_value, "/maintenance/", now),
        inhibitions=_values(
            models.Inhibition.objects.filter(is_enabled=True).order_by("id"), inhibition_value, "/inhibitions/", now
        ),
        routes=_tree_or_none(now),
        urgency_rules=_values(
            models.UrgencyRule.objects.order_by("position", "id"), urgency_value, "/urgency-rules/", now
        ),
    )


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


def tree(rows: Iterable[models.Route]) -> tuple[routing.Route, ...]:
    """One below the other. `ValueError` when a single one cannot be read: what is left would send alerts astray."""
    by_parent = defaultdict[int | None, list[models.Route]](list)
    for row in rows:
        by_parent[row.parent_id].append(row)
    return tuple(_route(row, by_parent) for row in by_parent[None])


def _tree_or_none(now: datetime) -> tuple[routing.Route, ...]:
    try:
        return tree(models.Route.objects.order_by("position", "id"))
    except ValueError as error:
        detail = f"Alerts go to their integrations' own services until it is mended: {error}."
        problems.report("routing tree", "The routing tree cannot be read", detail, "/routes/", now)
        return ()


def _route(row: models.Route, by_parent: dict[int | None, list[models.Route]]) -> routing.Route:
    return routing.Route(
        id=row.pk or 0,
        name=row.name,
        matchers=parse(row.matchers),
        goes_on=row.goes_on,
        service=row.service_id,
        policy=row.policy_id,
        urgency=Urgency(row.urgency) if row.urgency else None,
        children=tuple(_route(child, by_parent) for child in by_parent[row.pk]) if row.pk else (),
    )


def _open_windows(now: datetime) -> Iterable[models.Maintenance]:
    return models.Maintenance.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now)).prefetch_related("services")


def _weekly(row: models.Maintenance) -> suppression.Weekly:
    if row.opens is None:
        raise ValueError("it does not say when it opens")
    weekdays = frozenset(row.weekdays)
    return suppression.Weekly(weekdays=weekdays, opens=row.opens, minutes=row.minutes, zone=zone_of(row.zone).key)


def _values(rows: Iterable[Row], value_of: Callable[[Row], Value], url: str, now: datetime) -> tuple[Value, ...]:
    """A row that cannot be read holds nothing back, and is a banner: no page may be lost for it."""
    found: list[Value] = []
    for row in rows:
        try:
            found.append(value_of(row))
        except ValueError as error:
            kind = str(row._meta.verbose_name)
            detail = f"“{row}” is left out until it is saved again: {error}."
            problems.report(f"{kind} {row.pk}", f"A {kind} cannot be read", detail, url, now)
    return tuple(found)

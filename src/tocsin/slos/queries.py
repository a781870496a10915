"""Reading SLOs, what Prometheus said about them, and the files they make."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from tocsin.core import slo_rules, slo_tests
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.slo import Indicator, Kind, Slo
from tocsin.services.models import Service
from tocsin.slos.models import Objective, Server


def slos(actor: Actor, search: str = "", service: str = "") -> QuerySet[Objective]:
    require(actor, Verb.VIEW)
    found = Objective.objects.select_related("service", "reading")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(service__name__icontains=search))
    return found.filter(service__slug=service) if service else found


def slo(actor: Actor, slug: str) -> Objective:
    """`Http404` when there is none."""
    return get_object_or_404(slos(actor), slug=slug)


def of_service(actor: Actor, service: Service) -> list[Objective]:
    return list(slos(actor).filter(service=service))


def server(actor: Actor) -> Server | None:
    require(actor, Verb.VIEW)
    return Server.objects.defer("secret").first()


def rules_file(actor: Actor, slug: str = "") -> str:
    """Prometheus rules of one SLO, or of all."""
    return slo_rules.rules_file(_values(actor, slug))


def unit_tests(actor: Actor, slug: str = "") -> tuple[str, list[str]]:
    """promtool tests of one SLO, or of all; and for which none can be made, in sentences."""
    testable, left_out = [], []
    for value in _values(actor, slug):
        reason = untestable(value)
        if reason:
            left_out.append(reason)
        else:
            testable.append(value)
    return slo_tests.unit_tests(testable), left_out


def untestable(value: Slo) -> str:
    """Why no tests can be made; empty when they can."""
    try:
        slo_tests.series(value)
    except slo_tests.Untestable as error:
        return str(error)
    return ""


def value_of(row: Objective) -> Slo:
    """The row as the core knows it."""
    public = str(settings.PUBLIC_URL).rstrip("/")
    return Slo(
        name=row.name,
        slug=row.slug,
        service=row.service.slug,
        service_name=row.service.name,
        objective=row.objective.normalize(),
        window=timedelta(days=row.window_days),
        indicator=Indicator(
            kind=Kind(row.kind),
            part=row.part,
            total=row.total,
            histogram=row.histogram,
            selector=row.selector,
            threshold=row.threshold,
        ),
        runbook_url=row.service.runbook_url,
        dashboard_url=row.service.dashboard_url,
        url=f"{public}{row.get_absolute_url()}" if row.slug else "",
        least_requests=row.least_requests,
    )


def _values(actor: Actor, slug: str) -> Iterable[Slo]:
    rows = [slo(actor, slug)] if slug else slos(actor).order_by("slug")
    return [value_of(row) for row in rows]

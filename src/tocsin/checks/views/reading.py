"""Checks: the list, and one of them with all that it has said."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tocsin import clock
from tocsin.checks import chart, heartbeats, probing, queries, rhythms
from tocsin.checks.chart import Point
from tocsin.checks.forms import FilterForm, span_text
from tocsin.checks.models import Check
from tocsin.checks.queries import Filters
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import never_kept, show
from tocsin.services import newkeys
from tocsin.ui.pages import paginate

SHOWN = timedelta(hours=24)  # of the chart
_NO_KEY = "YOUR-KEY"
_AHEAD = 5
_SPELLS = 5
_ROWS = 10  # of pings or results a page
_CARD = 10


@require_safe
def checks(request: ActorRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    form.is_valid()
    asked = {name: value for name, value in form.cleaned_data.items() if value}
    found = queries.worst_first(queries.checks(request.actor, Filters(**asked)))
    context = {"page": paginate(found, request), "form": form, "filtered": bool(asked)}
    return show(request, "checks/checks.html", context)


@require_safe
def card(request: ActorRequest, slug: str) -> HttpResponse:
    """What a service's page shows of its checks, fetched by that page."""
    found = queries.worst_first(queries.checks(request.actor, Filters(service=slug)))[:_CARD]
    context = {"checks": found, "slug": slug, "counts": queries.counts(request.actor, slug)}
    return show(request, "checks/card.html", context)


@require_safe
def check(request: ActorRequest, pk: int) -> HttpResponse:
    found = queries.check(request.actor, pk)
    now = clock.now()
    context: dict[str, Any] = {"check": found, "now": now, "uptimes": queries.uptimes(request.actor, found, now)}
    context |= {"spells": queries.spells(request.actor, found)[:_SPELLS]}
    context |= _heartbeat(request, found) if found.is_heartbeat else _probe(request, found)
    if request.headers.get("HX-Request"):
        return render(request, "checks/live.html", context)
    if not found.is_heartbeat:
        return show(request, "checks/probe.html", context)
    key = newkeys.take(request.session, found.integration_id or 0)
    context |= {"key": key, "url": queries.ping_url(key or _NO_KEY), "push_url": queries.push_url(key or _NO_KEY)}
    page = show(request, "checks/heartbeat.html", context)
    return never_kept(page) if key else page


def _heartbeat(request: ActorRequest, found: Check) -> dict[str, Any]:
    config = heartbeats.config_of(found)
    return {
        "page": paginate(queries.pings(request.actor, found), request, _ROWS),
        "config": config,
        "spans": {name: span_text(getattr(config, name)) for name in ("period", "grace", "longest_run")},
        "ahead": rhythms.ahead(config, clock.now(), _AHEAD),
        "is_own_way": found.integration is not None and found.integration.kind == "heartbeat",
        "running_since": min(heartbeats.runs_of(found).values(), default=None),
    }


def _probe(request: ActorRequest, found: Check) -> dict[str, Any]:
    now = clock.now()
    since = now - SHOWN
    recent = queries.results(request.actor, found).filter(at__gt=since, at__lte=now)
    points = [Point(at=at, seconds=s, is_ok=ok) for at, s, ok in recent.values_list("at", "seconds", "is_ok")]
    config = probing.config_of(found)
    return {
        "page": paginate(queries.results(request.actor, found), request, _ROWS),
        "chart": chart.draw(points, since, now),
        "config": config,
        "interval": span_text(config.interval),
        "target": probing.target(found),
        "sites": found.sites.all(),
    }

"""SLOs: listed, read with their budget, made and changed with the rules they would make, and fetched as files."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.core import slo_rules
from tocsin.core.permissions import Verb
from tocsin.core.slo import Detection, Pair, Slo, detections, pairs, plain, prom
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused
from tocsin.services import queries as services
from tocsin.slos import actions, queries
from tocsin.slos.chart import shown
from tocsin.slos.forms import ServerForm, SloForm, initial_of
from tocsin.slos.models import Objective
from tocsin.ui.pages import paginate

_YAML = "application/yaml; charset=utf-8"
_MANY = 1000


@require_safe
def slos(request: ActorRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:80]
    page = paginate(queries.slos(request.actor, search), request)
    context = {"page": page, "search": search, "server": queries.server(request.actor)}
    return show(request, "slos/slos.html", {**context, "rows": [shown(row) for row in page]})


@require_safe
def slo(request: ActorRequest, slug: str) -> HttpResponse:
    row = queries.slo(request.actor, slug)
    context = {
        "slo": row,
        "shown": shown(row),
        "server": queries.server(request.actor),
        "untestable": queries.untestable(queries.value_of(row)),
        **_shown(queries.value_of(row)),
    }
    return show(request, "slos/slo.html", context)


@needs(Verb.CONFIGURE)
def slo_new(request: ActorRequest) -> HttpResponse:
    form = SloForm(services.services(request.actor), request.POST or None, {"service": request.GET.get("service")})
    return _edited(request, form, None)


@needs(Verb.CONFIGURE)
def slo_edit(request: ActorRequest, slug: str) -> HttpResponse:
    row = queries.slo(request.actor, slug)
    return _edited(request, SloForm(services.services(request.actor), request.POST or None, initial_of(row)), row)


def _edited(request: ActorRequest, form: SloForm, row: Objective | None) -> HttpResponse:
    """Saved, or shown again: with what is wrong, or with the rules that would be made."""
    context: dict[str, object] = {"form": form, "slo": row, "has_services": services.services(request.actor).exists()}
    if form.is_valid():
        try:
            if request.POST.get("act") != "preview":
                return redirect(_saved(request, form, row))
            slug = row.slug if row else "preview"
            drafted = actions.try_slo(request.actor, now=clock.now(), slug=slug, **form.cleaned_data)
            context |= {"drafted": drafted, **_shown(queries.value_of(drafted))}
        except Refused as refused:
            put_beside(form, refused)
    return show(request, "slos/slo_edit.html", context, wrong=form.is_bound and bool(form.errors))


def _saved(request: ActorRequest, form: SloForm, row: Objective | None) -> Objective:
    if row is None:
        row = actions.create_slo(request.actor, now=clock.now(), **form.cleaned_data)
        messages.success(request, f"{row} is there. Next: give its rules to Prometheus.")
    else:
        actions.change_slo(request.actor, row, clock.now(), **form.cleaned_data)
        messages.success(request, f"{row} was saved. Give its new rules to Prometheus.")
    return row


@require_POST
def slo_delete(request: ActorRequest, slug: str) -> HttpResponse:
    row = queries.slo(request.actor, slug)
    actions.delete_slo(request.actor, row, clock.now())
    messages.success(request, f"{row} was deleted. Take its rules out of Prometheus too.")
    return redirect("slos")


@require_safe
def slo_rules_file(request: ActorRequest, slug: str = "") -> HttpResponse:
    return _file(queries.rules_file(request.actor, slug), "slo-rules.yml")


@require_safe
def slo_tests_file(request: ActorRequest, slug: str = "") -> HttpResponse:
    return _file(queries.unit_tests(request.actor, slug)[0], "slo-tests.yml")


@needs(Verb.CONFIGURE)
def slo_server(request: ActorRequest) -> HttpResponse:
    server = queries.server(request.actor)
    form = ServerForm(server, request.POST or None)
    if form.is_valid():
        try:
            actions.set_server(request.actor, now=clock.now(), **form.given())
        except Refused as refused:
            put_beside(form, refused)
        else:
            messages.success(request, "The address is saved. Budgets are read from it within a minute or two.")
            return redirect("slos")
    return show(request, "slos/server.html", {"form": form, "server": server}, wrong=form.is_bound)


@require_POST
def slo_server_forget(request: ActorRequest) -> HttpResponse:
    actions.forget_server(request.actor, clock.now())
    messages.success(request, "Budgets are read no more.")
    return redirect("slos")


def _file(text: str, name: str) -> HttpResponse:
    return HttpResponse(text, content_type=_YAML, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _shown(value: Slo) -> dict[str, object]:
    return {
        "rules": slo_rules.rules_file([value]),
        "pairs": [_pair(value, pair) for pair in pairs(value.objective, value.window)],
        "detections": [_detection(value, found) for found in detections(value)],
        "bad_minutes": value.window * float(value.budget),
    }


def _pair(value: Slo, pair: Pair) -> dict[str, object]:
    return {
        "severity": pair.severity,
        "windows": f"{prom(pair.long)} and {prom(pair.short)}",
        "burn": plain(pair.burn),
        "threshold": f"{float(100 * pair.threshold(value.budget)):.4g}",
        "share": f"{100 * pair.share(value.window):.3g}",
    }


def _detection(value: Slo, found: Detection) -> dict[str, object]:
    return {
        "of": found,
        "burn": f"{float(found.burn):.4g}" if found.burn < _MANY else f"{found.burn:,.0f}",
        "percent": f"{float(100 * found.burn * value.budget):.4g}",
        "spent": None if found.spent is None else f"{100 * found.spent:.3g}",
    }

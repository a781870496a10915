"""Rules of other kinds: lists in the order in which they count, and a form for each."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.core.routing import destination
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show, standing
from tocsin.people.problems import Refused
from tocsin.policies.queries import policies
from tocsin.rules import inhibitions, maintenance, queries, routing, urgency
from tocsin.rules.doubts import doubts
from tocsin.rules.models import Inhibition, Maintenance, Route, UrgencyRule
from tocsin.services.queries import services
from tocsin.tuning import trying
from tocsin.tuning.forms import (
    InhibitionForm,
    MaintenanceForm,
    RouteForm,
    TryForm,
    UrgencyRuleForm,
    hours_words,
    inhibition_initial,
    maintenance_initial,
    route_initial,
    urgency_initial,
    weekly_words,
)
from tocsin.ui.pages import paginate

TABS = (
    ("routes", "Routing"),
    ("urgency_rules", "Urgency"),
    ("inhibitions", "Inhibition"),
    ("maintenances", "Maintenance"),
)
_NEW = {
    "routes": "route",
    "urgency_rules": "urgency rule",
    "inhibitions": "inhibition rule",
    "maintenances": "maintenance window",
}
Save = Callable[[], Model]
Trial = Callable[[], trying.Trial]


@require_safe
def maintenances(request: ActorRequest) -> HttpResponse:
    """What goes on now first, then by when it comes next, then what is over."""
    now = clock.now()
    rows = [_planned(row, now) for row in queries.maintenances(request.actor)[:_MOST]]
    rows.sort(key=lambda row: (queries.PLANNED.index(row["state"]), row["at"] or now))
    return _list(request, "maintenances", rows)


_MOST = 500  # windows, the newest


def _planned(row: Maintenance, now: datetime) -> dict[str, Any]:
    stands = queries.planned(row, now)
    weekly = weekly_words(row) if stands.is_sound else ""  # the list leads to where one is mended
    return {"row": row, "weekly": weekly, **vars(stands)}


@needs(Verb.CONFIGURE)
def maintenance_new(request: ActorRequest) -> HttpResponse:
    return _maintenance(request, None)


@needs(Verb.CONFIGURE)
def maintenance_edit(request: ActorRequest, pk: int) -> HttpResponse:
    return _maintenance(request, queries.maintenance(request.actor, pk))


def _maintenance(request: ActorRequest, row: Maintenance | None) -> HttpResponse:
    now = clock.now()
    zone = getattr(request.user, "time_zone", "UTC")
    initial = maintenance_initial(row) if row else {"zone": zone, "services": request.GET.getlist("service")}
    form = MaintenanceForm(request.POST or None, services=services(request.actor), initial=initial)

    def save() -> Model:
        fields = form.fields_of()
        chosen = list(fields.pop("services"))
        if row is None:
            return maintenance.create_maintenance(request.actor, chosen, now, **fields)
        return maintenance.change_maintenance(request.actor, row, chosen, now, **fields)

    def trial() -> trying.Trial:
        fields = form.fields_of()
        return trying.of_maintenance(request.actor, row, list(fields.pop("services")), fields, now)

    return _form(request, "maintenances", form, row, save, trial)


@require_POST
def maintenance_end(request: ActorRequest, pk: int) -> HttpResponse:
    maintenance.end_early(request.actor, queries.maintenance(request.actor, pk), clock.now())
    messages.success(request, "The maintenance is over.")
    return redirect("maintenances")


@require_POST
def maintenance_delete(request: ActorRequest, pk: int) -> HttpResponse:
    maintenance.delete_maintenance(request.actor, queries.maintenance(request.actor, pk), clock.now())
    return _deleted(request, "maintenances")


@require_safe
def inhibition_list(request: ActorRequest) -> HttpResponse:
    return _list(request, "inhibitions", [{"row": row} for row in queries.inhibitions(request.actor)])


@needs(Verb.CONFIGURE)
def inhibition_new(request: ActorRequest) -> HttpResponse:
    return _inhibition(request, None)


@needs(Verb.CONFIGURE)
def inhibition_edit(request: ActorRequest, pk: int) -> HttpResponse:
    return _inhibition(request, queries.inhibition(request.actor, pk))


def _inhibition(request: ActorRequest, row: Inhibition | None) -> HttpResponse:
    form = InhibitionForm(request.POST or None, initial=inhibition_initial(row) if row else {})
    now = clock.now()
    return _form(
        request,
        "inhibitions",
        form,
        row,
        lambda: inhibitions.save_inhibition(request.actor, row, now, **form.cleaned_data),
        lambda: trying.of_inhibition(request.actor, row, form.cleaned_data, now),
    )


@require_POST
def inhibition_delete(request: ActorRequest, pk: int) -> HttpResponse:
    inhibitions.delete_inhibition(request.actor, queries.inhibition(request.actor, pk), clock.now())
    return _deleted(request, "inhibitions")


@require_safe
def route_list(request: ActorRequest) -> HttpResponse:
    """The tree; with `?labels=` or `?receipt=` also where such a message would go."""
    now = clock.now()
    form = TryForm(request.GET if {"labels", "receipt"} & set(request.GET) else None)
    context: dict[str, object] = {"form": form, "found": None}
    fields = _asked(request, form)
    if fields is not None:
        found = destination(queries.rulebook(now).routes, fields)
        named: dict[str, QuerySet[Any]] = {"service": services(request.actor), "policy": policies(request.actor)}
        led = {name: choices.filter(pk=getattr(found, name)).first() for name, choices in named.items()}
        context["found"] = {"destination": found, **led}
    rows = [{"row": row, "depth": depth} for row, depth in _nested(list(queries.routes(request.actor)), None, 0)]
    return _list(request, "routes", rows, **context)


def _asked(request: ActorRequest, form: TryForm) -> dict[str, str] | None:
    """The fields of the message that is asked about; None when nothing is."""
    if not form.is_valid():
        return None
    typed: dict[str, str] = form.cleaned_data["labels"]
    receipt = form.cleaned_data["receipt"]
    try:
        return {**trying.fields_of_event(request.actor, receipt), **typed} if receipt else typed
    except Refused as refusal:
        form.add_error("receipt", str(refusal))
    except ObjectDoesNotExist:
        form.add_error("receipt", "No message has this receipt. It may be past its retention.")
    return None


def _nested(rows: list[Route], parent: int | None, depth: int) -> list[tuple[Route, int]]:
    found: list[tuple[Route, int]] = []
    for row in (row for row in rows if row.parent_id == parent):
        found += [(row, depth), *_nested(rows, row.pk, depth + 1)]
    return found


@needs(Verb.CONFIGURE)
def route_new(request: ActorRequest) -> HttpResponse:
    return _route(request, None)


@needs(Verb.CONFIGURE)
def route_edit(request: ActorRequest, pk: int) -> HttpResponse:
    return _route(request, queries.route(request.actor, pk))


def _route(request: ActorRequest, row: Route | None) -> HttpResponse:
    now = clock.now()
    others = queries.routes(request.actor).exclude(pk=row.pk if row else 0)
    choices = {"parent": others, "service": services(request.actor), "policy": policies(request.actor)}
    initial = route_initial(row) if row else {"parent": request.GET.get("parent")}
    form = RouteForm(request.POST or None, initial=initial, **choices)
    return _form(
        request,
        "routes",
        form,
        row,
        lambda: routing.save_route(request.actor, row, now, **form.cleaned_data),
        lambda: trying.of_route(request.actor, row, form.cleaned_data, now),
    )


@require_POST
def route_move(request: ActorRequest, pk: int) -> HttpResponse:
    by = -1 if request.POST.get("to") == "up" else 1
    routing.move_route(request.actor, queries.route(request.actor, pk), by, clock.now())
    return redirect("routes")


@require_POST
def route_delete(request: ActorRequest, pk: int) -> HttpResponse:
    routing.delete_route(request.actor, queries.route(request.actor, pk), clock.now())
    return _deleted(request, "routes")


@require_safe
def urgency_rule_list(request: ActorRequest) -> HttpResponse:
    rows = [{"row": row, "hours": hours_words(row)} for row in queries.urgency_rules(request.actor)]
    return _list(request, "urgency_rules", rows)


@needs(Verb.CONFIGURE)
def urgency_rule_new(request: ActorRequest) -> HttpResponse:
    return _urgency_rule(request, None)


@needs(Verb.CONFIGURE)
def urgency_rule_edit(request: ActorRequest, pk: int) -> HttpResponse:
    return _urgency_rule(request, queries.urgency_rule(request.actor, pk))


def _urgency_rule(request: ActorRequest, row: UrgencyRule | None) -> HttpResponse:
    now = clock.now()
    initial = urgency_initial(row) if row else {"zone": getattr(request.user, "time_zone", "UTC")}
    form = UrgencyRuleForm(request.POST or None, initial=initial)
    return _form(
        request,
        "urgency_rules",
        form,
        row,
        lambda: urgency.save_urgency_rule(request.actor, row, now, **form.fields_of()),
        lambda: trying.of_urgency_rule(request.actor, row, form.fields_of(), now),
    )


@require_POST
def urgency_rule_move(request: ActorRequest, pk: int) -> HttpResponse:
    by = -1 if request.POST.get("to") == "up" else 1
    urgency.move_urgency_rule(request.actor, queries.urgency_rule(request.actor, pk), by, clock.now())
    return redirect("urgency_rules")


@require_POST
def urgency_rule_delete(request: ActorRequest, pk: int) -> HttpResponse:
    urgency.delete_urgency_rule(request.actor, queries.urgency_rule(request.actor, pk), clock.now())
    return _deleted(request, "urgency_rules")


def _list(request: ActorRequest, tab: str, rows: list[dict[str, Any]], **more: object) -> HttpResponse:
    """A tree is not torn apart: there are never more routes than fit one page."""
    page = paginate(rows, request, routing.MOST if tab == "routes" else 50)
    return show(request, f"tuning/{tab}.html", {"rows": page, "tab": tab, "tabs": TABS, **more})


def _form(
    request: ActorRequest, tab: str, form: forms.Form, row: Model | None, save: Save, trial: Trial
) -> HttpResponse:
    """“try” shows what would have been different; everything else saves."""
    context: dict[str, object] = {"form": form, "row": row, "tab": tab, "tabs": TABS, "word": _NEW[tab]}
    context["delete"], context["standing"] = f"{tab[:-1]}_delete", standing(request, form, row)
    if request.method == "POST" and form.is_valid():
        try:
            if "try" in request.POST:
                context["trial"] = trial()
            else:
                saved = save()
                messages.success(request, f"{saved} was saved. It counts from now on.")
                warn_of_doubts(request, saved)
                return redirect(tab)
        except Refused as refusal:
            put_beside(form, refusal)
    return show(request, f"tuning/{tab[:-1]}.html", context, wrong=form.is_bound and bool(form.errors))


def warn_of_doubts(request: ActorRequest, saved: Model) -> None:
    """It is kept all the same: what a matcher asks for may come one day."""
    for doubt in doubts(*(getattr(saved, name, "") for name in ("matchers", "source", "target"))):
        messages.warning(request, doubt)


def _deleted(request: ActorRequest, tab: str) -> HttpResponse:
    messages.success(request, "It was deleted, and counts no more.")
    return redirect(tab)

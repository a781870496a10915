"""Making, changing and trying checks."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.checks import actions, queries
from tocsin.checks.configs import KINDS
from tocsin.checks.forms import FORMS, CheckForm
from tocsin.checks.models import Check
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show, standing
from tocsin.people.problems import Refused
from tocsin.services import newkeys
from tocsin.services import queries as services


@needs(Verb.CONFIGURE)
def check_choose(request: ActorRequest) -> HttpResponse:
    has_services = services.services(request.actor).exists()
    context = {"kinds": KINDS.items(), "service": request.GET.get("service", ""), "has_services": has_services}
    return show(request, "checks/choose.html", context)


@needs(Verb.CONFIGURE)
def check_new(request: ActorRequest, kind: str) -> HttpResponse:
    if kind not in FORMS:
        raise Http404
    form = FORMS[kind](request.actor, request.POST or None, service=request.GET.get("service", ""))
    return _edited(request, form, None)


@needs(Verb.CONFIGURE)
def check_edit(request: ActorRequest, pk: int) -> HttpResponse:
    row = Check.objects.select_related("service").get(pk=queries.check(request.actor, pk).pk)  # with its headers
    return _edited(request, FORMS[row.kind](request.actor, request.POST or None, row), row)


@require_POST
def check_pause(request: ActorRequest, pk: int) -> HttpResponse:
    row = queries.check(request.actor, pk)
    actions.pause(request.actor, row, clock.now())
    messages.success(request, f"{row} is paused. Nothing is expected of it, and its alert is resolved.")
    return redirect(row)


@require_POST
def check_resume(request: ActorRequest, pk: int) -> HttpResponse:
    row = queries.check(request.actor, pk)
    actions.resume(request.actor, row, clock.now())
    messages.success(request, f"{row} is watched again from now on.")
    return redirect(row)


@require_POST
def check_delete(request: ActorRequest, pk: int) -> HttpResponse:
    row = queries.check(request.actor, pk)
    actions.delete_check(request.actor, row, clock.now())
    messages.success(request, f"{row.name} was deleted.")
    return redirect("checks")


@require_POST
def check_key(request: ActorRequest, pk: int) -> HttpResponse:
    row = queries.check(request.actor, pk)
    newkeys.keep(request.session, row.integration_id or 0, actions.new_key(request.actor, row, clock.now()))
    messages.success(
        request, "There is a new address. The old one stops within 5 seconds: put the new one where it was."
    )
    return redirect(row)


@require_POST
def check_look(request: ActorRequest, pk: int) -> HttpResponse:
    row = queries.check(request.actor, pk)
    actions.look_soon(request.actor, row, clock.now())
    messages.success(request, "It is being looked at. The result is on this page in a moment.")
    return redirect(row)


def _edited(request: ActorRequest, form: CheckForm, row: Check | None) -> HttpResponse:
    """“try” looks at the target once and keeps nothing; everything else saves."""
    context: dict[str, Any] = {"form": form, "check": row, "kind": KINDS[form.kind], "kind_name": form.kind}
    context["standing"] = standing(request, form, row)
    if form.is_valid():
        try:
            if request.POST.get("act") == "try":
                context["tried"] = actions.try_probe(
                    request.actor, form.kind, form.config(), _headers(form, row), clock.now()
                )
            else:
                return redirect(_saved(request, form, row))
        except Refused as refused:
            put_beside(form, refused)
    return show(request, f"checks/edit_{form.kind}.html", context, wrong=form.is_bound and not form.is_valid())


def _saved(request: ActorRequest, form: CheckForm, row: Check | None) -> Check:
    now, own = clock.now(), form.own()
    if form.kind == "http":
        own["headers"] = _headers(form, row)
    if row is not None:
        saved = actions.change_check(request.actor, row, now, config=form.config(), **own)
        messages.success(request, f"{saved} was saved.")
        return saved
    made, key = actions.create_check(request.actor, kind=form.kind, now=now, config=form.config(), **own)
    if key:
        newkeys.keep(request.session, made.integration_id or 0, key)
    return made


def _headers(form: CheckForm, row: Check | None) -> str:
    """What was typed; where nothing was, what is kept."""
    typed = form.cleaned_data.get("headers", "")
    if typed or row is None or form.cleaned_data.get("forget_headers"):
        return str(typed)
    return actions.kept_headers(row, form.config())

"""Making and changing services and integrations. The pages that show their alerts are in `alerts.views`."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Verb, require
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import standing
from tocsin.people.problems import Refused
from tocsin.policies import queries as policies
from tocsin.services import actions, newkeys, queries
from tocsin.services.forms import (
    IntegrationChangeForm,
    IntegrationForm,
    ServiceForm,
    initial_of,
    refuse,
)
from tocsin.sources.registry import SOURCES


def service_new(request: ActorRequest) -> HttpResponse:
    require(request.actor, Verb.CONFIGURE)
    form = ServiceForm(request.actor, request.POST or None)
    if form.is_valid():
        try:
            service = actions.create_service(request.actor, now=clock.now(), **form.cleaned_data)
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, f"{service} is there. Next: say where its alerts come from.")
            return redirect("service", service.slug)
    has_policies = policies.policies(request.actor).exists()
    return render(request, "services/service_form.html", {"form": form, "has_policies": has_policies})


def service_edit(request: ActorRequest, slug: str) -> HttpResponse:
    require(request.actor, Verb.CONFIGURE)
    service = queries.service(request.actor, slug)
    form = ServiceForm(request.actor, request.POST or None, initial=initial_of(service))
    mark = standing(request, form, service)
    if form.is_valid():
        try:
            actions.change_service(request.actor, service, now=clock.now(), **form.cleaned_data)
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, f"{service} was saved.")
            return redirect("service", service.slug)
    context = {"form": form, "service": queries.service(request.actor, slug), "has_policies": True, "standing": mark}
    return render(request, "services/service_form.html", context)


@require_POST
def service_delete(request: ActorRequest, slug: str) -> HttpResponse:
    service = queries.service(request.actor, slug)
    actions.delete_service(request.actor, service, clock.now())
    messages.success(request, f"{service} was deleted.")
    return redirect("services")


def integration_new(request: ActorRequest) -> HttpResponse:
    require(request.actor, Verb.CONFIGURE)
    initial = {"service": request.GET.get("service"), "kind": request.GET.get("kind")}
    form = IntegrationForm(queries.services(request.actor), request.POST or None, initial=initial)
    if form.is_valid():
        try:
            integration, key = actions.create_integration(request.actor, now=clock.now(), **form.cleaned_data)
        except Refused as refused:
            refuse(form, refused)
        else:
            newkeys.keep(request.session, integration.pk, key)
            return redirect("integration", integration.pk)
    has_services = queries.services(request.actor).exists()
    return render(request, "services/integration_form.html", {"form": form, "has_services": has_services})


def integration_edit(request: ActorRequest, pk: int) -> HttpResponse:
    require(request.actor, Verb.CONFIGURE)
    integration = queries.integration(request.actor, pk)
    form = IntegrationChangeForm(integration, request.POST or None)
    if form.is_valid():
        try:
            actions.change_integration(request.actor, integration, now=clock.now(), **form.changes())
        except Refused as refused:
            refuse(form, refused)
        else:
            messages.success(request, f"{integration.name} was saved.")
            return redirect("integration", pk)
    context = {"form": form, "integration": integration, "source": SOURCES.get(integration.kind)}
    return render(request, "services/integration_edit.html", context)


@require_POST
def integration_rotate(request: ActorRequest, pk: int) -> HttpResponse:
    integration = queries.integration(request.actor, pk)
    newkeys.keep(request.session, pk, actions.rotate_key(request.actor, integration, clock.now()))
    messages.success(request, "There is a new key. The old one stops within 5 seconds: put the new one where it was.")
    return redirect("integration", pk)


@require_POST
def integration_delete(request: ActorRequest, pk: int) -> HttpResponse:
    integration = queries.integration(request.actor, pk)
    actions.delete_integration(request.actor, integration, clock.now())
    messages.success(request, f"{integration.name} was deleted. What is sent to it from now on is refused.")
    return redirect("service", integration.service.slug)

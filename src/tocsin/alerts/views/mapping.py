"""The mapping of an integration, tried on a message before it is saved: a pasted one, or one that came in."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from tocsin import clock
from tocsin.alerts import queries as alerts
from tocsin.alerts.mapping import tried
from tocsin.alerts.models import Event
from tocsin.core.permissions import Verb, require
from tocsin.people.middleware import ActorRequest
from tocsin.people.problems import Refused
from tocsin.services import actions, queries
from tocsin.services.forms import LONGEST_SAMPLE, MappingForm, mapping_text
from tocsin.services.models import Integration
from tocsin.sources.registry import SOURCES


def integration_mapping(request: ActorRequest, pk: int) -> HttpResponse:
    """Saved only when it reads the message beside it."""
    require(request.actor, Verb.CONFIGURE)
    integration = queries.integration(request.actor, pk)
    taken = _taken(request, integration)
    form = _form(request, integration, taken)
    context: dict[str, Any] = {"form": form, "integration": integration, "taken": taken}
    if form.is_valid():
        context["tried"] = tried = _try(request, integration, form)
        if "save" in request.POST and tried.get("error") is None:
            mapping = form.cleaned_data["mapping"]
            actions.change_integration(request.actor, integration, clock.now(), mapping=mapping)
            messages.success(request, "The mapping was saved. It reads everything that comes in from now on.")
            return redirect("integration", pk)
    return render(request, "alerts/mapping.html", context)


def _taken(request: ActorRequest, integration: Integration) -> Event | None:
    """The stored message that is asked for, if any."""
    asked = request.POST.get("stored", "") if "take" in request.POST else request.GET.get("message", "")
    return alerts.sample(request.actor, integration, asked) if asked and "try" not in request.POST else None


def _form(request: ActorRequest, integration: Integration, taken: Event | None) -> MappingForm:
    stored = [(str(event.receipt), _name(event)) for event in alerts.samples(request.actor, integration)]
    if request.method == "POST" and "take" not in request.POST:
        return MappingForm(stored, request.POST)
    sample = request.POST.get("sample", SOURCES[integration.kind].sample.decode())
    initial = {"mapping": request.POST.get("mapping", mapping_text(integration)), "sample": sample}
    if taken is not None:
        text = _readable(bytes(taken.body))
        if len(text) > LONGEST_SAMPLE:
            messages.error(request, "This message is too long to be tried here. Paste a part of it.")
        else:
            initial |= {"sample": text, "stored": str(taken.receipt)}
    return MappingForm(stored, initial=initial)


def _name(event: Event) -> str:
    at = timezone.localtime(event.received_at)
    return f"{at:%Y-%m-%d %H:%M:%S}{', in quarantine' if event.state == 'quarantined' else ''}"


def _readable(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _try(request: ActorRequest, integration: Integration, form: MappingForm) -> dict[str, Any]:
    typed = form.cleaned_data
    try:
        return {"signals": tried(request.actor, integration, typed["mapping"], typed["sample"].encode())}
    except Refused as refusal:
        return {"error": str(refusal)}

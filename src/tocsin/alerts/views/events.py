"""What came in, as it came, and what became of it."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.alerts import actions, queries
from tocsin.alerts.bodies import readable
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.sources.registry import SOURCES
from tocsin.ui.pages import paginate


def event(request: ActorRequest, receipt: uuid.UUID) -> HttpResponse:
    found = queries.receipt(request.actor, receipt)
    context: dict[str, Any] = {"receipt": found, "event": found.event, "can_retry": request.actor.may(Verb.RETRY)}
    is_mapped = SOURCES[found.event.kind].fits is not None if found.event.kind in SOURCES else False
    context["can_map"] = is_mapped and request.actor.may(Verb.CONFIGURE)
    if request.headers.get("HX-Request"):
        return render(request, "alerts/event_outcome.html", context)
    return render(request, "alerts/event.html", context | {"body": readable(bytes(found.event.body))})


@require_POST
def event_retry(request: ActorRequest, receipt: uuid.UUID) -> HttpResponse:
    found = queries.event(request.actor, receipt)
    if actions.requeue_event(request.actor, found.pk, clock.now()):
        messages.success(request, "It is being read again. This page shows what comes of it.")
    else:
        messages.info(request, "It is not in quarantine any more: somebody else has tried it again.")
    return redirect("event", receipt)


@require_POST
def event_discard(request: ActorRequest, receipt: uuid.UUID) -> HttpResponse:
    found = queries.event(request.actor, receipt)
    if actions.discard_event(request.actor, found.pk, clock.now()):
        messages.success(request, "It is discarded: nothing comes of it.")
    else:
        messages.info(request, "It is not in quarantine any more: somebody else has taken care of it.")
    return redirect("event", receipt)


def quarantine(request: ActorRequest) -> HttpResponse:
    page = paginate(queries.quarantined(request.actor), request)
    return render(request, "alerts/quarantine.html", {"page": page, "can_retry": request.actor.may(Verb.RETRY)})

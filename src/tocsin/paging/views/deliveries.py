"""Deliveries: what leaves, has left, and could not."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.channels.registry import CHANNELS
from tocsin.core.permissions import Verb
from tocsin.outbox import actions
from tocsin.paging import outgoing
from tocsin.paging.views.returning import way_back
from tocsin.people.middleware import ActorRequest
from tocsin.ui.pages import paginate


def deliveries(request: ActorRequest) -> HttpResponse:
    get = request.GET.get
    filters = outgoing.read(get("state", ""), get("kind", ""), get("purpose", ""))
    context = {
        "filters": filters,
        "tabs": outgoing.tabs(request.actor, filters),
        "page": paginate(outgoing.listed(request.actor, filters), request),
        "kinds": [(c.kind, c.label) for c in CHANNELS.values()],
        "purposes": outgoing.PURPOSES.items(),
        "can_retry": request.actor.may(Verb.RETRY),
    }
    is_part = request.headers.get("HX-Request")
    return render(request, "paging/deliveries_live.html" if is_part else "paging/deliveries.html", context)


def delivery(request: ActorRequest, pk: int) -> HttpResponse:
    message = outgoing.one(request.actor, pk)
    context = {
        "message_": message,
        "notification": getattr(message, "notification", None),
        "purpose": outgoing.PURPOSES.get(message.purpose, message.purpose),
        "address": outgoing.address_of(request.actor, message),
        "channel": CHANNELS.get(message.kind),
        "can_retry": request.actor.may(Verb.RETRY),
    }
    return render(request, "paging/delivery.html", context)


@require_POST
def delivery_retry(request: ActorRequest, pk: int) -> HttpResponse:
    if actions.retry(request.actor, pk, clock.now()):
        messages.success(request, "It is being sent again. This page shows what comes of it.")
    else:
        messages.info(request, "There is nothing to send again: it was sent, or is no longer needed.")
    return redirect(way_back(request, "delivery", pk))

"""Integrations: where to send, whether it works, and what came of what was sent."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.alerts import listing
from tocsin.alerts import queries as alerts
from tocsin.alerts.testing import test_alert
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.services import newkeys, queries, setup
from tocsin.services.forms import mapping_text
from tocsin.sources.registry import SOURCES
from tocsin.ui.pages import paginate

_RECENT = 20
_TESTED = {
    "alert": "The test alert is in. It pages like a real one: acknowledge or resolve it when it does.",
    "change": "The test change is in. It pages nobody, and stands among the changes of the service.",
}


def integrations(request: ActorRequest) -> HttpResponse:
    page = paginate(listing.integrations(request.actor), request)
    context = {"page": page, "can_configure": request.actor.may(Verb.CONFIGURE)}
    return render(request, "alerts/integrations.html", context)


def integration(request: ActorRequest, pk: int) -> HttpResponse:
    found = queries.integration(request.actor, pk)
    context: dict[str, Any] = {"integration": found, "events": alerts.recent_events(request.actor, found)[:_RECENT]}
    if request.headers.get("HX-Request"):
        return render(request, "alerts/integration_events.html", context)
    key = newkeys.take(request.session, pk)
    context |= {"key": key, "url": queries.inbound_url(found.kind, key), "key_placeholder": setup.NO_KEY}
    context |= {"setup": setup.parts(found.kind, key or setup.NO_KEY), "source": SOURCES.get(found.kind)}
    context |= {"mapping": mapping_text(found), "is_deaf": queries.is_deaf(found.kind)}
    context |= {"can_configure": request.actor.may(Verb.CONFIGURE)}
    return render(request, "alerts/integration.html", context)


@require_POST
def integration_test(request: ActorRequest, pk: int) -> HttpResponse:
    found = queries.integration(request.actor, pk)
    receipt = test_alert(request.actor, found, clock.now())
    messages.success(request, _TESTED[SOURCES[found.kind].tells])
    return redirect("event", receipt)

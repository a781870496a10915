"""What came in, as it came, and what became of it."""

import json
import re
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.alerts import actions, queries
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.sources.registry import SOURCES
from tocsin.ui.pages import paginate

_SHOWN = 100_000  # characters of a body
_KEY = re.compile(r'("(?:routing|service)_key"\s*:\s*"[^"]{0,4})[^"]*')  # PagerDuty's clients send it in the body


def event(request: ActorRequest, receipt: uuid.UUID) -> HttpResponse:
    found = queries.receipt(request.actor, receipt)
    context: dict[str, Any] = {"receipt": found, "event": found.event, "can_retry": request.actor.may(Verb.RETRY)}
    is_mapped = SOURCES[found.event.kind].fits is not None if found.event.kind in SOURCES else False
    context["can_map"] = is_mapped and request.actor.may(Verb.CONFIGURE)
    if request.headers.get("HX-Request"):
        return render(request, "alerts/event_outcome.html", context)
    return render(request, "alerts/event.html", context | {"body": _readable(bytes(found.event.body))})


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


def _readable(body: bytes) -> str:
    """JSON indented; anything else as it is, with a mark for each byte that is not UTF-8. Without the key."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
    text = _KEY.sub(r"\1…", text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\n… cut: {len(text) - _SHOWN} more characters"

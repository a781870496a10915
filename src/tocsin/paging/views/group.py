"""One alert group: everything about it on one page, and what can be done."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.alerts import links, listing
from tocsin.alerts import queries as alerts
from tocsin.alerts.actions import add_note
from tocsin.alerts.models import AlertGroup
from tocsin.changes import queries as changes
from tocsin.core.escalation import Reason
from tocsin.core.permissions import Actor, Verb
from tocsin.paging import actions, queries
from tocsin.paging.answering import Answer
from tocsin.paging.forms import NoteForm
from tocsin.paging.views import handing
from tocsin.paging.views.returning import way_back
from tocsin.people.middleware import ActorRequest

_ALERTS = 20
_EVENTS = 20
_SUSPECTS = 5
_SNOOZES = ((30, "30 minutes"), (60, "1 hour"), (240, "4 hours"), (1440, "A day"))
_ACTS: dict[str, Callable[[int, Actor, datetime], Answer]] = {
    "acknowledge": actions.acknowledge,
    "resolve": actions.resolve,
    "unacknowledge": actions.unacknowledge,
    "escalate": actions.escalate,
}
_SAID = {
    Reason.ACKNOWLEDGED: (messages.SUCCESS, "Acknowledged: nobody else is paged. It is yours now."),
    Reason.PARTLY_ACKNOWLEDGED: (messages.SUCCESS, "You acknowledged it. Others still have to, and are still paged."),
    Reason.ALREADY_ACKNOWLEDGED: (messages.INFO, "It was acknowledged already. Nothing changed."),
    Reason.ENDED: (messages.SUCCESS, "Resolved. If it comes back, it pages again."),
    Reason.ALREADY_ENDED: (messages.INFO, "It is resolved already. Nothing changed."),
    Reason.RETRIGGERED: (messages.SUCCESS, "The acknowledgement was taken back. Paging begins again."),
    Reason.ESCALATED: (messages.SUCCESS, "Escalated: the next step is paged now."),
}


def group(request: ActorRequest, pk: int) -> HttpResponse:
    now = clock.now()
    found = alerts.group(request.actor, pk)
    context = _live(request, found, now)
    if request.headers.get("HX-Request"):
        return render(request, "paging/group_live.html", context | {"live": True})
    context |= _still(request, found) | {"note": NoteForm()}
    return render(request, "paging/group.html", context)


@require_POST
def act(request: ActorRequest, pk: int, verb: str) -> HttpResponse:
    if verb == "note":
        return _note(request, pk)
    if verb not in _ACTS:
        raise Http404
    alerts.group(request.actor, pk)
    level, text = _SAID.get(_ACTS[verb](pk, request.actor, clock.now()).reason, (messages.INFO, "Nothing changed."))
    messages.add_message(request, level, text)
    return redirect(way_back(request, "group", pk))


def _note(request: ActorRequest, pk: int) -> HttpResponse:
    now = clock.now()
    found = alerts.group(request.actor, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        context = _live(request, found, now) | _still(request, found) | {"note": form}
        return render(request, "paging/group.html", context, status=422)
    add_note(request.actor, pk, form.cleaned_data["text"], now)
    return redirect(f"{found.get_absolute_url()}#history")


def _still(request: ActorRequest, found: AlertGroup) -> dict[str, Any]:
    """What does not change while one looks, and must not: somebody is choosing from it."""
    more = handing.forms(request.actor) if request.actor.may(Verb.RESPOND) else {}
    suspects = changes.suspected(request.actor, found.service, found.opened_at)
    more |= {"suspects": suspects[:_SUSPECTS], "more_suspects": len(suspects[_SUSPECTS:])}
    more |= {"change_window": changes.window(found.service)}
    return {"similar": alerts.similar(request.actor, found), "snoozes": _SNOOZES, **more}


def _live(request: ActorRequest, found: AlertGroup, now: datetime) -> dict[str, Any]:
    """What changes while one looks."""
    actor = request.actor
    rows = list(alerts.alerts_of(actor, found)[:_ALERTS])
    return {
        "group": found,
        "service": found.service,
        "can_respond": actor.may(Verb.RESPOND),
        "is_asked": queries.is_asked(actor, found),
        "links": links.of_group(found.service, rows),
        "held": next((alert for alert in rows if alert.held and alert.state != "resolved"), None),
        "alerts": [(alert, _texts(alert.details)) for alert in rows],
        "more_alerts": max(found.alert_count - len(rows), 0),
        "entries": alerts.entries_of(actor, found).reverse(),
        "events": listing.events(actor, found, _EVENTS),
        "pages": queries.pages_of(actor, found),
        "next_up": queries.next_up(actor, found, now),
    }


def _texts(details: Mapping[str, object]) -> list[tuple[str, str, bool]]:
    """Each with whether it is a block of JSON."""
    return [(name, *_text(value)) for name, value in details.items()]


def _text(value: object) -> tuple[str, bool]:
    if isinstance(value, str):
        return value, False
    return json.dumps(value, ensure_ascii=False, indent=2), isinstance(value, dict | list)

"""What was changed: the list, one change, and a form to say so."""

import json
from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from tocsin import clock
from tocsin.changes import actions, filters, queries
from tocsin.changes.forms import ChangeForm
from tocsin.core import signals
from tocsin.core.permissions import Actor, Verb
from tocsin.core.suspects import WORDS
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused
from tocsin.services import queries as services
from tocsin.ui.pages import paginate

_SPANS = {"2h": "Last 2 hours", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days"}


@require_safe
def changes(request: ActorRequest) -> HttpResponse:
    wanted = filters.read(request.GET.dict())
    page = paginate(queries.changes(request.actor, clock.now(), wanted), request)
    return show(request, "changes/changes.html", {"page": page, "filters": wanted, **_choices(request.actor)})


@require_safe
def change(request: ActorRequest, pk: int) -> HttpResponse:
    found = queries.change(request.actor, pk)
    return show(request, "changes/change.html", {"change": found, "details": _texts(found.details)})


@needs(Verb.RESPOND)
def change_new(request: ActorRequest) -> HttpResponse:
    form = ChangeForm(request.actor, request.POST or None)
    if form.is_valid():
        said = dict(form.cleaned_data)
        service = said.pop("service")
        what = signals.Change(author=request.actor.name, source="Tocsin", **said)
        try:
            row = actions.record(request.actor, what, service, clock.now())
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, "The change is recorded.")
            return redirect("change", row.pk)
    return show(request, "changes/form.html", {"form": form}, wrong=form.is_bound)


def _choices(actor: Actor) -> Mapping[str, object]:
    return {
        "services": services.services(actor).values_list("slug", "name"),
        "environments": queries.environments(actor),
        "statuses": [(outcome.value, outcome.value.capitalize()) for outcome in WORDS],
        "spans": _SPANS.items(),
    }


def _texts(details: Mapping[str, object]) -> list[tuple[str, str, bool]]:
    """Each with whether it is a block of JSON."""
    return [(name, *_text(value)) for name, value in details.items()]


def _text(value: object) -> tuple[str, bool]:
    if isinstance(value, str):
        return value, False
    return json.dumps(value, ensure_ascii=False, indent=2), isinstance(value, dict | list)

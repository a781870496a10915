"""Handoffs: the list, one of them, and the editor of who goes."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.handoffs import actions, queries
from tocsin.handoffs.forms import FilterForm, NoteForm
from tocsin.handoffs.models import Handoff
from tocsin.handoffs.queries import Filters
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused
from tocsin.ui.pages import paginate


@require_safe
def handoffs(request: ActorRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    form.is_valid()
    asked = {name: value for name, value in form.cleaned_data.items() if value}
    page = paginate(queries.handoffs(request.actor, Filters(**asked)), request)
    return show(request, "handoffs/handoffs.html", {"page": page, "form": form, "filtered": bool(asked)})


@require_safe
def handoff(request: ActorRequest, pk: int) -> HttpResponse:
    found = queries.handoff(request.actor, pk)
    return show(request, "handoffs/handoff.html", _shown(request, found))


@needs(Verb.RESPOND)
def handoff_edit(request: ActorRequest, pk: int) -> HttpResponse:
    """“save” keeps the draft, “sign” signs it."""
    found = queries.handoff(request.actor, pk)
    form = NoteForm(request.POST or None, body=found.body)
    if request.method == "POST" and form.is_valid():
        try:
            return _written(request, found, form.cleaned_data["body"])
        except Refused as refusal:
            put_beside(form, refusal)
            found = queries.handoff(request.actor, pk)  # it may have been signed, or have lapsed, meanwhile
    if not queries.may(request.actor, found).sign and not form.is_bound:
        return redirect(found)
    return show(request, "handoffs/handoff_edit.html", {**_shown(request, found), "form": form}, wrong=form.is_bound)


@require_POST
def handoff_accept(request: ActorRequest, pk: int) -> HttpResponse:
    found = actions.accept(request.actor, queries.handoff(request.actor, pk), clock.now())
    messages.success(request, f"{found.schedule} is yours. Test your pager, so that you know that it works.")
    return redirect(found)


def _written(request: ActorRequest, found: Handoff, body: str) -> HttpResponse:
    if request.POST.get("act") == "sign":
        actions.sign(request.actor, found, body, clock.now())
        messages.success(request, f"Signed. {found.incoming} is asked to accept it.")
    else:
        actions.write(request.actor, found, body, clock.now())
        messages.success(request, "The draft is saved. It is not signed yet.")
    return redirect(found)


def _shown(request: ActorRequest, found: Handoff) -> dict[str, object]:
    return {
        "handoff": found,
        "can": queries.may(request.actor, found),
        "active": queries.active(request.actor, found)[:20],
        "is_incoming": found.incoming_id == request.actor.user_id,
    }

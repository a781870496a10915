"""Making and changing an escalation policy."""

from django.contrib import messages
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Actor, Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show, standing
from tocsin.people.problems import Refused
from tocsin.people.queries import people, teams
from tocsin.policies import actions, editing, queries
from tocsin.policies.editing import Editor, Typed
from tocsin.policies.forms import Choices, PolicyForm, target_choices
from tocsin.policies.models import EscalationPolicy
from tocsin.policies.places import places
from tocsin.policies.saving import save
from tocsin.policies.snapshots import snapshot_of
from tocsin.schedules.queries import schedules


@needs(Verb.CONFIGURE)
def policy_new(request: ActorRequest) -> HttpResponse:
    return _edit(request, None, {}, Typed(steps=[editing.blank(), editing.blank()]))


@needs(Verb.CONFIGURE)
def policy_edit(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.policy(request.actor, slug)
    return _edit(request, found, model_to_dict(found), editing.typed_of(snapshot_of(found)))


@require_POST
def policy_delete(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.policy(request.actor, slug)
    actions.delete_policy(request.actor, found, clock.now())
    messages.success(request, f"{found.name} is deleted. Escalations that run already go on with it.")
    return redirect("policies")


def _edit(
    request: ActorRequest, found: EscalationPolicy | None, initial: dict[str, object], stored: Typed
) -> HttpResponse:
    """“save” checks what was typed; every other `act` changes the rows."""
    what = request.POST.get("act", "save") if request.method == "POST" else ""
    typed = editing.typed_rows(request.POST) if what else stored
    if what not in ("", "save"):
        typed = editing.acted(typed, what)
    editor = Editor(editing.with_spare(typed), _choices(request.actor), is_bound=what == "save")
    shown = {**initial, **request.POST.dict()}  # after adding a row: what was typed, unchecked
    form = PolicyForm(request.POST if what == "save" else None, initial=shown, teams=teams(request.actor))
    mark = standing(request, form, found)
    if what == "save" and form.is_valid() & editor.is_valid():
        try:
            saved = save(request.actor, found, form.cleaned_data, editor.specs(), editor.last(), clock.now())
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, f"{saved.name} is saved. Escalations that run already keep what they began with.")
            return redirect(saved)
    context = {"form": form, "editor": editor, "policy": found, "standing": mark}
    return show(request, "policies/policy_edit.html", context, wrong=what == "save")


def _choices(actor: Actor) -> Choices:
    return target_choices(schedules(actor), teams(actor), people(actor).filter(is_active=True), places(actor))

"""Teams."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.people import actions, queries
from tocsin.people.forms import TeamForm
from tocsin.people.middleware import ActorRequest
from tocsin.people.models import Team
from tocsin.people.pages import needs, put_beside, show, standing
from tocsin.people.problems import Refused


@require_safe
def teams(request: ActorRequest) -> HttpResponse:
    return show(request, "people/teams.html", {"teams": queries.teams(request.actor)})


@require_safe
def team(request: ActorRequest, slug: str) -> HttpResponse:
    return show(request, "people/team.html", {"team": queries.team(request.actor, slug)})


@needs(Verb.MANAGE_PEOPLE)
def team_new(request: ActorRequest) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            with transaction.atomic():
                made = actions.create_team(request.actor, typed["name"], clock.now(), description=typed["description"])
                _set_members(request, made)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, f"{made.name} is there.")
            return redirect(made)
    return _edit_page(request, form, None)


@needs(Verb.MANAGE_PEOPLE)
def team_edit(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.team(request.actor, slug)
    form = TeamForm(request.POST or None, initial={"name": found.name, "description": found.description})
    mark = standing(request, form, found)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                actions.change_team(request.actor, found, clock.now(), **form.cleaned_data)
                _set_members(request, found)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, f"{found.name} is saved.")
            return redirect(found)
    return _edit_page(request, form, found, mark)


@require_POST
def team_delete(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.team(request.actor, slug)
    actions.delete_team(request.actor, found, clock.now())
    messages.success(request, f"{found.name} is deleted. The people in it stay.")
    return redirect("teams")


def _edit_page(request: ActorRequest, form: TeamForm, found: Team | None, mark: str = "") -> HttpResponse:
    members = {m.user_id: m.is_lead for m in found.memberships.all()} if found else {}
    chosen = _chosen(request.POST) if request.method == "POST" else members
    people = queries.people(request.actor)
    rows = [{"person": p, "place": _place(chosen, p.pk)} for p in people if p.is_active or p.pk in members]
    team = queries.team(request.actor, found.slug) if found else None
    context = {"form": form, "team": team, "rows": rows, "standing": mark}
    return show(request, "people/team_edit.html", context, wrong=form.is_bound)


def _set_members(request: ActorRequest, found: Team) -> None:
    chosen = _chosen(request.POST)
    leads = [user for user, is_lead in chosen.items() if is_lead]
    actions.set_members(request.actor, found, list(chosen), clock.now(), leads=leads)


def _chosen(posted: QueryDict) -> dict[int, bool]:
    """Who was put into the team → whether as a lead."""
    fields = ((key.removeprefix("place-"), value) for key, value in posted.items() if key.startswith("place-"))
    return {int(key): value == "lead" for key, value in fields if value and key.isdecimal()}


def _place(chosen: dict[int, bool], pk: int) -> str:
    return "" if pk not in chosen else "lead" if chosen[pk] else "member"

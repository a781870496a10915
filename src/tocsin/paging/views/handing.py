"""The “More” menu of an alert: later, mine, somebody else's, and one more."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.alerts import queries as alerts
from tocsin.core.escalation import Reason
from tocsin.core.permissions import Actor
from tocsin.paging import handing
from tocsin.paging.answering import Answer
from tocsin.paging.forms import ReassignForm, ResponderForm, SnoozeForm
from tocsin.paging.views.returning import way_back
from tocsin.people.middleware import ActorRequest
from tocsin.people.problems import Refused
from tocsin.people.queries import people
from tocsin.policies.queries import policies, policy

_SAID = {
    Reason.SNOOZED: (messages.SUCCESS, "Snoozed. It is yours, and pages again when the time is over."),
    Reason.TAKEN_OVER: (messages.SUCCESS, "It is yours now."),
    Reason.ACKNOWLEDGED: (messages.SUCCESS, "Acknowledged: it is yours now."),
    Reason.PARTLY_ACKNOWLEDGED: (messages.SUCCESS, "You acknowledged it. Others still have to, and are still paged."),
    Reason.REASSIGNED: (messages.SUCCESS, "Given on: they are paged now, and nobody else."),
    Reason.RESPONDER_ADDED: (messages.SUCCESS, "Asked: they are paged now, and again until they answer."),
    Reason.ALREADY_ENDED: (messages.INFO, "It is resolved already. Nothing changed."),
}
_NOTHING = (messages.INFO, "It is so already. Nothing changed.")


@require_POST
def snooze(request: ActorRequest, pk: int) -> HttpResponse:
    now = clock.now()
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        raise Refused("A snooze lasts from a minute to a week. Choose how long.")
    until = now + timedelta(minutes=form.cleaned_data["minutes"])
    return _said(request, pk, handing.snooze(_there(request, pk), until, request.actor, now))


@require_POST
def take_over(request: ActorRequest, pk: int) -> HttpResponse:
    return _said(request, pk, handing.take_over(_there(request, pk), request.actor, clock.now()))


@require_POST
def reassign(request: ActorRequest, pk: int) -> HttpResponse:
    choices = _choices(request.actor)
    form = ReassignForm(request.POST, people=choices["people"], policies=choices["policies"])
    if not form.is_valid():
        raise Refused("Choose whom to give it to. Nothing was changed.")
    return _said(request, pk, _reassigned(_there(request, pk), form.cleaned_data["to"], request.actor, clock.now()))


@require_POST
def responder(request: ActorRequest, pk: int) -> HttpResponse:
    form = ResponderForm(request.POST, people=_choices(request.actor)["people"])
    if not form.is_valid():
        raise Refused("Choose whom to ask. Nothing was changed.")
    person = int(form.cleaned_data["person"])
    return _said(request, pk, handing.add_responder(_there(request, pk), person, request.actor, clock.now()))


def forms(actor: Actor) -> dict[str, Any]:
    choices = _choices(actor)
    reassign_form = ReassignForm(people=choices["people"], policies=choices["policies"])
    return {"reassign": reassign_form, "responder": ResponderForm(people=choices["people"])}


def _choices(actor: Actor) -> dict[str, list[tuple[str, str]]]:
    able = people(actor).filter(is_active=True).values_list("pk", "name")
    return {
        "people": [(str(pk), name) for pk, name in able],
        "policies": list(policies(actor).values_list("slug", "name")),
    }


def _reassigned(pk: int, to: str, actor: Actor, now: datetime) -> Answer:
    kind, _, which = to.partition(":")
    if kind == "person":
        return handing.reassign_to_person(pk, int(which), actor, now)
    return handing.reassign_to_policy(pk, policy(actor, which), actor, now)


def _there(request: ActorRequest, pk: int) -> int:
    return alerts.group(request.actor, pk).pk


def _said(request: ActorRequest, pk: int, answer: Answer) -> HttpResponse:
    level, text = _SAID.get(answer.reason, _NOTHING)
    messages.add_message(request, level, text)
    return redirect(way_back(request, "group", pk))

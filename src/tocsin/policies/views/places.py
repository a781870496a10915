"""Chat channels and webhooks that steps tell."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused
from tocsin.policies import places as told
from tocsin.policies.forms import PlaceForm


@needs(Verb.CONFIGURE)
def places(request: ActorRequest) -> HttpResponse:
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = told.create(request.actor, now=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, f"{made.name} is there. Name it in a step of a policy.")
            return redirect("places")
    context = {"form": form, "places": told.places(request.actor)}
    return show(request, "policies/places.html", context, wrong=form.is_bound)


@require_POST
def place_delete(request: ActorRequest, pk: int) -> HttpResponse:
    found = told.place(request.actor, pk)
    told.delete(request.actor, found, clock.now())
    messages.success(request, f"{found.name} is deleted.")
    return redirect("places")

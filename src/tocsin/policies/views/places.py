"""Chat channels and webhooks that steps tell."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, never_kept, put_beside, show
from tocsin.people.problems import Refused
from tocsin.policies import places as told
from tocsin.policies.forms import PlaceForm
from tocsin.policies.models import Place


@needs(Verb.CONFIGURE)
def places(request: ActorRequest) -> HttpResponse:
    form = PlaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = told.create(request.actor, now=clock.now(), **form.cleaned_data)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            if made.secret and not form.cleaned_data["secret"]:
                return _shown(request, made, made.secret)
            messages.success(request, f"{made.name} is there. Name it in a step of a policy.")
            return redirect("places")
    context = {"form": form, "places": told.places(request.actor)}
    return show(request, "policies/places.html", context, wrong=form.is_bound)


@require_POST
def place_secret(request: ActorRequest, pk: int) -> HttpResponse:
    found = told.place(request.actor, pk)
    return _shown(request, found, told.new_secret(request.actor, found, clock.now()))


def _shown(request: ActorRequest, found: Place, secret: str) -> HttpResponse:
    context = {"name": found.name, "secret": secret, "further": "I have copied it", "url": reverse("places")}
    return never_kept(show(request, "people/secret.html", context))


@require_POST
def place_delete(request: ActorRequest, pk: int) -> HttpResponse:
    found = told.place(request.actor, pk)
    told.delete(request.actor, found, clock.now())
    messages.success(request, f"{found.name} is deleted.")
    return redirect("places")

"""Trying what a service wants done with its alerts, before it is saved there."""

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, show
from tocsin.services import queries
from tocsin.services.noise import NoiseFields
from tocsin.tuning import trying


@require_POST
@needs(Verb.CONFIGURE)
def noise_trial(request: ActorRequest, slug: str) -> HttpResponse:
    """Of the service's form, whatever else is in it."""
    service = queries.service(request.actor, slug)
    form = NoiseFields(request.POST)
    context: dict[str, object] = {"service": service, "form": form}
    if form.is_valid():
        context["trial"] = trying.of_noise(request.actor, service, form.cleaned_data, clock.now())
    return show(request, "tuning/noise_trial.html", context, wrong=bool(form.errors))

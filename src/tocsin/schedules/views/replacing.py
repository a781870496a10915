"""Other layers for a while."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused
from tocsin.people.queries import people
from tocsin.schedules import queries, replacing
from tocsin.schedules.forms import ReplacementForm, person_choices


@needs(Verb.CONFIGURE)
def replacement_new(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.schedule(request.actor, slug)
    choices = person_choices(people(request.actor).filter(is_active=True))
    initial = {"starts_at": timezone.localtime(clock.now())}
    form = ReplacementForm(request.POST or None, initial=initial, people=choices, zone=found.time_zone)
    if request.method == "POST" and form.is_valid():
        typed, now = form.cleaned_data, clock.now()
        try:
            row = replacing.add_replacement(
                request.actor, found, typed["name"], typed["starts_at"], typed["ends_at"], form.specs(), now
            )
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, f"{row.name} replaces the layers of {found.name} in that time.")
            return redirect(found)
    return show(request, "schedules/replacement_new.html", {"form": form, "schedule": found}, wrong=form.is_bound)


@require_POST
def replacement_end(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    row = replacing.replacement(request.actor, pk)
    if row.schedule.slug != slug:
        raise Http404
    replacing.remove_replacement(request.actor, row, clock.now())
    messages.success(request, f"{row.name} does not count any more.")
    return redirect(row.schedule)

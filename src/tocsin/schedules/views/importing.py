"""Calendars in: layers that are decided elsewhere."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused
from tocsin.schedules import importing, queries
from tocsin.schedules.forms import CalendarForm


@needs(Verb.CONFIGURE)
def calendar_new(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.schedule(request.actor, slug)
    form = CalendarForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = importing.add_calendar(request.actor, found, now=clock.now(), **form.given())
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            unknown = f" {len(row.unmatched)} of its events name nobody here; they are listed." if row.unmatched else ""
            messages.success(request, f"{row.name} is a layer of {found.name} now.{unknown}")
            return redirect(found)
    return show(request, "schedules/calendar_new.html", {"form": form, "schedule": found}, wrong=form.is_bound)


@require_POST
def calendar_act(request: ActorRequest, slug: str, pk: int, deed: str) -> HttpResponse:
    row = importing.calendar(request.actor, pk)
    if row.schedule.slug != slug:
        raise Http404
    match deed:
        case "refresh":
            if importing.refresh(request.actor, row, clock.now()):
                messages.success(request, f"{row.name} is read again.")
            else:
                messages.error(request, f"{row.name} cannot be read: {row.error}. The last good copy counts.")
        case "remove":
            importing.remove_calendar(request.actor, row, clock.now())
            messages.success(request, f"{row.name} is taken out, with its shifts.")
        case _:
            raise Http404
    return redirect(row.schedule)

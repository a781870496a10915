"""Somebody else for a while."""

from contextlib import suppress
from datetime import UTC, datetime

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
from tocsin.schedules import actions, queries
from tocsin.schedules.forms import OverrideForm
from tocsin.schedules.models import Schedule


@needs(Verb.RESPOND)
def override_new(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.schedule(request.actor, slug)
    active = people(request.actor).filter(is_active=True)
    form = OverrideForm(request.POST or None, initial=_initial(request), people=active)
    if request.method == "POST" and form.is_valid():
        try:
            return _saved(request, found, form)
        except Refused as refusal:
            put_beside(form, refusal)
    return show(request, "schedules/override_new.html", {"form": form, "schedule": found}, wrong=form.is_bound)


def _saved(request: ActorRequest, found: Schedule, form: OverrideForm) -> HttpResponse:
    typed, now = form.cleaned_data, clock.now()
    if not _is_there(request, found, typed):
        actions.add_override(request.actor, found, now=now, **typed)
    until = timezone.localtime(typed["ends_at"])
    messages.success(request, f"{typed['user'].name} is on call then, until {until:%a} {until.day} {until:%b %H:%M}.")
    return redirect(found)


def _is_there(request: ActorRequest, found: Schedule, typed: dict[str, object]) -> bool:
    """A form that is sent twice makes one override."""
    same = {name: typed[name] for name in ("user", "change", "instead_of", "starts_at", "ends_at")}
    return queries.overrides(request.actor, found, clock.now()).filter(**same).exists()


@require_POST
def override_delete(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    row = queries.override(request.actor, pk)
    if row.schedule.slug != slug:
        raise Http404
    actions.remove_override(request.actor, row, clock.now())
    messages.success(request, f"{row.user.name} does not stand in any more.")
    return redirect(row.schedule)


def _initial(request: ActorRequest) -> dict[str, object]:
    """From the shift that was pressed, in seconds since 1970; what makes no sense there is left out."""
    initial: dict[str, object] = {"user": request.actor.user_id, "starts_at": timezone.localtime(clock.now())}
    for name, asked in (("starts_at", "starts"), ("ends_at", "ends")):
        with suppress(ValueError, OverflowError, OSError):
            initial[name] = timezone.localtime(datetime.fromtimestamp(int(request.GET.get(asked, "")), UTC))
    if (instead := request.GET.get("instead_of", "")).isdecimal() and int(instead):
        initial["instead_of"] = int(instead)
    return initial

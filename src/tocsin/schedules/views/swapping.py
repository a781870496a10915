"""Asking somebody to take a shift, and answering."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.core.permissions import Actor, Verb
from tocsin.core.rota import Segment, Unloadable
from tocsin.core.sane import is_sane
from tocsin.people.middleware import ActorRequest
from tocsin.people.models import User
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused
from tocsin.people.queries import people, users_of
from tocsin.schedules import queries, swap_queries, swaps
from tocsin.schedules.models import Schedule, SwapRequest
from tocsin.schedules.stretches import stretches
from tocsin.schedules.swap_forms import SwapForm

_OFFERED = timedelta(days=70)  # how far ahead shifts are offered in exchange
_MOST_OFFERED = 60

Deed = Callable[[Actor, SwapRequest, datetime], SwapRequest]
DEEDS: dict[str, tuple[Deed, str]] = {
    "accept": (swaps.accept, "The shift is yours."),
    "decline": (swaps.decline, "You declined."),
    "withdraw": (swaps.withdraw, "Your request is withdrawn."),
    "cancel": (swaps.cancel, "The swap is cancelled. The rotation counts again."),
}


@needs(Verb.RESPOND)
def swap_new(request: ActorRequest, slug: str) -> HttpResponse:
    found, now = queries.schedule(request.actor, slug), clock.now()
    others = people(request.actor).filter(is_active=True).exclude(pk=request.actor.user_id or 0)
    offers = _offers(found, request.actor.user_id or 0, now)
    form = SwapForm(request.POST or None, initial=_initial(request), people=others, others=offers)
    if request.method == "POST" and form.is_valid():
        try:
            note, of, back = form.cleaned_data["note"], form.asked(), form.back_span()
            made = swaps.ask(request.actor, found, form.span(), now, of=of, back=back, note=note)
        except (Refused, Unloadable) as error:
            put_beside(form, error if isinstance(error, Refused) else Refused(f"{error}."))
        else:
            messages.success(request, f"{made.asked.name if made.asked else 'The team'} is asked.")
            return redirect("swap", pk=made.pk)
    span = form.span() if form.is_bound and not form.errors else _span(request)
    return show(
        request, "schedules/swap_new.html", {"form": form, "schedule": found, "span": span}, wrong=form.is_bound
    )


@require_safe
def swap(request: ActorRequest, pk: int) -> HttpResponse:
    row = swap_queries.swap(request.actor, pk)
    return show(request, "schedules/swap.html", {"swap": row, **_may(request.actor, row, clock.now())})


@require_POST
def swap_act(request: ActorRequest, pk: int, deed: str) -> HttpResponse:
    if deed not in DEEDS:
        raise Http404
    do, words = DEEDS[deed]
    row = swap_queries.swap(request.actor, pk)
    try:
        do(request.actor, row, clock.now())
        messages.success(request, words)
    except Refused as refusal:  # somebody was faster: the page behind shows how it stands
        messages.error(request, str(refusal))
    back = request.POST.get("next", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, None) else row)


def _may(actor: Actor, row: SwapRequest, now: datetime) -> dict[str, object]:
    me, is_open = actor.user_id, row.state == "open" and row.starts_at > now
    begins = min(row.starts_at, row.back_starts_at or row.starts_at)
    asked = users_of(swap_queries.asked_of(row))
    return {
        "asked": sorted(asked.values(), key=lambda user: user.name),
        "declined": set(row.declined_by.values_list("pk", flat=True)),
        "can_answer": is_open and me in asked,
        "can_withdraw": is_open and me == row.asker_id,
        "can_cancel": row.state == "accepted" and begins > now and me in (row.asker_id, row.taker_id),
        "me": me,
    }


def _offers(found: Schedule, me: int, now: datetime) -> list[tuple[User, Segment]]:
    """The whole shifts ahead of everybody else."""
    end = now + _OFFERED
    try:
        ahead = [s for s in stretches(queries.final(found, now, end)) if s.starts_at > now and s.ends_at < end]
    except Unloadable:
        return []
    users = users_of(person for segment in ahead for person in segment.people)
    offers = [(users[p], segment) for segment in ahead for p in segment.people if p in users and p != me]
    return offers[:_MOST_OFFERED]


def _initial(request: ActorRequest) -> dict[str, object]:
    """As text: a field would show a datetime as a wall time, and of those one hour a year comes twice."""
    names = ("starts_at", "ends_at")
    return {name: at.isoformat() for name, at in zip(names, _span(request), strict=True) if at}


def _span(request: ActorRequest) -> tuple[datetime | None, datetime | None]:
    """Of the shift that was pressed."""
    return _moment(request.GET.get("starts", "")), _moment(request.GET.get("ends", ""))


def _moment(text: str) -> datetime | None:
    with suppress(ValueError):
        found = parse_datetime(text)
        return found if found and found.tzinfo and is_sane(found) else None
    return None

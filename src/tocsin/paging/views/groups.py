"""The list of alert groups: filters in the URL, many at once, live without moving."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.alerts import filters, listing, saved
from tocsin.alerts import queries as alerts
from tocsin.core.escalation import Reason
from tocsin.core.permissions import Actor, Verb
from tocsin.core.signals import Severity, Urgency
from tocsin.paging import actions, together
from tocsin.paging.together import Act
from tocsin.paging.views.returning import way_back
from tocsin.people import queries as people
from tocsin.people.middleware import ActorRequest
from tocsin.services import queries as services
from tocsin.ui.pages import paginate

_SPANS = {"1h": "Last hour", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days"}
_ACTS: dict[str, tuple[Act, str]] = {
    "acknowledge": (actions.acknowledge, "acknowledged"),
    "resolve": (actions.resolve, "resolved"),
}


def groups(request: ActorRequest) -> HttpResponse:
    now = clock.now()
    wanted = filters.read(request.GET.dict())
    context = {"filters": wanted, "tabs": listing.tabs(request.actor, wanted, now)}
    context |= {"can_respond": request.actor.may(Verb.RESPOND)}
    if request.headers.get("HX-Request"):
        return render(request, "paging/groups_live.html", context | _since_shown(request, wanted, now))
    page = paginate(alerts.groups(request.actor, wanted, now), request)
    context |= {
        "page": page,
        "shown": ",".join(str(group.pk) for group in page),
        "last": listing.newest(request.actor, now),
        "views": saved.views(request.actor),
        "may_save": request.actor.may(Verb.EDIT_SELF),
    }
    return render(request, "paging/groups.html", context | _choices(request.actor))


@require_POST
def bulk(request: ActorRequest) -> HttpResponse:
    act, word = _ACTS.get(request.POST.get("verb", ""), _ACTS["acknowledge"])
    ids = listing.ids_of(",".join(request.POST.getlist("group")))
    now = clock.now()
    reasons = [answer.reason for _, answer in together.each(act, ids, request.actor, now)]
    _say(request, reasons, word)
    return redirect(way_back(request, "groups"))


@require_POST
def view_save(request: ActorRequest) -> HttpResponse:
    view = saved.save(request.actor, request.POST.get("name", ""), request.POST.get("query", ""), clock.now())
    messages.success(request, f"The view “{view}” is saved.")
    return redirect(f"{reverse('groups')}?{view.query}")


@require_POST
def view_remove(request: ActorRequest, pk: int) -> HttpResponse:
    view = saved.remove(request.actor, pk)
    messages.success(request, f"The view “{view}” is removed.")
    return redirect(way_back(request, "groups"))


def _since_shown(request: ActorRequest, wanted: filters.GroupFilters, now: datetime) -> dict[str, Any]:
    last = next(iter(listing.ids_of(request.GET.get("last", ""))), 0)
    return {
        "live": True,
        "rows": listing.shown(request.actor, listing.ids_of(request.GET.get("shown", "")), now),
        "newer": listing.newer(request.actor, wanted, last, now),
    }


def _choices(actor: Actor) -> dict[str, Any]:
    return {
        "severities": [(s.value, s.value.capitalize()) for s in Severity],
        "urgencies": [(u.value, u.value.capitalize()) for u in Urgency],
        "spans": _SPANS.items(),
        "services": services.services(actor).values_list("slug", "name"),
        "teams": people.teams(actor).values_list("slug", "name"),
    }


def _say(request: ActorRequest, reasons: list[Reason], word: str) -> None:
    done = sum(reason in {Reason.ACKNOWLEDGED, Reason.ENDED} for reason in reasons)
    if not reasons:
        messages.warning(request, "Nothing was selected. Tick the alerts first.")
    elif done == len(reasons):
        messages.success(request, f"{_counted(done)} {word}.")
    else:
        messages.info(request, f"{_counted(done)} {word}; the others were already, somebody was faster.")


def _counted(count: int) -> str:
    return "1 alert was" if count == 1 else f"{count} alerts were"

"""Services with what is wrong with them now."""

from django.http import HttpResponse
from django.shortcuts import render

from tocsin import clock
from tocsin.alerts import links
from tocsin.alerts import queries as alerts
from tocsin.alerts.filters import GroupFilters
from tocsin.changes import queries as changes
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.policies import queries as policies
from tocsin.services import queries
from tocsin.slos import chart as slos
from tocsin.ui.pages import paginate

_RECENT = 10
_CHANGES = 5


def services(request: ActorRequest) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:80]
    page = paginate(queries.services(request.actor, search), request)
    context = {"page": page, "search": search, "can_configure": request.actor.may(Verb.CONFIGURE)}
    return render(request, "alerts/services.html", context)


def service(request: ActorRequest, slug: str) -> HttpResponse:
    now = clock.now()
    found = queries.service(request.actor, slug)
    still_open = alerts.groups(request.actor, GroupFilters(service=slug), now)
    past = alerts.groups(request.actor, GroupFilters(service=slug, state="resolved"), now)
    context = {
        "service": found,
        "open_groups": still_open[:_RECENT],
        "past_groups": past[:_RECENT],
        "can_configure": request.actor.may(Verb.CONFIGURE),
        "links": links.of_service(found),
        "changes": changes.of_service(request.actor, found, _CHANGES),
        "slos": slos.of_service(request.actor, found),
        "defects": policies.defects(found.policy, now),
    }
    return render(request, "alerts/service.html", context)

"""Putting away a problem of Tocsin's own that somebody has looked at."""

from datetime import datetime

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.audit.actions import record
from tocsin.core.permissions import Actor, Verb, require
from tocsin.health import problems
from tocsin.paging.views.returning import way_back
from tocsin.people.middleware import ActorRequest


def dismiss(actor: Actor, pk: int, now: datetime) -> bool:
    """It comes back as soon as it is seen again. False: it was over already."""
    require(actor, Verb.ADMINISTER)
    with transaction.atomic():
        problem = problems.open_problems().filter(pk=pk).first()
        if problem is None or not problems.over(problem.key, now):
            return False
        record(actor, "dismissed", problem, now)
    return True


@require_POST
def page(request: ActorRequest, pk: int) -> HttpResponse:
    dismiss(request.actor, pk, clock.now())
    return redirect(way_back(request, "home"))

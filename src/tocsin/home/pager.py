"""“Test my pager”: a real page to oneself by every method, and what became of it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.core.permissions import Verb
from tocsin.paging import actions, queries
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, show


@require_POST
@needs(Verb.EDIT_SELF)
def test_pager(request: ActorRequest) -> HttpResponse:
    """Pressed twice it is one test: the one that runs is shown."""
    user_id, now = request.actor.user_id or 0, clock.now()
    running = queries.tests_of(request.actor, user_id).filter(status="running").first()
    test = running or actions.test_pager(user_id, request.actor, now)
    return redirect("pager_test", pk=test.pk)


@require_safe
def pager_test(request: ActorRequest, pk: int) -> HttpResponse:
    tests = queries.tests_of(request.actor, request.actor.user_id or 0)
    test = get_object_or_404(tests, pk=pk)
    took = test.acknowledged_at - test.started_at if test.acknowledged_at else None
    pages = test.notifications.select_related("method").defer("method__address", "method__secret").order_by("id")
    context = {"test": test, "took": took, "pages": pages}
    return show(request, "home/pager_test.html", context)


@require_POST
def pager_ack(request: ActorRequest, pk: int) -> HttpResponse:
    get_object_or_404(queries.tests_of(request.actor, request.actor.user_id or 0), pk=pk)
    actions.acknowledge_test(pk, request.actor, clock.now())
    return redirect("pager_test", pk=pk)

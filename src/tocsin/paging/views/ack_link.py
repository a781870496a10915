"""The page behind the link in a page: one big button, no login. A GET changes nothing."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from tocsin import clock
from tocsin.core.escalation import Status
from tocsin.core.lifecycle import GroupState
from tocsin.health import tries
from tocsin.paging import links, rows
from tocsin.paging.links import Linked

_MISSES = 30  # a minute and address
_MINUTE = 60


# The token is all that is asked for, so there is no session that another site could ride on; and phones open
# links in views that keep no cookies.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("token")
def ack_link(request: HttpRequest, token: str) -> HttpResponse:
    now = clock.now()
    if request.method == "POST" and links.acknowledge_by_link(token, now) is not None:
        return redirect("ack_link", token)
    linked = links.look_at_link(token, now)
    if linked is None:
        return _miss(request)
    context = {"linked": linked, "group": linked.group, "state": _state(linked)}
    return render(request, "paging/ack_link.html", context)


def _state(linked: Linked) -> str:
    """What the page is about: something to acknowledge, or how that went."""
    if linked.escalation.kind == rows.BESIDE and linked.is_open:
        return GroupState.TRIGGERED  # it may be somebody's; whoever is asked to help still has to answer
    if linked.group is not None:
        return str(linked.group.state)
    if linked.escalation.status == Status.RUNNING:
        return GroupState.TRIGGERED
    return GroupState.ACKNOWLEDGED if linked.escalation.acknowledged_at else GroupState.RESOLVED


def _miss(request: HttpRequest) -> HttpResponse:
    """Only who guesses is slowed down: a link that is good must work at any time, behind whatever shared address."""
    key = f"ack-link-misses:{request.META.get('REMOTE_ADDR', '')}"
    too_many = tries.note(key, _MINUTE) > _MISSES
    return render(request, "paging/ack_link_unknown.html", {"too_many": too_many}, status=429 if too_many else 404)

"""Home, settings and help."""

from dataclasses import asdict
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from tocsin import __version__, clock
from tocsin.care import queries as care
from tocsin.core.permissions import Actor, Verb
from tocsin.handoffs import queries as handoffs
from tocsin.home import finding, queries, steps
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import show


@require_safe
def home(request: ActorRequest) -> HttpResponse:
    actor, now = request.actor, clock.now()
    open_steps = _open_steps(actor)
    context = {
        "mine": queries.mine(actor, now),
        "pages": queries.my_pages(actor)[:20],
        "duties": queries.duties(actor, now),
        "gaps": queries.gaps(actor, now),
        "asked": queries.asked_of_me(actor, now),
        "attention": queries.attention(actor, now),
        "steps": open_steps,
        "next_step": next((step for step in open_steps if not step.is_done), None),
        "handoffs": handoffs.mine(actor)[:5],
        "unready": care.unready(actor)[:5],
        "far": now + queries.AHEAD,
    }
    return show(request, "home/live.html" if request.headers.get("HX-Request") else "home/home.html", context)


def _open_steps(actor: Actor) -> list[steps.Shown]:
    """None when all are done, were put away, or are not for this person to do."""
    if not actor.may(Verb.MANAGE_PEOPLE) or queries.is_setup_hidden():
        return []
    found = steps.shown(actor)
    return [] if all(step.is_done for step in found) else found


@require_safe
def settings(request: ActorRequest) -> HttpResponse:
    return show(request, "home/settings.html", {"version": __version__})


@require_safe
def help_page(request: ActorRequest) -> HttpResponse:
    return show(request, "home/help.html", {"version": __version__})


@require_safe
def find(request: ActorRequest) -> HttpResponse:
    rows = finding.found(request.actor, request.GET.get("q", ""), clock.now())
    return JsonResponse({"found": [asdict(row) for row in rows]}, headers={"Cache-Control": "no-store"})


@require_safe
@login_not_required
def worker(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The service worker. It rules over the folder it is served from, so it lies at the top."""
    source = Path(str(finders.find("ui/js/worker.js"))).read_bytes()
    return HttpResponse(source, content_type="text/javascript", headers={"Cache-Control": "no-cache"})

"""Home, settings and help."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from tocsin import __version__, clock
from tocsin.care import queries as care
from tocsin.core.permissions import Actor, Verb
from tocsin.handoffs import queries as handoffs
from tocsin.home import queries, steps
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

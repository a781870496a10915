"""What the frame of every page shows."""

from django.http import HttpRequest

from tocsin import clock
from tocsin.core.permissions import NOBODY, Verb
from tocsin.health import problems
from tocsin.home import navigation, queries


def page(request: HttpRequest) -> dict[str, object]:
    now, actor = clock.now(), getattr(request, "actor", NOBODY)
    if actor.user_id is None:
        return {"now": now}
    return {
        "now": now,
        "live_mark": getattr(request, "live_mark", ""),
        "nav": navigation.items(request.path, queries.triggered(actor)),
        "problems": problems.open_problems(),
        "may_dismiss": actor.may(Verb.ADMINISTER),
        "on_call_until": queries.on_call_until(actor, now),
    }

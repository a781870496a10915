"""Who asks."""

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse

from tocsin import clock
from tocsin.core.permissions import NOBODY, Actor
from tocsin.people import devices
from tocsin.people.models import User
from tocsin.people.queries import actor_of


class ActorRequest(HttpRequest):
    """A request as every view of Tocsin's gets it."""

    actor: Actor


class ActorMiddleware:
    """Sets `request.actor`. Somebody inactive is nobody: Django's session ends with the account."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        cast("ActorRequest", request).actor = actor_of(user, "web") if isinstance(user, User) else NOBODY
        if isinstance(user, User) and request.session.session_key:
            devices.note(request.session.session_key, user, request.headers.get("User-Agent", ""), clock.now())
        return self.get_response(request)

"""The first run, and the viewer's clock."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from tocsin.people.models import User

Answer = Callable[[HttpRequest], HttpResponse]

_OPEN = ("/welcome/", "/api/", "/in/", "/v2/", "/ack/", "/worker.js")


class FirstRunMiddleware:
    """While nobody has an account, every page leads to the one that makes the first."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.is_set_up = False  # never goes back, so it is asked no more once it is so

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.is_set_up = self.is_set_up or User.objects.exists()
        if not self.is_set_up and not request.path.startswith(_OPEN):
            return redirect("welcome")
        return self.get_response(request)


class ZoneMiddleware:
    """Times are shown, and typed, in the viewer's zone."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(_zone_of(getattr(request.user, "time_zone", "UTC"))):
            return self.get_response(request)


def _zone_of(name: str) -> ZoneInfo:
    """A zone that this machine does not know must not cost a person every page."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")

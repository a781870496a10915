"""What the live streams ask the database: who is there, what changed, who is being rung."""

import zlib
from collections.abc import Callable, Mapping

import msgspec
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import Count, Max, Min, Model
from django.http import HttpRequest, HttpResponse

from tocsin.alerts.models import Entry, Event, Outcome
from tocsin.health.models import Problem
from tocsin.outbox.models import Attempt, Message
from tocsin.paging import queries
from tocsin.paging.models import Notification

Answer = Callable[[HttpRequest], HttpResponse]
LATE = 500  # so many numbers may be committed before a lower one is
Digest = Mapping[str, object]  # topic → something that is different when it changed


def session_key(cookies: Mapping[str, str]) -> str:
    return cookies.get(settings.SESSION_COOKIE_NAME, "")


def signed_in(key: str) -> int | None:
    """Whose session it is, by all of Django's checks; none when it has ended or the person may not sign in any more."""
    request = HttpRequest()
    request.session = SessionStore(key)
    user = get_user(request)
    return user.pk if user.is_authenticated and user.is_active else None


def digest() -> Digest:
    """Every change that a page shows adds a row to one of these, or settles one: looking at the ends is enough."""
    history = _end(Entry)
    return {
        "groups": (history, _end(Outcome, "event_id")),
        "events": _end(Event),
        "deliveries": (_end(Message), _end(Attempt), _end(Notification), history),  # an answer takes messages back
        "problems": tuple(Problem.objects.filter(over_at=None).order_by("pk").values_list("pk", flat=True)),
    }


def _end(model: type[Model], number: str = "id") -> tuple[int | None, ...]:
    """The newest row; on PostgreSQL also where the last ones begin and how many they are.

    Numbers are given out before the commit there, and a row that is committed later may have a lower one.
    """
    newest = model._default_manager.order_by(f"-{number}").values_list(number, flat=True)
    if connection.vendor != "postgresql":
        return (newest.first(),)
    found = newest[:LATE].aggregate(newest=Max(number), oldest=Min(number), count=Count(number))
    return tuple(found.values())


def ring_of(user_id: int) -> bytes:
    """What the person's tabs ring for, as JSON; an empty object when nothing does."""
    rings = queries.ringing(user_id)
    if not rings:
        return b"{}"
    first = rings[0]
    return msgspec.json.encode(
        {
            "id": first.id,
            "title": first.title,
            "severity": first.severity,
            "group_url": first.group_url,
            "ack_url": f"{first.group_url}acknowledge/",
            "kind": "test" if first.is_test else "alert",
            "count": len(rings),
        }
    )


def changed(before: Digest, after: Digest) -> list[str]:
    return [topic for topic, mark in after.items() if before.get(topic) != mark]


def mark(digest: Digest) -> str:
    """What a page was made of, short enough for its address of the stream; `changed_since` reads it again."""
    return "-".join(f"{zlib.crc32(repr(value).encode()):08x}" for value in digest.values())


def changed_since(made_of: str, after: Digest) -> list[str]:
    """Everything, when the mark is none of ours."""
    before, now = made_of.split("-"), mark(after).split("-")
    if len(before) != len(now):
        return list(after)
    return [topic for topic, was, is_ in zip(after, before, now, strict=True) if was != is_]


class LiveMarkMiddleware:
    """Sets `request.live_mark` before a page reads anything, so that its stream can tell it all that came after."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if is_page and request.user.is_authenticated and not request.headers.get("HX-Request"):
            request.live_mark = mark(digest())  # type: ignore[attr-defined]
        return self.get_response(request)

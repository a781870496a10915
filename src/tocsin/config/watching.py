"""What the live streams ask the database: who is there, what changed, who is being rung."""

from collections.abc import Mapping

import msgspec
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Max, QuerySet
from django.http import HttpRequest

from tocsin.alerts.models import Entry, Event, Outcome
from tocsin.health.models import Problem
from tocsin.outbox.models import Attempt, Message
from tocsin.paging import queries
from tocsin.paging.models import Notification

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
    return {
        "groups": (_last(Entry.objects.all()), _last(Outcome.objects.all())),
        "events": _last(Event.objects.all()),
        "deliveries": (_last(Message.objects.all()), _last(Attempt.objects.all()), _last(Notification.objects.all())),
        "problems": tuple(Problem.objects.aggregate(Max("id"), Max("over_at")).values()),
    }


def _last(rows: QuerySet) -> int | None:  # type: ignore[type-arg]
    return rows.order_by("-pk").values_list("pk", flat=True).first()


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

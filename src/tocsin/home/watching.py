"""What the live stream of an open tab has to know: whose it is, whether anything changed, what rings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Max
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from tocsin.alerts.models import Entry, Event
from tocsin.health import presence
from tocsin.health.models import Problem
from tocsin.outbox.models import Attempt
from tocsin.paging import queries
from tocsin.paging.models import Notification
from tocsin.people.models import User

Mark = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Opened:
    user_id: int
    ring: dict[str, object]


def open_tab(session_key: str, tab: str, now: datetime) -> Opened | None:
    """From now on the tab can be rung. None: nobody is signed in with this session."""
    user_id = user_of(session_key)
    if user_id is None:
        return None
    presence.seen(tab, user_id, now)
    return Opened(user_id=user_id, ring=ring_of(user_id))


def user_of(session_key: str) -> int | None:
    """The active person that a session belongs to, checked as Django does: a new password ends old sessions."""
    session = SessionStore(session_key).load() if session_key else {}
    user = User.objects.filter(pk=session.get(SESSION_KEY), is_active=True).first() if session else None
    if user is None:
        return None
    given = str(session.get(HASH_SESSION_KEY, ""))
    return user.pk if constant_time_compare(given, user.get_session_auth_hash()) else None


def mark() -> Mark:
    """Differs whenever something happened that a page may show. Index lookups only: it is asked at every commit."""
    newest = [model.objects.aggregate(at=Max("pk"))["at"] or 0 for model in (Entry, Event, Attempt, Notification)]
    return (*newest, Problem.objects.filter(over_at=None).count())


def rings_of(user_ids: Iterable[int]) -> dict[int, dict[str, object]]:
    """For each: the newest page that waits for an answer; empty when none does."""
    ids = set(user_ids)
    rung = Notification.objects.filter(user__in=ids, kind="inapp", state="sent", escalation__status="running")
    ringing = set(rung.values_list("user_id", flat=True))
    return {user_id: ring_of(user_id) if user_id in ringing else {} for user_id in ids}


def ring_of(user_id: int) -> dict[str, object]:
    rings = queries.ringing(user_id)
    if not rings:
        return {}
    first = rings[0]
    test = reverse("pager_ack", args=[first.escalation_id]) if first.is_test else ""
    return {
        "id": first.id,
        "kind": "test" if first.is_test else "page",
        "title": first.title,
        "severity": first.severity,
        "group_url": first.group_url,
        "ack_url": test or f"{first.group_url}acknowledge/",
        "count": len(rings),
    }

"""Where a person is signed in: a row beside each of Django's sessions, which do not say whose they are.

Ending a session is deleting it; the row goes with it.
"""

import contextlib
from collections.abc import Iterable
from datetime import datetime

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from tocsin.audit.actions import record
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.models import SignIn, User

SEEN_EVERY = 300  # seconds that `seen_at` may be behind: a page must not cost a write
# the more special first: Edge says that it is Chrome, and Chrome that it is Safari
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def note(session_key: str, user: User, agent: str, now: datetime) -> None:
    if not cache.add(f"seen-{session_key}", 1, SEEN_EVERY):
        return
    values = {"user": user, "device": named(agent), "seen_at": now}
    # the session may be ended by another tab while this page is on its way
    with contextlib.suppress(IntegrityError), transaction.atomic():
        SignIn.objects.update_or_create(
            session_id=session_key, defaults=values, create_defaults=values | {"began_at": now}
        )


def sign_ins(actor: Actor, now: datetime) -> QuerySet[SignIn]:
    require(actor, Verb.EDIT_SELF)
    return SignIn.objects.filter(user_id=actor.user_id or 0, session__expire_date__gt=now)


def sign_out_elsewhere(actor: Actor, keep: str, now: datetime) -> int:
    """How many were ended. `keep`: the key of the session that asks."""
    require(actor, Verb.EDIT_SELF)
    with transaction.atomic():
        ended = end(actor.user_id or 0, keep)
        if ended:
            person = User.objects.get(pk=actor.user_id or 0)
            record(actor, "signed out elsewhere", person, now, after={"ended": ended})
    return ended


def end(user_id: int, keep: str) -> int:
    keys = list(SignIn.objects.filter(user_id=user_id).exclude(session_id=keep).values_list("session_id", flat=True))
    Session.objects.filter(pk__in=keys).delete()
    return len(keys)


def named(agent: str) -> str:
    """“Firefox on Linux”: as much as a person needs to know the device again."""
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    return f"{browser or 'A browser'} on {system}" if system else browser or "An unknown browser"


def _first(known: Iterable[tuple[str, str]], agent: str) -> str:
    return next((name for mark, name in known if mark in agent), "")

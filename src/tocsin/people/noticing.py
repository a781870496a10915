"""Telling people something that is no page: as a rule by the ways they chose for low urgency, outside of their quiet
hours."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.conf import settings

from tocsin.channels.contract import Content
from tocsin.core.reach import Method
from tocsin.core.signals import Urgency
from tocsin.outbox.actions import Draft, put
from tocsin.people.models import ContactMethod, User
from tocsin.people.queries import users_of
from tocsin.people.reaching import methods_at
from tocsin.sealing import Unsealable


def notify(
    user_ids: Collection[int], content: Content, key: str, now: datetime, *, urgency: Urgency = Urgency.LOW
) -> list[int]:
    """Everybody once for a `key` (40 characters at most). Who has no method but an open tab gets it at the address of
    their account, if Tocsin can send mail."""
    methods = methods_at(user_ids, urgency, now)
    active = [user for user in users_of(user_ids).values() if user.is_active]
    return put([draft for user in active for draft in _drafts(user, methods[user.pk], content, key)], now)


def _drafts(user: User, methods: tuple[Method, ...], content: Content, key: str) -> Iterator[Draft]:
    """By the methods that come first; a notice does not insist as a page does."""
    usable = [method for method in methods if method.kind != "inapp"]
    soonest = min((method.delay for method in usable), default=timedelta())
    drafts = [draft for m in usable if m.delay == soonest and (draft := _by(m, content, key))]
    if not drafts and settings.SMTP_URL:
        to = f"{key}-{user.pk}-account"
        drafts = [Draft(kind="email", purpose=content.purpose, target=user.email, content=content, key=to)]
    yield from drafts


def _by(method: Method, content: Content, key: str) -> Draft | None:
    try:
        row = ContactMethod.objects.get(pk=method.id)
    except (ContactMethod.DoesNotExist, Unsealable):  # removed in between, or sealed with a key that is lost
        return None
    return Draft(
        kind=row.kind,
        purpose=content.purpose,
        target=row.address,
        secret=row.secret,
        content=content,
        key=f"{key}-{row.user_id}-{row.pk}",
        after=method.delay,
    )

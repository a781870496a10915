"""Acknowledging without signing in, by the link in a page.

Whoever holds the link was sent it, so it is as good as its person. It shows a page with one button: mail scanners that
fetch links acknowledge nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from tocsin import sealing
from tocsin.alerts.models import AlertGroup
from tocsin.core.escalation import Status
from tocsin.core.permissions import Actor, Verb
from tocsin.paging import actions, rows
from tocsin.paging.answering import Answer
from tocsin.paging.models import Escalation, Notification
from tocsin.people.models import User


@dataclass(frozen=True, kw_only=True)
class Linked:
    """What a link is about."""

    user: User  # whom the page was for
    escalation: Escalation
    group: AlertGroup | None  # with its service; none: a test of the pager

    @property
    def is_open(self) -> bool:
        return self.escalation.status == Status.RUNNING


def look_at_link(raw_token: str, now: datetime) -> Linked | None:  # noqa: ARG001 - links will have an end
    """None for a link that is not one of ours, or whose person is no longer active."""
    notification = _notification(raw_token)
    if notification is None:
        return None
    escalation = notification.escalation
    return Linked(user=notification.user, escalation=escalation, group=escalation.group)


def acknowledge_by_link(raw_token: str, now: datetime) -> Answer | None:
    notification = _notification(raw_token)
    if notification is None:
        return None
    user, escalation = notification.user, notification.escalation
    # who is paged may answer, whatever their role allows elsewhere
    actor = Actor(user_id=user.pk, name=user.name, via="link", verbs=frozenset({Verb.RESPOND}))
    if escalation.kind == rows.TEST or escalation.group_id is None:
        return actions.acknowledge_test(escalation.pk, actor, now)
    return actions.acknowledge(escalation.group_id, actor, now)


def _notification(raw_token: str) -> Notification | None:
    if not raw_token:
        return None
    found = Notification.objects.select_related("user", "escalation__group__service", "escalation__acknowledged_by")
    return found.filter(token_hash=sealing.fingerprint(raw_token), user__is_active=True).first()

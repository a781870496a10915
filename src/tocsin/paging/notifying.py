"""Turning a page into notifications, and notifications into messages in the outbox."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from tocsin import sealing
from tocsin.alerts.models import AlertGroup
from tocsin.channels.contract import Content
from tocsin.channels.registry import CHANNELS
from tocsin.core.escalation import Page
from tocsin.core.reach import Method, Planned, plan
from tocsin.health import bulk
from tocsin.outbox import actions as outbox
from tocsin.paging import messages, rows
from tocsin.paging.models import Escalation, Notification
from tocsin.people.models import ContactMethod, User

WAITING, QUEUED, SENT, DELIVERED, FAILED, CANCELLED = "waiting", "queued", "sent", "delivered", "failed", "cancelled"
_NEW = (
    "escalation_id", "user_id", "method_id", "kind", "step", "round", "state", "due_at", "message_id", "token_hash",
    "created_at", "error",
)  # fmt: skip
_values = attrgetter(*_NEW)


@dataclass(frozen=True, kw_only=True)
class Paging:
    """One page of one escalation."""

    escalation: Escalation  # with its group
    page: Page
    methods: Mapping[int, tuple[Method, ...]]  # of its people


@dataclass(kw_only=True, slots=True)
class Fresh:
    """A notification before it is stored, with the model's names: a row of the model takes five times as long to make,
    and thousands may be due at once."""

    escalation: Escalation  # with its group
    user_id: int
    method_id: int | None
    kind: str
    step: int
    round: int
    due_at: datetime | None
    created_at: datetime
    state: str = WAITING
    message_id: int | None = None
    token_hash: str = ""
    error: str = ""

    @property
    def escalation_id(self) -> int:
        return self.escalation.pk


Either = TypeVar("Either", Notification, Fresh)


def page_all(pagings: Sequence[Paging], now: datetime) -> list[Fresh]:
    """Notifications for every person of every page; those due now are in the outbox when this returns.

    One that cannot be sent stays due: releasing it fails it, with all that follows.
    """
    planned = [(paging, person, p) for paging in pagings for person, p in _planned(paging, now)]
    fresh = [_fresh(paging, person, p, now) for paging, person, p in planned]
    queue([n for n in fresh if n.due_at is not None and n.due_at <= now], now)
    bulk.insert(Notification, _NEW, map(_values, fresh))
    return fresh


def queue(notifications: Sequence[Either], now: datetime) -> list[Either]:
    """Put them into the outbox, and set their fields; not saved.

    Gives those that are left as they were: their method was removed or cannot be opened, or its owner is not active.
    """
    contacts = contacts_of(notifications)
    able = [n for n in notifications if n.method_id in contacts and contacts[n.method_id].user.is_active]
    subjects = messages.subjects(_groups(able))
    tokens = [sealing.token() for _ in able]
    drafts = [_draft(n, contacts[n.method_id or 0], subjects, t) for n, t in zip(able, tokens, strict=True)]
    for notification, token, message_id in zip(able, tokens, outbox.put(drafts, now), strict=True):
        _put_message(notification, token, message_id)
    return [n for n in notifications if n.message_id is None]


def contacts_of(notifications: Iterable[Notification | Fresh]) -> dict[int, ContactMethod]:
    """The contact methods with their people, by id. Those whose address cannot be opened are left out."""
    wanted = {n.method_id for n in notifications if n.method_id is not None}
    return sealing.readable(ContactMethod.objects.select_related("user"), wanted)


def label(kind: str) -> str:
    return CHANNELS[kind].label.lower() if kind in CHANNELS else kind


def in_words(notifications: Iterable[Fresh], names: Mapping[int, str]) -> str:
    """“Ada (e-mail, ntfy), Grace (e-mail, webhook after 3 min)”."""
    by_person = defaultdict[int, list[str]](list)
    for n in notifications:
        wait = int((n.due_at - n.created_at).total_seconds()) if n.due_at else 0
        by_person[n.user_id].append(label(n.kind) + (f" after {_span(wait)}" if wait else ""))
    return ", ".join(f"{names.get(person, 'somebody')} ({', '.join(kinds)})" for person, kinds in by_person.items())


def _planned(paging: Paging, now: datetime) -> Iterator[tuple[int, Planned]]:
    for person in paging.page.people:
        for planned in plan(paging.methods.get(person, ()), now).notifications:
            yield person, planned


def _fresh(paging: Paging, person: int, planned: Planned, now: datetime) -> Fresh:
    return Fresh(
        escalation=paging.escalation,
        user_id=person,
        method_id=planned.method.id,
        kind=planned.method.kind,
        step=paging.page.step,
        round=paging.page.round,
        due_at=planned.at,
        created_at=now,
    )


def _groups(notifications: Iterable[Notification | Fresh]) -> Iterator[AlertGroup]:
    seen = {n.escalation_id: n.escalation.group for n in notifications}
    return (group for group in seen.values() if group is not None)


def _draft(
    notification: Notification | Fresh, contact: ContactMethod, subjects: Mapping[int, messages.Subject], token: str
) -> outbox.Draft:
    content = _content(notification, contact.user, subjects, token)
    return outbox.Draft(
        kind=contact.kind,
        purpose=content.purpose,
        target=_target(contact),
        secret=contact.secret,
        content=content,
        key=_key(notification),
    )


def _content(
    notification: Notification | Fresh, user: User, subjects: Mapping[int, messages.Subject], token: str
) -> Content:
    escalation = notification.escalation
    if escalation.group_id is None:
        return messages.test_page(user, token)
    return messages.page(subjects[escalation.group_id], escalation, user, token)


def _target(contact: ContactMethod) -> str:
    """An open tab has no address but its person."""
    return contact.address or (str(contact.user_id) if contact.kind == "inapp" else "")


def _key(n: Notification | Fresh) -> str:
    """The same for the same page by the same method, whoever tries to put it there."""
    return f"page-{n.escalation_id}-{n.round}-{n.step}-{n.user_id}-{n.method_id}"


def _put_message(notification: Notification | Fresh, token: str, message_id: int) -> None:
    notification.message_id = message_id
    notification.token_hash = sealing.fingerprint(token)
    notification.state, notification.due_at = QUEUED, None


def cancel_pages(escalation_ids: Collection[int], now: datetime, user_id: int | None = None) -> None:
    """Take back what has not been sent, to everybody or to one. The escalations' rows are held by the caller."""
    open_ones = Notification.objects.filter(escalation__in=escalation_ids, state__in=(WAITING, QUEUED)).order_by("pk")
    if user_id is not None:
        open_ones = open_ones.filter(user=user_id)
    found = list(rows.locked(open_ones).values_list("pk", "state", "message_id"))
    taken = outbox.cancel({message_id for _, _, message_id in found if message_id is not None}, now)
    gone = [pk for pk, state, message_id in found if state == WAITING or message_id in taken]
    if gone:
        Notification.objects.filter(pk__in=gone).update(state=CANCELLED, due_at=None, settled_at=now)


def _span(seconds: int) -> str:
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"

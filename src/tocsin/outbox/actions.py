"""Putting messages into the outbox, and taking them back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from tocsin.channels.contract import Content
from tocsin.core.permissions import Actor, Verb, require
from tocsin.health import wakeups
from tocsin.outbox.models import Message, State

CHUNK = 500  # rows in one statement
READY = (State.PENDING, State.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Draft:
    kind: str  # a folder in `channels/`
    purpose: str  # page, test, verification, invitation, notice
    target: str
    secret: str = ""
    content: Content
    key: str  # idempotency; at most 64 characters
    after: timedelta = timedelta()  # is not sent earlier


def put(drafts: Sequence[Draft], now: datetime) -> list[Message]:
    """The messages in the order of the drafts. A key that is already there is left as it is, and answered."""
    if not drafts:
        return []
    messages = [_message(draft, now) for draft in drafts]
    with transaction.atomic():
        Message.objects.bulk_create(messages, ignore_conflicts=True, batch_size=CHUNK)
        _take_ids(messages)
        wakeups.notify()
    return messages


def cancel(message_ids: Collection[int], now: datetime) -> set[int]:
    """Those that will not be sent any more. What is in the air or has an end is left."""
    cancelled: set[int] = set()
    ids = sorted(message_ids)
    with transaction.atomic():
        for start in range(0, len(ids), CHUNK):
            cancelled |= _cancel(ids[start : start + CHUNK], now)
    return cancelled


def hasten(message_ids: Collection[int], now: datetime) -> int:
    """Those that wait for their next attempt are due now."""
    with transaction.atomic():
        done = Message.objects.filter(pk__in=message_ids, state__in=READY, due_at__gt=now).update(due_at=now)
        if done:
            wakeups.notify()
    return done


def retry(actor: Actor, message_id: int, now: datetime) -> bool:
    """Try again now what has failed or waits for its next attempt. False: there is nothing to try again."""
    require(actor, Verb.RETRY)
    with transaction.atomic():
        again = Message.objects.filter(pk=message_id, state__in=(State.FAILED, *READY))
        done = again.update(state=State.PENDING, due_at=now, retried_at=now, finished_at=None)
        wakeups.notify()
    return bool(done)


def _message(draft: Draft, now: datetime) -> Message:
    return Message(
        kind=draft.kind,
        purpose=draft.purpose,
        target=draft.target,
        secret=draft.secret,
        payload=draft.content.as_dict(),
        key=draft.key,
        state=State.PENDING,
        due_at=now + draft.after,
        # the time after which a channel gives up begins with the first attempt, not with the wait for it
        retried_at=now + draft.after if draft.after else None,
        created_at=now,
    )


def _take_ids(messages: list[Message]) -> None:
    """A bulk insert that leaves conflicts alone does not tell the ids."""
    ids: dict[str, int] = {}
    for start in range(0, len(messages), CHUNK):
        keys = [m.key for m in messages[start : start + CHUNK]]
        ids.update(Message.objects.filter(key__in=keys).values_list("key", "pk"))
    for message in messages:
        message.pk = ids[message.key]


def _cancel(ids: list[int], now: datetime) -> set[int]:
    waiting = Message.objects.filter(pk__in=ids, state__in=READY).order_by("pk")
    if connection.features.has_select_for_update:
        waiting = waiting.select_for_update()
    found = set(waiting.values_list("pk", flat=True))
    Message.objects.filter(pk__in=found).update(state=State.CANCELLED, due_at=None, finished_at=now)
    return found

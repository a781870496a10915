"""Putting messages into the outbox, and taking them back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import IntegrityError, connection, transaction

from tocsin import sealing
from tocsin.channels.contract import Content
from tocsin.core.permissions import Actor, Verb, require
from tocsin.health import bulk, wakeups
from tocsin.outbox.models import Message, State

CHUNK = 500  # rows in one statement
READY = (State.PENDING, State.UNKNOWN)
_NEW = (
    "id", "kind", "purpose", "target", "secret", "payload", "key", "state", "attempts", "due_at", "retried_at",
    "created_at", "leased_by", "provider_id", "error",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Draft:
    kind: str  # a folder in `channels/`
    purpose: str  # page, test, verification, invitation, notice
    target: str
    secret: str = ""
    content: Content
    key: str  # idempotency; at most 64 characters
    after: timedelta = timedelta()  # is not sent earlier


def put(drafts: Sequence[Draft], now: datetime) -> list[int]:
    """The messages' ids in the order of the drafts. A key that is already there is left as it is, and answered."""
    if not drafts:
        return []
    wanted: dict[str, Draft] = {}
    for draft in drafts:
        wanted.setdefault(draft.key, draft)
    with transaction.atomic():
        try:
            ids = _put(wanted, now)
        except IntegrityError:  # another node put one of them there in between, and has committed
            ids = _put(wanted, now)
        wakeups.notify()
    return [ids[draft.key] for draft in drafts]


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


def _put(wanted: Mapping[str, Draft], now: datetime) -> dict[str, int]:
    """By key. In a savepoint: a conflict must not end the caller's transaction."""
    with transaction.atomic():
        ids = bulk.ids(Message, "key", wanted)
        fresh = [draft for key, draft in wanted.items() if key not in ids]
        if fresh:
            numbered = list(zip(bulk.take_ids(Message, len(fresh)), fresh, strict=True))
            seal = lru_cache(maxsize=None)(sealing.seal)  # many pages go to the same few addresses
            bulk.insert(Message, _NEW, [_row(pk, draft, seal, now) for pk, draft in numbered])
            ids |= {draft.key: pk for pk, draft in numbered}
    return ids


def _row(pk: int, draft: Draft, seal: Callable[[str], str], now: datetime) -> bulk.Values:
    """In the order of `_NEW`."""
    due_at = now + draft.after
    # the time after which a channel gives up begins with the first attempt, not with the wait for it
    retried_at = due_at if draft.after else None
    target, secret = draft.target and seal(draft.target), draft.secret and seal(draft.secret)
    payload = sealing.seal_json(draft.content.as_dict())
    said = draft.kind, draft.purpose, target, secret, payload, draft.key
    return (pk, *said, State.PENDING.value, 0, due_at, retried_at, now, "", "", "")


def _cancel(ids: list[int], now: datetime) -> set[int]:
    waiting = Message.objects.filter(pk__in=ids, state__in=READY).order_by("pk")
    if connection.features.has_select_for_update:
        waiting = waiting.select_for_update()
    found = set(waiting.values_list("pk", flat=True))
    Message.objects.filter(pk__in=found).update(state=State.CANCELLED, due_at=None, finished_at=now)
    return found

"""Who sends which message, and what came of it.

A message is leased by one node, sent, and its result recorded while the lease holds. A node that dies in between leaves
a lease that runs out: nobody knows whether the message went out, so it is sent again with the same idempotency key. A
duplicate is better than a miss; it is counted.
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Min, QuerySet

from tocsin.channels.contract import Delivered, Failed, Result, Retry, Sent
from tocsin.channels.registry import CHANNELS
from tocsin.core import retry, storable
from tocsin.health import beats, counters
from tocsin.health.prepared import Prepared
from tocsin.outbox.actions import READY
from tocsin.outbox.models import Attempt, Message, State
from tocsin.outbox.redacting import without_address
from tocsin.sealing import Unsealable

LEASE = timedelta(seconds=90)  # longer than a channel takes when everything times out
POSSIBLE_DUPLICATES = "messages possibly sent twice"
_OTHERS = timedelta(minutes=30)  # give-up age for a kind that is no channel any more


def lease(node: str, now: datetime, limit: int, *, kind: str = "") -> list[Message]:
    """At most `limit` messages that are due, oldest first, now this node's. `kind`: only of this channel.

    A message that cannot be unsealed comes without its sealed fields; reading one raises `Unsealable`.
    """
    if not _WAITING.any(now, kind):  # mostly; so that looking takes no write lock
        return []
    with transaction.atomic():
        due = _due(now, kind).order_by("due_at", "id")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        ids = list(due.values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        Message.objects.filter(pk__in=ids).update(
            state=State.SENDING, leased_by=node, lease_until=now + LEASE, attempts=F("attempts") + 1
        )
    return _loaded(ids)


def _due(now: datetime, kind: str) -> QuerySet[Message]:
    return Message.objects.filter(state__in=READY, due_at__lte=now, **({"kind": kind} if kind else {}))


_WAITING = Prepared(lambda now, kind: _due(now, kind).order_by().values_list("pk")[:1])


def record(message: Message, result: Result, now: datetime) -> bool:
    """Write down what came of an attempt; the message is changed to what is stored. False: the lease was lost, and with
    it the right to say anything."""
    before = message.error
    for name, value in _outcome(message, _redacted(message, result), now).items():
        setattr(message, name, value)
    fields = ("state", "due_at", "finished_at", "provider_id", "error")
    with transaction.atomic():
        if not _held(message).update(**{n: getattr(message, n) for n in fields}, lease_until=None, leased_by=""):
            return False
        if not (isinstance(result, Retry) and message.state == State.PENDING and message.error == before):
            _note(message, result, now)
    return True


def settled(message: Message, result: Result) -> Result:
    """What a recorded result amounts to: one more attempt that was the last is a failure."""
    if isinstance(result, Retry) and message.state == State.FAILED:
        return Failed(error=message.error)
    return result


def give_back(messages: Sequence[Message]) -> int:
    """Leased and not begun: as if they had never been leased."""
    given = 0
    for message in messages:
        given += _held(message).update(state=State.PENDING, leased_by="", lease_until=None, attempts=F("attempts") - 1)
    return given


Recovered = Callable[[Collection[int], datetime], object]


def recover(now: datetime, then: Recovered | None = None) -> int:
    """Leases that ran out: unknown, and due again at once. `then`: what follows for these messages, before anybody can
    lease them."""
    return _recover(lambda: Message.objects.filter(state=State.SENDING, lease_until__lte=now), now, then)


def recover_dead(now: datetime, then: Recovered | None = None) -> int:
    """At the start of a process: leases of processes that are surely no more need not run out."""
    return _recover_from(beats.dead_here(_holders(), is_alone=connection.vendor == "sqlite"), now, then)


def recover_silent(now: datetime, then: Recovered | None = None) -> int:
    """Leases of nodes that were lost, with their host or without it, need not run out either.

    One that still lives and only said nothing sends twice: it has lost the right to record anything.
    """
    return _recover_from(beats.silent(_holders(), now), now, then)


def next_due() -> datetime | None:
    """When the first of the messages that wait is due."""
    found: datetime | None = Message.objects.filter(state__in=READY).aggregate(first=Min("due_at"))["first"]
    return found


def strangers(now: datetime, limit: int = 100) -> list[Message]:
    """Due, and of a kind that is no channel (any more): nobody would ever lease them."""
    unknown = Message.objects.filter(state__in=READY, due_at__lte=now).exclude(kind__in=CHANNELS)
    return list(unknown.defer("target", "secret", "payload").order_by("pk")[:limit])


def _loaded(ids: list[int]) -> list[Message]:
    try:
        found = Message.objects.in_bulk(ids)
    except Unsealable:
        return [_loaded_alone(pk) for pk in ids]
    return [found[pk] for pk in ids if pk in found]


def _loaded_alone(pk: int) -> Message:
    try:
        return Message.objects.get(pk=pk)
    except Unsealable:
        return Message.objects.defer("target", "secret", "payload").get(pk=pk)


def _held(message: Message) -> QuerySet[Message]:
    """The row, while it is still ours: an attempt number is leased once."""
    return Message.objects.filter(
        pk=message.pk, state=State.SENDING, leased_by=message.leased_by, attempts=message.attempts
    )


def _redacted(message: Message, result: Result) -> Result:
    is_sealed = "target" in message.get_deferred_fields()  # cannot be read, so nobody was asked who could quote it
    if isinstance(result, Sent | Delivered) or message.kind == "inapp" or is_sealed:
        return result
    return replace(result, error=without_address(result.error, message.target, message.secret))


def _outcome(message: Message, result: Result, now: datetime) -> dict[str, object]:
    match result:  # what a provider says may be anything, and has to be recorded: else it is sent again and again
        case Sent() | Delivered():
            state = State.SENT if isinstance(result, Sent) else State.DELIVERED
            return _end(state, now) | {"error": "", "provider_id": storable.text(result.provider_id)[:200]}
        case Failed():
            return _end(State.FAILED, now) | {"error": storable.text(result.error)}
        case Retry():
            return _again(message, replace(result, error=storable.text(result.error)), now)


def _again(message: Message, result: Retry, now: datetime) -> dict[str, object]:
    channel = CHANNELS.get(message.kind)
    planned = retry.plan(
        attempts=message.attempts,
        age=now - (message.retried_at or message.created_at),
        give_up_after=channel.give_up_after if channel else _OTHERS,
        asked=result.after,
        jitter=random.random(),  # noqa: S311 - spreads load; guards nothing
    )
    if planned.reason is retry.Reason.GIVEN_UP:
        return _end(State.FAILED, now) | {"error": f"Given up after {message.attempts} attempts. {result.error}"}
    return {"state": State.PENDING, "due_at": now + planned.after, "finished_at": None, "error": result.error}


def _end(state: State, now: datetime) -> dict[str, object]:
    return {"state": state, "due_at": None, "finished_at": now}


def _note(message: Message, result: Result, now: datetime) -> None:
    outcome = type(result).__name__.lower()
    detail = message.error or message.provider_id
    Attempt.objects.create(message=message, at=now, outcome=outcome, detail=detail)


def _holders() -> list[str]:
    found = Message.objects.filter(state=State.SENDING).order_by().values_list("leased_by", flat=True).distinct()
    return list(found)


def _recover_from(dead: Collection[str], now: datetime, then: Recovered | None) -> int:
    return _recover(lambda: Message.objects.filter(state=State.SENDING, leased_by__in=dead), now, then) if dead else 0


def _recover(lost: Callable[[], QuerySet[Message]], now: datetime, then: Recovered | None) -> int:
    if not lost().exists():  # mostly; so that looking takes no write lock
        return 0
    with transaction.atomic():
        rows = lost()
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        ids = list(rows.values_list("pk", flat=True)[:1000])
        text = "Tocsin was interrupted while it sent this. It is sent again with the same key."
        Message.objects.filter(pk__in=ids).update(
            state=State.UNKNOWN, due_at=now, lease_until=None, leased_by="", error=text
        )
        Attempt.objects.bulk_create(Attempt(message_id=pk, at=now, outcome="unknown", detail=text) for pk in ids)
        counters.add(POSSIBLE_DUPLICATES, len(ids))
        if then:
            then(ids, now)
    return len(ids)

"""Keeps the changes that messages tell of. Runs in the transaction that absorbs them."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from tocsin.changes import storing
from tocsin.changes.models import Change, Delivery
from tocsin.core import signals
from tocsin.services.models import Integration

REMEMBERED = timedelta(days=30)  # how long a copy of a message is known as one

Key = tuple[int, str]  # integration, key of the change


class Message(Protocol):
    @property
    def receipt(self) -> uuid.UUID: ...

    @property
    def received_at(self) -> datetime: ...


class Told(Protocol):
    """What absorbing hands on; `alerts.changes.Told` is one."""

    @property
    def event(self) -> Message: ...

    @property
    def integration(self) -> Integration: ...

    @property
    def what(self) -> object: ...


def hear(told: Sequence[Told], now: datetime) -> None:
    """A change that is known by its key gets its news; a message that was heard before says nothing."""
    fresh = list(_fresh(told, now))
    rows = _known([(each, what) for each, what in fresh if what.key])
    for each, what in fresh:
        key = (each.integration.pk, what.key)
        row = rows.get(key) if what.key else None
        kept = _create(each, what) if row is None else _update(row, each, what)
        if what.key:
            rows[key] = kept


def forget(now: datetime) -> int:
    """Names of messages that are older than any tool sends again."""
    return Delivery.objects.filter(at__lt=now - REMEMBERED).delete()[0]


def _fresh(told: Sequence[Told], now: datetime) -> Iterator[tuple[Told, signals.Change]]:
    for each in told:
        what = each.what
        if isinstance(what, signals.Change) and not _was_heard(each.integration, what.delivery, now):
            yield each, what


def _was_heard(integration: Integration, name: str, now: datetime) -> bool:
    if not name:
        return False
    _, is_new = Delivery.objects.get_or_create(integration=integration, name=name, defaults={"at": now})
    return not is_new


def _known(fresh: Sequence[tuple[Told, signals.Change]]) -> dict[Key, Change]:
    keys = {(each.integration.pk, what.key) for each, what in fresh}
    found = Change.objects.filter(integration__in={pk for pk, _ in keys}, key__in={key for _, key in keys})
    return {(row.integration_id or 0, row.key): row for row in found}


def _create(each: Told, what: signals.Change) -> Change:
    at = _at(each, what)
    return Change.objects.create(
        service_id=each.integration.service_id,
        integration=each.integration,
        at=at,
        said_at=at,
        received_at=each.event.received_at,
        receipt=each.event.receipt,
        **storing.fields_of(what),
    )


def _update(row: Change, each: Told, what: signals.Change) -> Change:
    changes = storing.news(row, what, _at(each, what))
    for name, value in {**changes, "receipt": each.event.receipt}.items():
        setattr(row, name, value)
    row.save(update_fields=[*changes, "receipt"])
    return row


def _at(each: Told, what: signals.Change) -> datetime:
    """What is told has happened: a clock that is ahead does not put it after the alert that it caused."""
    received = each.event.received_at
    return min(what.at, received) if what.at else received

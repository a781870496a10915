"""Turns what came in into alerts and groups, and tells those who page.

One transaction a batch: events, alerts, groups, receipts, history and whatever `follow` writes commit together. A batch
that fails is taken in ever smaller steps, the oldest event first, until the one that cannot be absorbed stands alone
and goes to quarantine; what comes after it is absorbed as if it had never been there.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection, transaction

from tocsin.alerts import loading
from tocsin.alerts.changes import NOBODY, GroupChange, Listeners, Told
from tocsin.alerts.ledger import Key, Ledger
from tocsin.alerts.models import Event
from tocsin.alerts.quarantine import quarantine
from tocsin.alerts.storable import without_nul
from tocsin.core.receipts import Reason
from tocsin.core.signals import Beat, Change, Heard, Signal
from tocsin.health import problems, wakeups
from tocsin.services.models import Integration
from tocsin.sources.contract import Unreadable
from tocsin.sources.registry import SOURCES

Follow = Callable[[Sequence[GroupChange], datetime], None]

_LOCK = 0x70C51A  # PostgreSQL's advisory locks are known by number
_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_PROTOCOL,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Absorbed:
    events: int = 0  # absorbed
    groups: int = 0  # opened
    quarantined: int = 0


def absorb(now: datetime, follow: Follow, limit: int = 500, listeners: Listeners = NOBODY) -> Absorbed:
    """Takes up to `limit` new events, in the order in which they came.

    Nothing is taken while another node absorbs: what one key says must be heard in order. When it is the database that
    is ill and not an event, its error is raised and nothing is changed.
    """
    run = _Absorbing(now, follow, listeners)
    _in_steps(limit, run.attempt, run.give_up)
    return run.done


def expire(now: datetime, follow: Follow, limit: int = 500) -> int:
    """Resolves alerts whose source announced an end that has passed; returns how many."""
    run = _Expiring(now, follow, loading.expired(now, limit))
    _in_steps(limit, run.attempt, run.give_up)
    return run.done


def _in_steps(limit: int, attempt: Callable[[int], int], give_up: Callable[[Exception], None]) -> None:
    """`attempt` takes up to so many, in a transaction, and says how many; `give_up` sets one aside."""
    size, taken = limit, 0
    while taken < limit:
        asked = min(size, limit - taken)
        try:
            got = attempt(asked)
        except Exception as error:
            # one bad row never stops the others
            if _is_passing(error):
                raise
            if asked == 1:
                give_up(error)
                taken += 1
            size = max(1, asked // 4)
            continue
        taken += got
        if got < asked:
            return
        size *= 4


def _is_passing(error: Exception) -> bool:
    """Whether the database is at fault: locked, full, gone. Trying again later helps; setting rows aside does not."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_PASSING
    # class 54, program limit exceeded, is about what is in the row
    return not (getattr(cause, "sqlstate", None) or "").startswith("54")


def _alone() -> bool:
    """Whether this is the one node that absorbs, until the transaction ends. SQLite has one node."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


@dataclass(slots=True)
class _Heard:
    event: Event
    integration: Integration
    signals: list[Signal]
    told: list[Told] = field(default_factory=list)
    reason: Reason | None = None  # why there is nothing to do


@dataclass(slots=True)
class _Absorbing:
    now: datetime
    follow: Follow
    listeners: Listeners = NOBODY
    done: Absorbed = Absorbed()
    claimed: list[Event] = field(default_factory=list)  # by the attempt that is going on

    def attempt(self, size: int) -> int:
        # without this look, an idle engine would take SQLite's write lock at every tick
        if not Event.objects.filter(state="new").exists():
            return 0
        with transaction.atomic():
            step = self._batch(size) if _alone() else Absorbed()
        self._add(step)
        return step.events + step.quarantined

    def give_up(self, error: Exception) -> None:
        with transaction.atomic():
            count = quarantine({self.claimed[0].pk: _text(error)}, self.now)
        self._add(Absorbed(quarantined=count))

    def _add(self, step: Absorbed) -> None:
        self.done = replace(
            self.done,
            events=self.done.events + step.events,
            groups=self.done.groups + step.groups,
            quarantined=self.done.quarantined + step.quarantined,
        )

    def _batch(self, size: int) -> Absorbed:
        self.claimed = list(Event.objects.filter(state="new").order_by("id")[:size])
        heard, errors = _hear(self.claimed)
        ledger = _apply(heard)
        _finish(ledger, self.follow, self.now)
        self._tell([told for h in heard for told in h.told])
        absorbed = [h.event.pk for h in heard]
        Event.objects.filter(pk__in=absorbed).update(state="absorbed", absorbed_at=self.now, error="")
        quarantined = quarantine(errors, self.now)
        return Absorbed(events=len(absorbed), groups=len(ledger.new_groups), quarantined=quarantined)

    def _tell(self, told: Sequence[Told]) -> None:
        for kind, listener in ((Change, self.listeners.changes), (Beat, self.listeners.beats)):
            if some := [t for t in told if isinstance(t.what, kind)]:
                listener(some, self.now)


def _hear(events: Sequence[Event]) -> tuple[list[_Heard], dict[int, str]]:
    """What each event says; and what is wrong with those that cannot be read."""
    found = Integration.objects.select_related("service__policy").in_bulk({e.integration_id for e in events})
    heard: list[_Heard] = []
    errors: dict[int, str] = {}
    for event in events:
        try:
            heard.append(_read(event, found[event.integration_id]))
        except (Unreadable, KeyError) as error:
            errors[event.pk] = _text(error)
    return heard, errors


def _read(event: Event, integration: Integration) -> _Heard:
    if not integration.is_enabled:
        return _Heard(event, integration, [], reason=Reason.SWITCHED_OFF)
    body = bytes(event.body)
    heard = SOURCES[event.kind].parse(body, integration.mapping, event.received_at)
    signals = [h for h in heard if isinstance(h, Signal)]
    told = [Told(event=event, integration=integration, what=h) for h in heard if not isinstance(h, Signal)]
    if b"\\u0000" in body:
        signals = [without_nul(s) for s in signals]
    return _Heard(event, integration, signals, told, None if signals else _silent(heard))


def _silent(heard: Sequence[Heard]) -> Reason:
    """What became of a message that says nothing about any alert."""
    if not heard:
        return Reason.EMPTY
    return Reason.CHANGE if isinstance(heard[0], Change) else Reason.BEAT


def _apply(heard: Sequence[_Heard]) -> Ledger:
    keys = {(h.integration.pk, signal.dedup_key) for h in heard for signal in h.signals}
    ledger = loading.load(keys, {h.integration for h in heard})
    for h in heard:
        if h.reason:
            ledger.pass_over(h.event, h.reason)
        for position, signal in enumerate(h.signals):
            ledger.hear(h.event, h.integration, position, signal)
    return ledger


def _finish(ledger: Ledger, follow: Follow, now: datetime) -> None:
    loading.write(ledger)
    if ledger.changes:
        follow(ledger.changes, now)
    wakeups.notify()


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@dataclass(slots=True)
class _Expiring:
    now: datetime
    follow: Follow
    keys: list[Key]
    done: int = 0

    def attempt(self, size: int) -> int:
        if not self.keys:
            return 0
        with transaction.atomic():
            if not _alone():
                return 0
            taking = self.keys[:size]
            count = self._batch(taking)
        self.done += count
        del self.keys[:size]
        return len(taking)

    def give_up(self, error: Exception) -> None:
        key = self.keys.pop(0)
        title = "An alert could not be resolved when its time was over"
        detail = f"Alert “{key[1]}” stays open and is tried again at every turn. {_text(error)}"
        problems.report(f"expiring {key[0]} {key[1]}"[:120], title, detail, "/alerts/", self.now)

    def _batch(self, keys: Sequence[Key]) -> int:
        ledger = loading.load(set(keys), [])
        # under the lock, and after a look: it may have been triggered again meanwhile
        late = [k for k in keys if (held := ledger.open.get(k)) and _is_over(held.alerts[k].ends_at, self.now)]
        for key in late:
            ledger.expire(key, self.now)
        _finish(ledger, self.follow, self.now)
        return len(late)


def _is_over(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is not None and ends_at <= now

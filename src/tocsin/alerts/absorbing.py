"""Turns what came in into alerts and groups, and tells those who page.

One transaction a batch: events, alerts, groups, receipts, history and whatever `follow` writes commit together. A batch
that fails is taken in ever smaller steps, the oldest event first, until the one that cannot be absorbed stands alone.
It is tried once more by no rules, as it may be a rule that fails: then nothing holds it back. If it fails again it goes
to quarantine; what comes after it is absorbed as if it had never been there.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from django.db import InterfaceError, OperationalError, connection, transaction

from tocsin.alerts import claiming, loading, naming, writing
from tocsin.alerts import rulebook as rulebooks
from tocsin.alerts.changes import NOBODY, GroupChange, Listeners, Told
from tocsin.alerts.holding import Key
from tocsin.alerts.ledger import Ledger
from tocsin.alerts.models import Event
from tocsin.alerts.quarantine import KIND, is_end, quarantine, unread
from tocsin.alerts.rows import EntryRow, EventRow
from tocsin.alerts.rulebook import Rulebook, Speaker
from tocsin.alerts.storable import without_nul
from tocsin.core.receipts import Reason
from tocsin.core.signals import Action, Beat, Change, Heard, Signal, Subscription
from tocsin.health import problems, wakeups
from tocsin.rules.rulebook import UNUSABLE
from tocsin.services.models import Integration
from tocsin.sources.contract import Source, Unreadable
from tocsin.sources.registry import SOURCES

Follow = Callable[[Sequence[GroupChange], datetime], None]
Errors = list[tuple[EventRow, str]]  # events that cannot be read, and why

_SQLITE_PASSING = (
    "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM", "SQLITE_READONLY", "SQLITE_CANTOPEN",
    "SQLITE_CORRUPT", "SQLITE_PROTOCOL",
)  # fmt: skip


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
    in_steps(limit, run.attempt, run.give_up)
    return run.done


def expire(now: datetime, follow: Follow, limit: int = 500) -> int:
    """Resolves alerts whose source announced an end that has passed; returns how many."""
    run = _Expiring(now, follow, loading.expired(now, limit))
    in_steps(limit, run.attempt, run.give_up)
    return run.done


def in_steps(limit: int, attempt: Callable[[int], int], give_up: Callable[[Exception], int]) -> None:
    """`attempt` takes up to so many, in a transaction, and says how many; `give_up` sets one aside.

    It says 0 instead of 1 when that one is to be tried again in another way.
    """
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
                taken += give_up(error)
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
    if connection.vendor == "sqlite":
        driver = cast("Any", connection).Database  # not loaded beside PostgreSQL
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in {getattr(driver, name) for name in _SQLITE_PASSING}
    # class 54, program limit exceeded, is about what is in the row
    return not (getattr(cause, "sqlstate", None) or "").startswith("54")


@dataclass(slots=True)
class Read:
    """What one event says; of events that are alike to the byte, the same signals."""

    event: EventRow
    integration: Speaker
    signals: Sequence[Signal]
    told: Sequence[Change | Beat | Subscription] = ()
    reason: Reason | None = None  # why there is nothing to do


@dataclass(slots=True)
class _Absorbing:
    now: datetime
    follow: Follow
    listeners: Listeners = NOBODY
    done: Absorbed = Absorbed()
    claimed: list[EventRow] = field(default_factory=list)  # by the attempt that is going on
    failed: int = 0  # the event that failed alone, and is tried once more by no rules
    trouble: str = ""  # why, in a sentence

    def attempt(self, size: int) -> int:
        # read and parsed outside the transaction: on SQLite others wait for its lock, and ingest is one of them
        self.claimed = []
        self.claimed = claiming.claim(size)
        if not self.claimed:
            return 0
        trouble = self.trouble if self._is_second_try() else ""
        rulebook = rulebooks.load({event.integration_id for event in self.claimed}, self.now, trouble)
        read, errors = read_all(self.claimed, rulebook)
        with transaction.atomic():
            is_ours = claiming.is_alone() and claiming.take(self.claimed)
            step = self._batch(rulebook, read, errors) if is_ours else Absorbed()
        self._add(step)
        return step.events + step.quarantined

    def give_up(self, error: Exception) -> int:
        if not self.claimed:
            raise error  # it is no event's fault
        if not self._is_second_try():
            self.failed, self.trouble = self.claimed[0].id, _TROUBLE.format(error=_text(error)[:300])
            return 0
        with transaction.atomic():
            is_ours = claiming.take(self.claimed[:1])
            if is_ours:
                quarantine([(self.claimed[0], _text(error))], self.now)
        self._add(Absorbed(quarantined=int(is_ours)))
        return 1

    def _is_second_try(self) -> bool:
        return len(self.claimed) == 1 and self.claimed[0].id == self.failed

    def _add(self, step: Absorbed) -> None:
        self.done = replace(
            self.done,
            events=self.done.events + step.events,
            groups=self.done.groups + step.groups,
            quarantined=self.done.quarantined + step.quarantined,
        )

    def _batch(self, rulebook: Rulebook, read: Sequence[Read], errors: Errors) -> Absorbed:
        ledger = _apply(_without_early_ends(read, errors), rulebook.current(self.now))
        if rulebook.trouble:
            _tell_trouble(ledger, rulebook.trouble, self.now)
        finish(ledger, self.follow, self.now)
        self._tell([r for r in read if r.told])
        quarantine(errors, self.now)
        return Absorbed(events=len(read), groups=len(ledger.new_groups), quarantined=len(errors))

    def _tell(self, read: Sequence[Read]) -> None:
        if not read:
            return
        events = Event.objects.in_bulk([r.event.id for r in read])
        integrations = Integration.objects.select_related("service").in_bulk({r.integration.id for r in read})
        told = [
            Told(event=events[r.event.id], integration=integrations[r.integration.id], what=what)
            for r in read
            for what in r.told
        ]
        by_kind = {
            Change: self.listeners.changes,
            Beat: self.listeners.beats,
            Subscription: self.listeners.subscriptions,
        }
        for kind, listener in by_kind.items():
            if some := [t for t in told if isinstance(t.what, kind)]:
                listener(some, self.now)


_TROUBLE = "The rules could not be applied to it ({error}), so that none of them held it back or sent it elsewhere."


def _tell_trouble(ledger: Ledger, trouble: str, now: datetime) -> None:
    """On the receipt, in the history, and as a banner."""
    ledger.outcomes = [o._replace(why=f"{o.why} {trouble}".strip()) for o in ledger.outcomes]
    groups = {id(o.alert.group): o.alert.group for o in ledger.outcomes if o.alert}
    ledger.entries += [EntryRow(group, now, "rules", trouble) for group in groups.values()]
    title = "The rules could not be applied to an alert"
    detail = f"It pages as if there were no silences, maintenance, routes or other rules. {trouble}"
    problems.report(UNUSABLE, title, detail, "/silences/", now)


def read_all(events: Sequence[EventRow], rulebook: Rulebook) -> tuple[list[Read], Errors]:
    """What each event says; and what is wrong with those that cannot be read. Each body is parsed once."""
    read: list[Read] = []
    errors: Errors = []
    known: dict[tuple[object, ...], Read] = {}
    for event in events:
        try:
            integration = rulebook.integrations[event.integration_id]
            source = SOURCES[event.kind]
            moment = None if source.is_timeless(event.body) else event.received_at
            same = event.integration_id, event.kind, event.body, moment
            first = known.get(same) or known.setdefault(same, _read(event, integration, source))
            read.append(Read(event, integration, first.signals, first.told, first.reason))
        except (Unreadable, KeyError) as error:
            errors.append((event, _text(error)))
    return read, errors


def _read(event: EventRow, integration: Speaker, source: Source) -> Read:
    if not integration.is_enabled:
        return Read(event, integration, (), reason=Reason.SWITCHED_OFF)
    heard = source.parse(event.body, integration.mapping, event.received_at)
    signals = [h for h in heard if isinstance(h, Signal)]
    told = [h for h in heard if not isinstance(h, Signal)]
    if b"\\u0000" in event.body:
        signals = [without_nul(s) for s in signals]
    return Read(event, integration, signals, told, None if signals else _silent(heard))


def _silent(heard: Sequence[Heard]) -> Reason:
    """What became of a message that says nothing about any alert."""
    if not heard:
        return Reason.EMPTY
    return _SILENT[type(heard[0])]


_SILENT = {Change: Reason.CHANGE, Beat: Reason.BEAT, Subscription: Reason.SUBSCRIBED}


def _without_early_ends(read: Sequence[Read], errors: Errors) -> Sequence[Read]:
    """That messages cannot be read is not over when one that was tried again is in quarantine again."""
    ends = {r.integration.id for r in read if r.event.kind == KIND and is_end(r.event)}
    if not ends:
        return read
    early = ends & (unread(ends) | {event.integration_id for event, _ in errors})
    return [
        Read(r.event, r.integration, (), reason=Reason.STILL_UNREADABLE)
        if r.integration.id in early and is_end(r.event)
        else r
        for r in read
    ]


def _apply(read: Sequence[Read], rulebook: Rulebook) -> Ledger:
    named = naming.by_key([(r.integration.id, signal) for r in read for signal in r.signals])
    called = share(read, named)
    keys: dict[Key, bool] = {}  # and whether they are only triggered
    for r, signals in zip(read, called, strict=True):
        for signal in signals:
            key = r.integration.id, signal.dedup_key
            keys[key] = signal.action is Action.TRIGGER and keys.get(key, True)
    ledger = loading.load(keys, rulebook)
    decide(ledger, read, called)
    return ledger


def share(read: Sequence[Read], named: Iterable[Signal]) -> list[Sequence[Signal]]:
    """To each event its signals, after they were named."""
    told = iter(named)
    return [[next(told) for _ in r.signals] for r in read]


def decide(ledger: Ledger, read: Sequence[Read], called: Sequence[Sequence[Signal]]) -> None:
    """What becomes of what was read, by the ledger's rules. Nothing is written."""
    speakers = ledger.rulebook.integrations
    for r, signals in zip(read, called, strict=True):
        if r.reason:
            ledger.pass_over(r.event, r.reason)
        for position, signal in enumerate(signals):
            ledger.hear(r.event, speakers[r.integration.id], position, signal)


def finish(ledger: Ledger, follow: Follow, now: datetime) -> None:
    """Writes what became of the batch and tells those who page, all in the caller's transaction."""
    writing.write(ledger, now)
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
            if not claiming.is_alone():
                return 0
            taking = self.keys[:size]
            count = self._batch(taking)
        self.done += count
        del self.keys[:size]
        return len(taking)

    def give_up(self, error: Exception) -> int:
        key = self.keys.pop(0)
        title = "An alert could not be resolved when its time was over"
        detail = f"Alert “{key[1]}” stays open and is tried again at every turn. {_text(error)}"
        problems.report(f"expiring {key[0]} {key[1]}"[:120], title, detail, "/alerts/", self.now)
        return 1

    def _batch(self, keys: Sequence[Key]) -> int:
        ledger = loading.load(dict.fromkeys(keys, False), rulebooks.load({i for i, _ in keys}, self.now))
        # under the lock, and after a look: it may have been triggered again meanwhile
        late = [k for k in keys if (held := ledger.open.get(k)) and _is_over(held.alerts[k].ends_at, self.now)]
        for key in late:
            ledger.expire(key, self.now)
        finish(ledger, self.follow, self.now)
        return len(late)


def _is_over(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is not None and ends_at <= now

"""Takes messages again, through the ledger that real ones go through, and lets time pass between them.

All of it is in memory: it begins with nothing open, nothing is written, and what people did is not done again. What is
due meanwhile happens at its own instant, in the order of the engine: alerts whose time is over resolve, then those that
are held back are looked at. That a storm is over needs nobody to look: the next alert finds it so.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, groupby

from tocsin.alerts.absorbing import Read, decide, share
from tocsin.alerts.changes import STARTS, ChangeKind
from tocsin.alerts.gate import Gale, Gate
from tocsin.alerts.holding import Holding, Key
from tocsin.alerts.ledger import Ledger
from tocsin.alerts.reviewing import next_beginning
from tocsin.alerts.rows import AlertRow, GroupRow, OutcomeRow
from tocsin.alerts.rulebook import Rulebook
from tocsin.core.holds import HoldKind
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Severity, Signal, Urgency
from tocsin.core.suppression import Source, Trace

MOST_LOOKS = 50_000  # at alerts that are due, in one replay
_AT_ONCE = datetime.min.replace(tzinfo=UTC)

Place = tuple[int, int]  # an event and the position of a signal in it


@dataclass(slots=True)
class Tale:
    """What became of one alert, from the signal that opened it on."""

    row: AlertRow
    opening: OutcomeRow
    opened_group: bool
    holds: dict[str, str] = field(default_factory=dict)  # kinds of holds, in their order, and the first reason of each
    pages_from: datetime | None = None  # when nothing held it back, and it was urgent


@dataclass(frozen=True, kw_only=True)
class Replayed:
    tales: dict[Place, Tale]
    receipts: dict[Place, tuple[str, str]]  # of each signal: a core.receipts.Reason, and why
    groups: int  # opened
    pages: int  # how often paging began
    is_cut: bool  # more was due than is looked at


class _Hands:
    """`gate.Stored` of a replay: what there is, it has made itself, and has in hand."""

    def __init__(self) -> None:
        self.holdings: dict[int, Holding] = {}
        self.alerts: dict[int, AlertRow] = {}

    def sources(self, _: Trace) -> Sequence[Source]:
        return ()

    def inhibitor(self, alert_id: int) -> int:
        found = self.alerts.get(alert_id)
        if found is None or found.held != HoldKind.INHIBITION:
            return 0
        return found.holder.id or 0 if found.holder else found.held_by

    def gale(self, _: int) -> Gale:
        return Gale()

    def holding(self, group_id: int) -> Holding | None:
        found = self.holdings.get(group_id)
        return found if found and found.row.state != GroupState.RESOLVED else None

    def waiting(self, _: int) -> Sequence[tuple[Severity, Urgency]]:
        return ()

    def said(self, alert: AlertRow) -> Signal:
        assert alert.said is not None  # noqa: S101 - it was opened by a signal
        return alert.said

    def newest(self, _service_id: int, _key: str) -> Holding | None:
        return None


def replay(read: Sequence[Read], called: Iterable[Signal], rulebook: Rulebook, until: datetime) -> Replayed:
    """`called`: the signals of all events, one after the other, each with the key of its alert."""
    run = _Replay(rulebook)
    pairs = zip(read, share(read, called), strict=True)
    for at, some in groupby(pairs, key=lambda pair: pair[0].event.received_at):
        run.forward(at)
        run.hear(list(some), at)
    run.forward(until)
    run.settle(until)
    return Replayed(
        tales=run.tales, receipts=run.receipts, groups=run.groups, pages=run.pages, is_cut=run.looks > MOST_LOOKS
    )


@dataclass(slots=True)
class _Replay:
    rulebook: Rulebook
    hands: _Hands = field(default_factory=_Hands)
    ledger: Ledger = field(init=False)
    tales: dict[Place, Tale] = field(default_factory=dict)
    receipts: dict[Place, tuple[str, str]] = field(default_factory=dict)
    groups: int = 0
    pages: int = 0
    looks: int = 0
    now: datetime | None = None
    begins: datetime | None = None  # the next silence, window or edge of hours
    _begun: set[GroupRow] = field(default_factory=set)  # whom to page for, when the turn is over
    _tale_of: dict[AlertRow, Tale] = field(default_factory=dict)
    _due: list[tuple[datetime, int, Key]] = field(default_factory=list)  # a heap; some of it is out of date
    _ids: Iterator[int] = field(default_factory=lambda: count(1))
    _sources: dict[AlertRow, frozenset[tuple[Trace, bool]]] = field(default_factory=dict)
    _targets: dict[Trace, set[AlertRow]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.ledger = Ledger(gate=Gate(self.rulebook, self.hands))

    def hear(self, some: Sequence[tuple[Read, Sequence[Signal]]], at: datetime) -> None:
        if self.now is None:
            self.begins = self._next_beginning(at)
        self.now = max(at, self.now or at)
        decide(self.ledger, [r for r, _ in some], [signals for _, signals in some])
        self.settle(self.now)

    def forward(self, to: datetime) -> None:
        """All that falls due before then."""
        while (moment := self._next_due()) is not None and moment < to:
            self.now = max(moment, self.now or moment)
            self.settle(self.now)

    def settle(self, at: datetime) -> None:
        """All that there is to do at this instant."""
        self._begin(at)
        self._keep(at)
        while self._turn(at):
            pass

    def _turn(self, at: datetime) -> int:
        """How many were looked at. Pages leave after that, as in the engine: what is to be held back now is."""
        keys = self._take_due(at) if self.looks <= MOST_LOOKS else []
        self.looks += len(keys)
        for key in keys:
            if self._is_late(key, at):
                self.ledger.expire(key, at)
        self._keep(at)
        for key in keys:
            if (alert := self._alert(key)) and alert.review_at is not None and alert.review_at <= at:
                self.ledger.review(key, at)
        self._keep(at)
        self.pages += sum(map(_pages, self._begun))
        self._begun.clear()
        return len(keys)

    def _next_due(self) -> datetime | None:
        if self.looks > MOST_LOOKS:
            return None
        found = [self._due[0][0]] if self._due else []
        return min([*found, *([self.begins] if self.begins else [])], default=None)

    def _next_beginning(self, after: datetime) -> datetime | None:
        return next_beginning(self.rulebook.rules, after)

    def _begin(self, at: datetime) -> None:
        """A silence, a window or hours that begin or end are for what is open, too."""
        if self.begins is None or self.begins > at:
            return
        self.begins = self._next_beginning(at)
        self._look_again((h.alerts[key] for key, h in self.ledger.open.items()))

    def _take_due(self, at: datetime) -> list[Key]:
        keys = dict[Key, None]()
        while self._due and self._due[0][0] <= at:
            key = heapq.heappop(self._due)[2]
            alert = self._alert(key)
            if alert and any(moment is not None and moment <= at for moment in (alert.review_at, alert.ends_at)):
                keys[key] = None
            elif alert:  # it was heard of since, and has longer
                self._await(alert)
        return list(keys)

    def _alert(self, key: Key) -> AlertRow | None:
        holding = self.ledger.open.get(key)
        return holding.alerts[key] if holding else None

    def _is_late(self, key: Key, at: datetime) -> bool:
        alert = self._alert(key)
        return alert is not None and alert.ends_at is not None and alert.ends_at <= at

    def _keep(self, at: datetime) -> None:
        """What the ledger has decided is so from now on, and the ledger is empty again."""
        ledger = self.ledger
        for group in ledger.new_groups:
            group.id = next(self._ids)
        for alert in ledger.new_alerts:
            alert.id = next(self._ids)
            self.hands.alerts[alert.id] = alert
            if holding := ledger.open.get((alert.integration_id, alert.dedup_key)):
                self.hands.holdings[holding.row.id or 0] = holding
        self.groups += len(ledger.new_groups)
        self._begun |= {change.row for change in ledger.changes if change.kind in STARTS}
        self._note()
        changed = [*ledger.new_alerts, *ledger.judged.values()]
        self._look_at_freed()
        self._look_at_marked(changed)
        for alert in changed:
            self._observe(alert, at)
        for alert in {*changed, *ledger.touched_alerts.values()}:
            self._await(alert)
        self._clear()

    def _note(self) -> None:
        new, groups = set(self.ledger.new_alerts), set(self.ledger.new_groups)
        for outcome in self.ledger.outcomes:
            self.receipts[outcome.event_id, outcome.position] = outcome.reason, outcome.why
            alert = outcome.alert
            if alert in new:
                new.discard(alert)
                tale = Tale(alert, outcome, alert.group in groups)
                groups.discard(alert.group)
                self._tale_of[alert] = self.tales[outcome.event_id, outcome.position] = tale

    def _observe(self, alert: AlertRow, at: datetime) -> None:
        tale = self._tale_of[alert]
        if alert.holder:
            alert.held_by, alert.holder = alert.holder.id or 0, None
        if alert.held:
            tale.holds.setdefault(alert.held, alert.held_reason)
        elif alert.urgency != Urgency.NONE and tale.pages_from is None:
            tale.pages_from = at

    def _await(self, alert: AlertRow) -> None:
        if alert.resolved_at is None:
            for moment in filter(None, (alert.review_at, alert.ends_at)):
                heapq.heappush(self._due, (moment, alert.id or 0, (alert.integration_id, alert.dedup_key)))

    def _look_again(self, alerts: Iterable[AlertRow]) -> None:
        for alert in alerts:
            if alert.resolved_at is None:
                alert.review_at = _AT_ONCE
                self._await(alert)

    def _look_at_freed(self) -> None:
        """What held them back is over."""
        gone = self.ledger.gate.gone
        over = {c.row.id for c in self.ledger.changes if c.kind is ChangeKind.RESOLVED}
        if not gone and not over:
            return
        freed: dict[str, set[int | None]] = {HoldKind.INHIBITION.value: {*gone}, HoldKind.STORM.value: over}
        held = (holding.alerts[key] for key, holding in self.ledger.open.items())
        self._look_again([a for a in held if a.held_by in freed.get(a.held, ())])

    def _look_at_marked(self, changed: Iterable[AlertRow]) -> None:
        """Those that are inhibited by what has changed, or were."""
        if not self.rulebook.rules.inhibitions:
            return
        seen = self.ledger.gate.marks.moved
        for alert in changed:
            marks = self.ledger.gate.marks.by_alert.get(alert, ())
            now = frozenset((mark.trace, mark.is_target) for mark in marks if mark.is_source)
            seen |= {trace for trace, _ in now ^ self._sources.get(alert, frozenset())}
            self._sources[alert] = now
            for mark in marks:
                if mark.is_target:
                    self._targets[mark.trace].add(alert)
        for trace in seen:
            self._look_again(list(self._targets[trace]))
        seen.clear()

    def _clear(self) -> None:
        ledger = self.ledger
        for some in (ledger.changes, ledger.outcomes, ledger.entries, ledger.new_groups, ledger.new_alerts):
            some.clear()
        for found in (ledger.touched_groups, ledger.touched_alerts, ledger.judged, ledger.stormed):
            found.clear()
        ledger.gate.gone.clear()
        ledger.gate.inhibitors.clear()


def _pages(group: GroupRow) -> bool:
    """As `paging.following` has it: there is something to page for, and it is not over by the end of the turn."""
    return group.urgency != Urgency.NONE and group.state == GroupState.TRIGGERED

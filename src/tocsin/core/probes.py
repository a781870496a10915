"""What single results of a probe mean: down after some failures in a row, in enough regions; up again likewise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

SOON = timedelta(seconds=20)  # a failure is looked at again after this, where the interval is longer


class State(StrEnum):
    NEW = "new"
    UP = "up"
    FAILING = "failing"  # something fails, but not often enough, or not in enough regions
    DOWN = "down"
    BLOCKED = "blocked"  # Tocsin does not look: it would have to go where it does not go
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One look at the target."""

    error: str = ""  # a sentence; empty: all is well
    seconds: float | None = None  # until the answer was complete; none: there was no answer
    phases: Mapping[str, float] = field(default_factory=dict)  # in the order in which they happened, in seconds
    facts: Mapping[str, object] = field(default_factory=dict)  # JSON values: status, address, the days that are left
    is_blocked: bool = False  # nothing was looked at, so the error says nothing about the target

    @property
    def is_ok(self) -> bool:
        return not self.error


@dataclass(frozen=True, kw_only=True)
class Rule:
    interval: timedelta
    failures: int  # in a row, that make it down
    successes: int  # in a row, that make it up again
    regions: int = 1  # how many must be down


@dataclass(frozen=True, kw_only=True)
class Tally:
    """One region's results in a row."""

    state: State = State.NEW
    failures: int = 0
    successes: int = 0


def count(tally: Tally, rule: Rule, finding: Finding) -> Tally:
    """A look that was not possible ends both rows: it is neither a failure nor a success."""
    if finding.is_blocked:
        return Tally(state=State.BLOCKED)
    is_ok = finding.is_ok
    failures = 0 if is_ok else tally.failures + 1
    successes = tally.successes + 1 if is_ok else 0
    return Tally(state=_state(tally.state, rule, failures, successes), failures=failures, successes=successes)


def _state(before: State, rule: Rule, failures: int, successes: int) -> State:
    if failures:
        return State.DOWN if before is State.DOWN or failures >= rule.failures else State.FAILING
    return State.DOWN if before is State.DOWN and successes < rule.successes else State.UP


def verdict(states: Sequence[State], needed: int) -> State:
    """Of all regions together."""
    if states.count(State.DOWN) >= max(1, needed):
        return State.DOWN
    if State.DOWN in states or State.FAILING in states:
        return State.FAILING
    if State.BLOCKED in states:
        return State.BLOCKED  # also where other regions are up: not enough of them may be left to find it down
    return State.UP if State.UP in states else State.NEW


def next_due(tally: Tally, rule: Rule, began: datetime) -> datetime:
    """A doubt is settled sooner than the interval would: before the verdict falls, and while it may turn."""
    is_open = tally.state is State.FAILING or (tally.state is State.DOWN and tally.successes > 0)
    return began + (min(rule.interval, SOON) if is_open else rule.interval)


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A stretch of time in one state."""

    is_down: bool
    began_at: datetime
    ended_at: datetime | None  # none: it goes on


def uptime(spells: Iterable[Spell], since: datetime, now: datetime) -> float | None:
    """The share of the time that was watched in which it was not down, from 0 to 1; none when it was not watched.

    The caller leaves out stretches that were not watched: before the first result, and paused ones.
    """
    up = down = timedelta()
    for spell in spells:
        length = min(spell.ended_at or now, now) - max(spell.began_at, since)
        if length <= timedelta():
            continue
        if spell.is_down:
            down += length
        else:
            up += length
    return up / (up + down) if up + down else None

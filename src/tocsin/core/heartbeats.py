"""When a job that should be heard of regularly counts as late, and when as down.

    new → up → late → down, and back to up with the next success

A failure is down at once; so is a run that has begun and does not end. A start says nothing about success, but while a
run is in time, nothing is missed: it is waited for to its end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MOST_RUNS = 50  # at the same time; more are not told apart


class State(StrEnum):
    NEW = "new"
    UP = "up"
    LATE = "late"
    DOWN = "down"
    PAUSED = "paused"


class Reason(StrEnum):
    PAUSED = "paused"
    UNHEARD = "unheard"
    ON_TIME = "on time"
    RUNNING = "running"
    LATE = "late"
    MISSED = "missed"
    FAILED = "failed"
    OVERRAN = "overran"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Reason.PAUSED: "Somebody has paused it: pings are kept, and nothing is expected.",
    Reason.UNHEARD: "It waits for the first ping.",
    Reason.ON_TIME: "The last success was on time.",
    Reason.RUNNING: "A run has begun and is in time.",
    Reason.LATE: "The ping that was expected has not come; the grace period runs.",
    Reason.MISSED: "The ping that was expected has not come within the grace period.",
    Reason.FAILED: "The job said that it failed.",
    Reason.OVERRAN: "A run has begun and has not ended in the time that it may take.",
}


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """What is known of a job."""

    grace: timedelta
    longest_run: timedelta
    expected_at: datetime | None = None  # the next success; none: nothing is expected before the first one
    begun_at: datetime | None = None  # the oldest run that has not ended
    is_heard: bool = False  # a success has come since it was made or resumed
    is_failed: bool = False  # and since then the job has failed
    is_paused: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    state: State
    reason: Reason
    next_due: datetime | None = None  # when it would change without another ping


def decide(pulse: Pulse, now: datetime) -> Verdict:
    if pulse.is_paused:
        return Verdict(state=State.PAUSED, reason=Reason.PAUSED)
    if pulse.is_failed:
        return Verdict(state=State.DOWN, reason=Reason.FAILED)
    if pulse.begun_at is not None:
        return _running(pulse, pulse.begun_at + pulse.longest_run, now)
    if pulse.expected_at is None:
        return Verdict(state=State.NEW, reason=Reason.UNHEARD)
    return _waiting(pulse, pulse.expected_at, now)


def _running(pulse: Pulse, until: datetime, now: datetime) -> Verdict:
    if now >= until:
        return Verdict(state=State.DOWN, reason=Reason.OVERRAN)
    return Verdict(state=_good(pulse), reason=Reason.RUNNING, next_due=until)


def _waiting(pulse: Pulse, expected: datetime, now: datetime) -> Verdict:
    if now < expected:
        reason = Reason.ON_TIME if pulse.is_heard else Reason.UNHEARD
        return Verdict(state=_good(pulse), reason=reason, next_due=expected)
    if now < expected + pulse.grace:
        return Verdict(state=State.LATE, reason=Reason.LATE, next_due=expected + pulse.grace)
    return Verdict(state=State.DOWN, reason=Reason.MISSED)


def _good(pulse: Pulse) -> State:
    return State.UP if pulse.is_heard else State.NEW


Runs = Mapping[str, datetime]  # runs that have begun and not ended, by their id; an empty one when the job gave none


def begin(runs: Runs, run_id: str, at: datetime) -> Runs:
    """A job that begins again and again without an end is waited for from its first beginning."""
    if run_id in runs or len(runs) >= MOST_RUNS:
        return runs
    return {**runs, run_id: at}


def end(runs: Runs, run_id: str) -> tuple[Runs, datetime | None]:
    """What still runs, and when the run that has ended began. An end without an id ends them all."""
    if run_id in runs:
        left = {key: at for key, at in runs.items() if run_id and key != run_id}
        return left, runs[run_id]
    if not run_id:
        return {}, min(runs.values(), default=None)
    return {key: at for key, at in runs.items() if key}, runs.get("")

"""One turn of the clockwork: everything that is due now."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog

from tocsin.alerts import absorbing, reviewing, subscribing
from tocsin.alerts.absorbing import Absorbed
from tocsin.alerts.changes import Listeners
from tocsin.changes import hearing as changes
from tocsin.checks import hearing as pings
from tocsin.checks import watching
from tocsin.health import problems
from tocsin.health.edges import contained
from tocsin.paging import running, timeouts

BROKEN = "engine: "  # begins the key of the problem of a stage that fails

BATCH = 2000  # events at most: where many wait, one transaction for many costs each of them less
LISTENERS = Listeners(changes=changes.hear, beats=pings.hear, subscriptions=subscribing.subscribe)

T = TypeVar("T")

log = structlog.get_logger(__name__)


def nothing() -> None:
    """Nobody wants to know."""


@dataclass(kw_only=True)
class Worked:
    """What one turn did."""

    events: int = 0  # absorbed
    quarantined: int = 0
    expired: int = 0  # alerts
    watched: int = 0  # heartbeats
    reviewed: int = 0  # alerts that are or were held back
    timed_out: int = 0  # acknowledgements
    advanced: int = 0  # escalations
    released: int = 0  # notifications
    failed: list[str] = field(default_factory=list)  # stages
    moved: Callable[[], None] = nothing  # is called after each stage

    @property
    def anything(self) -> bool:
        """Whether there may be more to do at once."""
        alerts = self.events, self.quarantined, self.expired, self.watched, self.reviewed
        return any((*alerts, self.timed_out, self.advanced, self.released))


def tick(now: datetime, ring: Callable[[], None] = nothing, moved: Callable[[], None] = nothing) -> Worked:
    """A stage that fails stops no other: it is shown as a problem, and tried again at the next turn.

    `ring` is called as soon as there are messages to send: they need not wait for the rest of the turn.
    `moved` is called after each stage: a turn may be long.
    """
    worked = Worked(moved=moved)
    absorbed = _stage("absorb", lambda: _absorb(now), worked, now) or Absorbed()
    worked.events, worked.quarantined = absorbed.events, absorbed.quarantined
    worked.expired = _stage("expire", lambda: absorbing.expire(now, running.follow), worked, now) or 0
    worked.watched = _stage("watch", lambda: watching.watch_due(now), worked, now) or 0
    # before pages leave: what is to be held back now is
    worked.reviewed = _stage("review", lambda: reviewing.release_held(now, running.follow), worked, now) or 0
    worked.timed_out = _stage("time acknowledgements out", lambda: timeouts.time_out_due(now), worked, now) or 0
    worked.advanced = _stage("advance", lambda: running.advance_due(now), worked, now) or 0
    if worked.advanced:
        ring()
    worked.released = _stage("release", lambda: running.release_due(now), worked, now) or 0
    return worked


def _absorb(now: datetime) -> Absorbed:
    """Where something may page, what came meanwhile is taken before it does: so a page can say that it is a storm."""
    first = _absorb_some(now)
    if not first.groups:
        return first
    more = _absorb_some(now)
    return Absorbed(events=first.events + more.events, quarantined=first.quarantined + more.quarantined)


def _absorb_some(now: datetime) -> Absorbed:
    return absorbing.absorb(now, running.follow, limit=BATCH, listeners=LISTENERS)


def _stage(name: str, work: Callable[[], T], worked: Worked, now: datetime) -> T | None:
    done = contained(work, "a stage of the engine failed", stage=name)
    worked.moved()
    if done.error is not None:
        worked.failed.append(name)
    if done.error is not None and not done.is_mood:  # there is nothing to show in a database that is away
        _show(name, done.error, now)
    return done.value


def _show(name: str, error: Exception, now: datetime) -> None:
    detail = f"{type(error).__name__}: {error}. Nothing is lost: it is tried again every second. The log has the rest."
    contained(
        lambda: problems.report(f"{BROKEN}{name}", f"The engine cannot {name}", detail, "", now),
        "a problem could not be stored",
        stage=name,
    )

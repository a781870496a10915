"""Flap detection: an alert that comes and goes is paged once, and then only counted until it has calmed down.

Two thresholds, so that it does not flap in and out of flapping: it takes `changes` changes of state within `window` to
begin, and `calm` without any to end.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.core.holds import Hold, HoldKind


class Reason(StrEnum):
    STEADY = "steady"
    BEGAN = "began to flap"
    GOES_ON = "flaps"
    OVER = "has stopped flapping"


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """What a service puts up with."""

    changes: int = 6  # of state; 0: flaps are not detected
    window: timedelta = timedelta(minutes=30)
    calm: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Flap:
    """What is known of one alert's comings and goings, over all its openings."""

    changes: tuple[datetime, ...] = ()  # the latest changes of state, as many as it takes
    since: datetime | None = None  # it flaps since then
    count: int = 0  # changes since it flaps
    is_paged: bool = False  # the one page that says so is out


@dataclass(frozen=True, kw_only=True)
class Seen:
    flap: Flap
    reason: Reason
    hold: Hold | None = None


STEADY = Flap()


def triggered(tolerance: Tolerance, flap: Flap, at: datetime) -> Seen:
    """It opens. It is held once it was `paged` while it flaps, and not before: somebody has to be told once."""
    seen = recovered(tolerance, flap, at)
    return replace(seen, hold=_hold(tolerance, seen.flap, at)) if seen.flap.is_paged else seen


def paged(flap: Flap) -> Flap:
    """Somebody is paged for it. While it flaps, that is the one page."""
    return replace(flap, is_paged=True) if flap.since is not None else flap


def recovered(tolerance: Tolerance, flap: Flap, at: datetime) -> Seen:
    """It resolves, which is a change like any other."""
    if tolerance.changes <= 0:
        return Seen(flap=STEADY, reason=Reason.STEADY)
    over = is_over(tolerance, flap, at)
    before = STEADY if over else flap
    changes = (*(t for t in before.changes if at - t < tolerance.window), at)[-tolerance.changes :]
    if before.since is not None:
        return Seen(flap=replace(before, changes=changes, count=before.count + 1), reason=Reason.GOES_ON)
    if len(changes) >= tolerance.changes:
        return Seen(flap=Flap(changes=changes, since=changes[0], count=len(changes)), reason=Reason.BEGAN)
    return Seen(flap=Flap(changes=changes), reason=Reason.OVER if over else Reason.STEADY)


def is_over(tolerance: Tolerance, flap: Flap, now: datetime) -> bool:
    """Whether it flapped and has been calm for long enough. What it did later than now says nothing: the clock was set
    back since."""
    return flap.since is not None and bool(flap.changes) and abs(now - flap.changes[-1]) >= tolerance.calm


def still_held(tolerance: Tolerance, flap: Flap, now: datetime) -> Hold | None:
    """Of an open alert that was held as flapping."""
    if flap.since is None or not flap.changes or is_over(tolerance, flap, now):
        return None
    return _hold(tolerance, flap, flap.changes[-1])


def page(flap: Flap) -> str:
    """What the one page says."""
    minutes = math.ceil((flap.changes[-1] - flap.changes[0]).total_seconds() / 60) if flap.changes else 0
    lately = f"{len(flap.changes)} changes of state within {minutes} minutes"
    return f"It comes and goes: {lately}. It is paged once, and again when it stays."


def _hold(tolerance: Tolerance, flap: Flap, last: datetime) -> Hold:
    calm = f"{tolerance.calm.total_seconds() / 60:g} minutes"
    reason = (
        f"It flaps: {flap.count} changes of state so far. It was paged once, and pages again when it stays for {calm}."
    )
    return Hold(kind=HoldKind.FLAPPING, reason=reason, id=0, until=last + tolerance.calm)

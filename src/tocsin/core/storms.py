"""Storm mode: when everything of a service breaks at once, one page says so, and it leaves at once.

The first alert pages immediately. Those that follow within a few seconds wait, to see whether a storm comes. More than
`threshold` new alerts within `window` are one: all that come then join the storm's alert group, and those that waited
never page on their own while that group is open. It is over when no new alert has come for `quiet`.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.core.holds import Hold, HoldKind

LONGEST_TITLE = 1024


class Reason(StrEnum):
    CALM = "nothing else came just now"  # pages as usual
    WAITS = "others came just before it"
    BREAKS = "a storm begins with it"
    JOINS = "it is part of a storm"


@dataclass(frozen=True, kw_only=True)
class Shelter:
    """How a service is kept from storms."""

    threshold: int = 0  # 0: not at all
    window: timedelta = timedelta(minutes=5)
    settle: timedelta = timedelta(seconds=3)
    quiet: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Weather:
    """What has come for a service lately."""

    recent: tuple[datetime, ...] = ()  # new alerts within the window, not more than it takes
    settles_at: datetime | None = None  # until then others wait
    since: datetime | None = None  # a storm, since then
    last_at: datetime | None = None  # of the storm's alerts
    count: int = 0  # of the storm's alerts


@dataclass(frozen=True, kw_only=True)
class Arrival:
    weather: Weather
    reason: Reason


CALM = Weather()


def arrive(shelter: Shelter, weather: Weather, at: datetime, *, is_known: bool = False) -> Arrival:
    """A new alert that would page comes; or one that was part of a storm before, and is counted (`is_known`)."""
    if shelter.threshold <= 0:
        return Arrival(weather=CALM, reason=Reason.CALM)
    if weather.since is not None and not is_over(shelter, weather, at):
        last = max(at, weather.last_at or at)
        count = weather.count + (0 if is_known else 1)
        return Arrival(weather=replace(weather, last_at=last, count=count), reason=Reason.JOINS)
    before = CALM if weather.since is not None else weather
    recent = (*(t for t in before.recent if at - t < shelter.window), at)
    if len(recent) > shelter.threshold:
        return Arrival(weather=Weather(since=recent[0], last_at=at, count=len(recent)), reason=Reason.BREAKS)
    if before.settles_at is not None and at < before.settles_at:
        return Arrival(weather=replace(before, recent=recent), reason=Reason.WAITS)
    return Arrival(weather=Weather(recent=recent, settles_at=at + shelter.settle), reason=Reason.CALM)


def ends_at(shelter: Shelter, weather: Weather) -> datetime | None:
    """When the storm is over if nothing else comes; None when there is none."""
    if weather.since is None or weather.last_at is None:
        return None
    return weather.last_at + shelter.quiet


def is_over(shelter: Shelter, weather: Weather, now: datetime) -> bool:
    """Whether there was a storm and it is over."""
    end = ends_at(shelter, weather)
    return end is not None and now >= end


def waiting(until: datetime | None) -> Hold:
    """Of an alert that `WAITS`."""
    reason = "Others came just before it: it waits a few seconds, to see whether a storm comes."
    return Hold(kind=HoldKind.SETTLING, reason=reason, id=0, until=until)


def part_of(group: int) -> Hold:
    """Of an alert that waited when the storm came."""
    reason = (
        "It is part of the storm, which was paged as one. It pages if it is still open when that group is resolved."
    )
    return Hold(kind=HoldKind.STORM, reason=reason, id=group)


def title(weather: Weather, service: str, first: str) -> str:
    """Of the storm's group, no longer than a title may be."""
    head = f"Storm: {weather.count} alerts of {service}, the first of them “"
    room = LONGEST_TITLE - len(head) - 1
    return f"{head}{first if len(first) <= room else f'{first[: room - 1]}…'}”"


def farewell(weather: Weather) -> str:
    """What the history says when it is over."""
    if weather.since is None or weather.last_at is None:
        return "The storm is over."
    minutes = math.ceil((weather.last_at - weather.since).total_seconds() / 60)
    within = f"{minutes} minutes" if minutes > 1 else "a minute"
    return f"The storm is over: {weather.count} alerts came within {within}. New alerts page as usual again."

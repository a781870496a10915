"""Storm mode: when everything of a service breaks at once, one page says so, and it leaves at once.

The first alert pages immediately. Those that follow within a few seconds wait, to see whether a storm comes. More than
`threshold` new alerts within `window` are one: all that come then join the storm's alert group, and those that waited
never page on their own while that group is open. It is over when no new alert has come for `quiet`, and at the latest
when it has taken alerts in for `longest`: who has answered its page would else not be told of anything new for as long
as something small goes on failing every few minutes. The next alert then pages as usual; where as many come as before,
that is one page more in an hour.

A storm that comes suddenly has the page of its first alert. One that gathered over more than `settle`, or whose first
alert was answered already, has another group, whose page says that it is a storm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.core.holds import Hold, HoldKind

LONGEST_TITLE = 1024
NAMED = 5  # of those that join at once; the group's page has them all


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
    longest: timedelta = timedelta(hours=1)


USUAL = Shelter()


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
    recent = (*(t for t in before.recent if abs(at - t) < shelter.window), at)
    if len(recent) > shelter.threshold:
        return Arrival(weather=Weather(since=recent[0], last_at=at, count=len(recent)), reason=Reason.BREAKS)
    if before.settles_at is not None and waits(shelter, before.settles_at, at):
        return Arrival(weather=replace(before, recent=recent), reason=Reason.WAITS)
    return Arrival(weather=Weather(recent=recent, settles_at=at + shelter.settle), reason=Reason.CALM)


def waits(shelter: Shelter, until: datetime, now: datetime) -> bool:
    """Not longer than it takes, also where a clock was set back since; twice that, as no two clocks are alike."""
    return now < until <= now + 2 * shelter.settle


def ends_at(shelter: Shelter, weather: Weather) -> datetime | None:
    """When the storm is over if nothing else comes; None when there is none."""
    if weather.since is None or weather.last_at is None:
        return None
    return min(weather.last_at + shelter.quiet, weather.since + shelter.longest)


def is_sudden(shelter: Shelter, weather: Weather) -> bool:
    """Of one that has just begun: whether its first alert has only just come."""
    return (
        weather.since is not None and weather.last_at is not None and weather.last_at - weather.since <= shelter.settle
    )


def is_over(shelter: Shelter, weather: Weather, now: datetime) -> bool:
    """Whether there was a storm and it is over; also where it began later than now, by a clock that was set back."""
    end = ends_at(shelter, weather)
    is_ahead = weather.since is not None and now < weather.since - shelter.window
    return is_ahead or (end is not None and now >= end)


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


def so_far(weather: Weather, threshold: int) -> str:
    """What its page says."""
    much = f"More than {threshold} new alerts within 5 minutes; {weather.count} so far."
    return f"{much} All that come now join this page, and none pages on its own."


def joined(summaries: Sequence[str]) -> str:
    """What the history says of those that have joined its group, many of them in one line."""
    first = ", ".join(f"“{summary}”" for summary in summaries[:NAMED])
    if len(summaries) == 1:
        return f"{first} joined the storm."
    more = f" and {len(summaries) - NAMED} more" if len(summaries) > NAMED else ""
    return f"{len(summaries)} alerts joined the storm: {first}{more}."


def farewell(weather: Weather, shelter: Shelter = USUAL) -> str:
    """What the history says when it is over."""
    if weather.since is None or weather.last_at is None:
        return "The storm is over."
    minutes = math.ceil((weather.last_at - weather.since).total_seconds() / 60)
    within = f"{minutes} minutes" if minutes > 1 else "a minute"
    if weather.last_at + shelter.quiet > weather.since + shelter.longest:
        return f"It takes in no more: {weather.count} alerts came within {within}. The next one pages anew."
    return f"The storm is over: {weather.count} alerts came within {within}. New alerts page as usual again."

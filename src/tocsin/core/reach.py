"""How one person is notified of one page: by which methods, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from tocsin.core.wall import on_wall, zone_of


class Reason(StrEnum):
    PLANNED = "planned"
    NO_METHOD = "no verified contact method"


@dataclass(frozen=True, kw_only=True)
class Method:
    id: int
    kind: str  # a folder in `channels/`
    delay: timedelta = timedelta()  # after the page, by the person's rules
    is_held: bool = False  # the delay is longer than the rules say: until quiet hours are over


@dataclass(frozen=True, kw_only=True)
class Planned:
    method: Method
    at: datetime

    def is_due(self, now: datetime) -> bool:
        return self.at <= now


@dataclass(frozen=True, kw_only=True)
class Plan:
    reason: Reason
    notifications: tuple[Planned, ...] = ()  # the soonest first


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """The hours in which a person does not want to hear of low urgency."""

    zone: str
    starts: time
    ends: time  # not after `starts`: on the next day

    def over(self, at: datetime) -> datetime:
        """`at`, or the end of the quiet hours into which it falls."""
        here = at.astimezone(zone_of(self.zone))
        overnight = self.ends <= self.starts
        evening = overnight and here.time() >= self.starts
        morning = here.time() < self.ends and (overnight or here.time() >= self.starts)
        if not evening and not morning:
            return at
        # the later of the two: of an end that comes twice when clocks go back, `on_wall` is the first
        return max(at, on_wall(here.date() + timedelta(days=evening), self.ends, zone_of(self.zone)))


def heard_at(methods: Iterable[Method], now: datetime) -> datetime | None:
    """When somebody first hears of a page of now, where quiet hours hold all of it back; else none."""
    first = min(methods, key=lambda m: (m.delay, m.is_held), default=None)
    return now + first.delay if first is not None and first.is_held else None


def plan(methods: Iterable[Method], now: datetime) -> Plan:
    """Each method once, at the soonest its rules say. Without one it is a failure with a name, never silence."""
    soonest: dict[int, Method] = {}
    for method in sorted(methods, key=lambda m: m.delay):
        soonest.setdefault(method.id, method)
    if not soonest:
        return Plan(reason=Reason.NO_METHOD)
    return Plan(
        reason=Reason.PLANNED, notifications=tuple(Planned(method=m, at=now + m.delay) for m in soonest.values())
    )

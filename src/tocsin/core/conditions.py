"""When a step of an escalation policy applies."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from tocsin.core.signals import Severity, Urgency
from tocsin.core.wall import Unloadable, on_wall, zone_of

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class About:
    """What an escalation is about."""

    urgency: Urgency = Urgency.HIGH
    severity: Severity = Severity.CRITICAL


@dataclass(frozen=True, kw_only=True)
class Condition:
    """All of it has to hold. Nothing said: always."""

    urgency: Urgency | None = None
    severity: Severity | None = None  # at least
    weekdays: tuple[int, ...] = ()  # 0: Monday; none: every day
    starts: time | None = None  # both or neither: the hours of a day, over midnight when they end before they start
    ends: time | None = None
    zone: str = "UTC"  # of the days and hours

    @property
    def in_words(self) -> str:
        """Empty when it always holds."""
        return "; ".join(filter(None, (self._what(), self._when())))

    def _what(self) -> str:
        urgency = f"{self.urgency} urgency" if self.urgency else ""
        severity = f"at least {self.severity}" if self.severity else ""
        return ", ".join(filter(None, (urgency, severity)))

    def _when(self) -> str:
        days = " ".join(_DAYS[day] for day in self.weekdays)
        hours = f"{self.starts:%H:%M}–{self.ends:%H:%M}" if self.starts is not None and self.ends is not None else ""
        said = " ".join(filter(None, (days, hours)))
        return f"{said} {self.zone}" if said else ""


ALWAYS = Condition()
ABOUT = About()


def unmet(condition: Condition, about: About, now: datetime) -> str:
    """Why it does not hold; empty when it does."""
    if condition.urgency and about.urgency is not condition.urgency:
        return f"it is for {condition.urgency} urgency only"
    if condition.severity and about.severity.rank < condition.severity.rank:
        return f"it is for {condition.severity} and worse only"
    if not in_hours(condition, now):
        return f"it is for {condition._when()} only"
    return ""


def in_hours(condition: Condition, now: datetime) -> bool:
    """Whether it is one of its days and hours; also when its zone cannot be told."""
    try:
        local = now.astimezone(zone_of(condition.zone))
    except Unloadable:
        return True  # who cannot tell the hour pages
    day = local.weekday()
    if condition.starts is not None and condition.ends is not None:
        at = local.time()
        if condition.starts < condition.ends:
            if not condition.starts <= at < condition.ends:
                return False
        elif at < condition.ends:  # the night belongs to the day on which it began
            day = (local.date() - _DAY).weekday()
        elif at < condition.starts:
            return False
    return not condition.weekdays or day in condition.weekdays


def next_edge(condition: Condition, after: datetime) -> datetime | None:
    """When its days and hours begin or end next; None when they never do.

    Where clocks go back over an edge, the first of the two hours counts.
    """
    inside = in_hours(condition, after)
    return next((at for at in _edges(condition, after) if at > after and in_hours(condition, at) is not inside), None)


def _edges(condition: Condition, around: datetime) -> Iterator[datetime]:
    """In their order, from the day before that one to eight days after it; each may be one."""
    try:
        zone = zone_of(condition.zone)
    except Unloadable:
        return
    today = around.astimezone(zone).date()
    times = {time(0), *(at for at in (condition.starts, condition.ends) if at is not None)}
    for day in range(-1, 9):
        yield from sorted(on_wall(today + day * _DAY, at, zone) for at in times)

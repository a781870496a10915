"""How one person is notified of one page: by which methods, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Reason(StrEnum):
    PLANNED = "planned"
    NO_METHOD = "no verified contact method"


@dataclass(frozen=True, kw_only=True)
class Method:
    id: int
    kind: str  # a folder in `channels/`
    delay: timedelta = timedelta()  # after the page, by the person's rules


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

"""Conditions of steps as JSON: what a row and a version hold of them. Only what is said is written down."""

from collections.abc import Mapping
from datetime import time

from tocsin.core.conditions import ALWAYS, Condition
from tocsin.core.signals import Severity, Urgency
from tocsin.core.wall import Unloadable, zone_of
from tocsin.people.problems import Refused

_HOUR = "%H:%M"


def body(condition: Condition) -> dict[str, object]:
    said: dict[str, object] = {
        "urgency": condition.urgency.value if condition.urgency else None,
        "severity": condition.severity.value if condition.severity else None,
        "weekdays": list(condition.weekdays),
        "starts": condition.starts.strftime(_HOUR) if condition.starts is not None else None,
        "ends": condition.ends.strftime(_HOUR) if condition.ends is not None else None,
    }
    kept = {name: value for name, value in said.items() if value}
    return {**kept, "zone": condition.zone} if kept.keys() & {"weekdays", "starts"} else kept


def read(stored: Mapping[str, object]) -> Condition:
    """`ValueError` or `TypeError` when it is none."""
    if not stored:
        return ALWAYS
    urgency, severity = stored.get("urgency"), stored.get("severity")
    days = stored.get("weekdays") or []
    if not isinstance(days, list):
        raise TypeError("weekdays are a list")
    return Condition(
        urgency=Urgency(str(urgency)) if urgency else None,
        severity=Severity(str(severity)) if severity else None,
        weekdays=tuple(sorted({int(day) for day in days})),
        starts=_hour(stored.get("starts")),
        ends=_hour(stored.get("ends")),
        zone=str(stored.get("zone") or "UTC"),
    )


def check(condition: Condition, where: str) -> None:
    """`Refused` for one that says something else than was meant."""
    if (condition.starts is None) != (condition.ends is None):
        raise Refused(f"{where}: hours need both a start and an end.")
    if condition.starts is not None and condition.starts == condition.ends:
        raise Refused(f"{where}: the hours end as they start. Leave both out to page at any time.")
    if not set(condition.weekdays) <= set(range(7)):
        raise Refused(f"{where}: weekdays go from 0, Monday, to 6, Sunday.")
    try:
        zone_of(condition.zone)
    except Unloadable as error:
        raise Refused(f"{where}: {error}.") from error


def _hour(text: object) -> time | None:
    return time.fromisoformat(str(text)).replace(tzinfo=None) if text else None

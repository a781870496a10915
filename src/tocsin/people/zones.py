"""Time zones: to choose from, and to read a time in."""

from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from tocsin.core.wall import Unloadable, zone_of

_NOT_PLACES = ("Etc/", "posix/", "right/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")


@cache
def places() -> tuple[str, ...]:
    named = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(_NOT_PLACES))
    return ("UTC", *sorted(named))


def choices(current: str = "") -> list[tuple[str, str]]:
    """All of them, and `current` also when it is an older name of one."""
    zones = places() if not current or current in places() else (current, *places())
    return [(zone, zone.replace("_", " ")) for zone in zones]


def written(at: datetime, zone_name: str) -> str:
    """On the wall of whoever reads it: “Tue 3 Mar, 09:30 (Europe/Vienna)”; in UTC where the zone is unknown."""
    try:
        zone = zone_of(zone_name)
    except Unloadable:
        zone = zone_of("UTC")
    here = at.astimezone(zone)
    return f"{here:%a} {here.day} {here:%b}, {here:%H:%M} ({zone.key})"

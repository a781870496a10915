"""Time zones to choose from."""

from functools import cache
from zoneinfo import available_timezones

_NOT_PLACES = ("Etc/", "posix/", "right/", "SystemV/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")


@cache
def places() -> tuple[str, ...]:
    named = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(_NOT_PLACES))
    return ("UTC", *sorted(named))


def choices(current: str = "") -> list[tuple[str, str]]:
    """All of them, and `current` also when it is an older name of one."""
    zones = places() if not current or current in places() else (current, *places())
    return [(zone, zone.replace("_", " ")) for zone in zones]

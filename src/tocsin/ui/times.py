"""Times in words."""

from datetime import datetime, timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_FAR = timedelta(days=30)


def span(length: timedelta) -> str:
    """The two largest units at most: “45 s”, “4 min”, “2 h 5 min”, “3 d 4 h”."""
    seconds = int(abs(length.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return _two(seconds // _HOUR, "h", seconds % _HOUR // _MINUTE, "min")
    return _two(seconds // _DAY, "d", seconds % _DAY // _HOUR, "h")


def relative(at: datetime, now: datetime) -> str:
    """“4 min ago”, “in 2 h 5 min”; the date when it is more than a month away."""
    if abs(at - now) >= _FAR:
        return short(at, now)
    if abs(at - now) < timedelta(seconds=5):
        return "now"
    return f"{span(now - at)} ago" if at < now else f"in {span(at - now)}"


def short(at: datetime, now: datetime | None = None) -> str:
    """A local time as people read it: “Tue 3 Mar, 09:30”, with the year when it is another one."""
    year = "" if now is not None and at.year == now.astimezone(at.tzinfo).year else f" {at.year}"
    return f"{at:%a} {at.day} {at:%b}{year}, {at:%H:%M}"


def full(at: datetime) -> str:
    """For the title: the local time to the second, with its zone, and UTC."""
    offset = at.utcoffset() or timedelta()
    zone = at.tzname() or ""
    utc = "" if not offset else f" ({at - offset:%H:%M} UTC)"
    return f"{at:%A} {at.day} {at:%B} {at.year}, {at:%H:%M:%S} {zone}{utc}"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"

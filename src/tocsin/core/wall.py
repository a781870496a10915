"""Wall times placed on the time line: a local time and an IANA zone in, an instant out.

Both are whole microseconds since 1970-01-01 00:00 here: instants in UTC, walls on a clock in the zone. The resolver
places and compares hundreds of thousands of them, and integers do that several times faster than datetimes.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)


class Unloadable(ValueError):
    """A rota cannot be read: an unknown zone, a rotation without length."""


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone; `Unloadable` for anything that is not one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Unloadable(f"“{name}” is not a time zone Tocsin knows") from error


def instant(at: datetime) -> int:
    """The instant of an aware datetime."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=at)


def day_number(day: date) -> int:
    """Days since 1970-01-01; 0 is a Thursday."""
    return day.toordinal() - _EPOCH_ORDINAL


def day_of(number: int) -> date:
    return date.fromordinal(number + _EPOCH_ORDINAL)


def time_of_day(at: time) -> int:
    """Microseconds since midnight on the wall."""
    return ((at.hour * 60 + at.minute) * 60 + at.second) * SECOND + at.microsecond


def place(wall: int, zone: ZoneInfo) -> int:
    """The instant of a wall time.

    Of a wall time that exists twice (clocks went back) the first; for one that does not exist (clocks went forward
    over it) the end of the gap, so that a shift never begins before the clocks have changed.
    """
    offset = _steady_offset(zone, wall // DAY)
    return wall - offset if offset is not None else _place_on_a_day_of_change(wall, zone)


def local(at: int, zone: ZoneInfo) -> int:
    """The wall time of an instant."""
    day = at // DAY
    offset = _steady_offset(zone, day)
    # the local day may be the one before or after the UTC day; if all three keep one offset, which one does not matter
    if offset is None or not (offset == _steady_offset(zone, day - 1) == _steady_offset(zone, day + 1)):
        return at + _offset(moment(at).astimezone(zone))
    return at + offset


def on_wall(day: date, at: time, zone: ZoneInfo) -> datetime:
    """`place` for a day and a time, as a datetime."""
    return moment(place(day_number(day) * DAY + time_of_day(at), zone))


def _offset(at: datetime) -> int:
    """The zone's distance from UTC at an aware datetime."""
    offset = at.utcoffset()
    if offset is None:  # pragma: no cover - a ZoneInfo always has one
        raise Unloadable(f"no offset at {at}")
    return offset // _MICROSECOND


@lru_cache(maxsize=65_536)
def _steady_offset(zone: ZoneInfo, day: int) -> int | None:
    """The offset that holds all through a local day; None on a day on which clocks change."""
    midnight = _NAIVE_EPOCH + timedelta(days=day)
    begins = _offset(midnight.replace(tzinfo=zone))
    last = (midnight + timedelta(days=1) - _MICROSECOND).replace(tzinfo=zone, fold=1)
    return begins if begins == _offset(last) else None


def _place_on_a_day_of_change(wall: int, zone: ZoneInfo) -> int:
    naive = _NAIVE_EPOCH + timedelta(microseconds=wall)
    before, after = _offset(naive.replace(tzinfo=zone)), _offset(naive.replace(tzinfo=zone, fold=1))
    if before < after:  # in a gap the two folds take the offsets from before and from after it
        return _change_between(wall - after, wall - before, zone)
    return wall - before


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    """The second at which the zone's offset changes, after `low` and not after `high`."""
    before = _offset(moment(low).astimezone(zone))
    while high - low > SECOND:
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(moment(middle).astimezone(zone)) == before else (low, middle)
    return high - high % SECOND

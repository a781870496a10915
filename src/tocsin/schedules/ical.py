"""What goes into iCalendars (RFC 5545) and what is found in them.

Without the libraries that write and read them, which only who has calendars needs: 4 MB of a process.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tocsin import __version__

BEFORE, AFTER = timedelta(days=30), timedelta(days=120)


@dataclass(frozen=True, kw_only=True)
class Event:
    key: str  # with the start: the same shift in every copy of the calendar
    starts_at: datetime
    ends_at: datetime
    title: str
    about: str = ""
    url: str = ""
    people: tuple[tuple[str, str], ...] = ()  # name and e-mail address of who is on call


class BadCalendar(ValueError):
    """It cannot be used; the text says why, for the person who gave it."""


@dataclass(frozen=True, kw_only=True)
class Person:
    id: int
    name: str
    email: str


@dataclass(frozen=True, kw_only=True, order=True)
class Shift:
    starts_at: datetime
    ends_at: datetime
    person: int


@dataclass(frozen=True, kw_only=True)
class Unmatched:
    starts_at: datetime
    summary: str


@dataclass(frozen=True, kw_only=True)
class Read:
    shifts: tuple[Shift, ...]  # in order of their start; people of one event in its order
    unmatched: tuple[Unmatched, ...]  # at most MOST_UNMATCHED, the soonest first


def window(now: datetime) -> tuple[datetime, datetime]:
    """At least from 30 days ago to 120 days ahead, in whole months.

    A shift that is cut by the edge begins at the edge; an edge that moved with every look would change what identifies
    the shift, and it would come again as another.
    """
    return _first_of_month(now - BEFORE), _first_of_month(now + AFTER + timedelta(days=31))


def etag(name: str, time_zone: str, events: Iterable[Event]) -> str:
    """Of what the calendar says, not of when it was asked for: weak."""
    said = repr((__version__, name, time_zone, tuple(events)))
    return f'W/"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def joined(events: Iterable[Event]) -> list[Event]:
    """Neighbours with the same people are one shift, whatever puts them there."""
    found: list[Event] = []
    for event in events:
        last = found[-1] if found else None
        if last and (last.key, last.people, last.ends_at) == (event.key, event.people, event.starts_at):
            found[-1] = replace(last, ends_at=event.ends_at)
        else:
            found.append(event)
    return found


def _first_of_month(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)

"""Shifts as an iCalendar that any calendar program subscribes to (RFC 5545)."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import icalendar

from tocsin import __version__

BEFORE, AFTER = timedelta(days=30), timedelta(days=120)
_REFRESH = timedelta(hours=1)  # how often programs are asked to look again


@dataclass(frozen=True, kw_only=True)
class Event:
    key: str  # with the start: the same shift in every copy of the calendar
    starts_at: datetime
    ends_at: datetime
    title: str
    about: str = ""
    url: str = ""
    people: tuple[tuple[str, str], ...] = ()  # name and e-mail address of who is on call


def window(now: datetime) -> tuple[datetime, datetime]:
    """At least from 30 days ago to 120 days ahead, in whole months.

    A shift that is cut by the edge begins at the edge; an edge that moved with every look would change what identifies
    the shift, and it would come again as another.
    """
    return _first_of_month(now - BEFORE), _first_of_month(now + AFTER + timedelta(days=31))


def calendar(name: str, time_zone: str, events: Iterable[Event], now: datetime) -> bytes:
    """Times are in UTC, which no change of clocks makes unclear; programs show them in their own zone."""
    made = icalendar.Calendar()
    made.add("prodid", f"-//Tocsin//{__version__}//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("x-wr-timezone", time_zone)
    made.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for event in events:
        made.add_component(_component(event, now))
    return bytes(made.to_ical())


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


def _component(event: Event, now: datetime) -> icalendar.Event:
    made = icalendar.Event()
    made.add("uid", _uid(event))
    made.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    made.add("dtstart", event.starts_at.astimezone(UTC))
    made.add("dtend", event.ends_at.astimezone(UTC))
    made.add("summary", event.title)
    made.add("transp", "TRANSPARENT")  # on call is not busy
    texts: Mapping[str, str] = {"description": event.about, "url": event.url}
    for field, text in texts.items():
        if text:
            made.add(field, text)
    for name, address in event.people:
        made.add("attendee", f"mailto:{address}", parameters={"CN": name, "PARTSTAT": "ACCEPTED"})
    return made


def _uid(event: Event) -> str:
    return f"{event.key}-{int(event.starts_at.timestamp())}@tocsin"


def _first_of_month(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)

"""Shifts as an iCalendar that any calendar program subscribes to (RFC 5545)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import icalendar

from tocsin import __version__
from tocsin.schedules.ical import Event

_REFRESH = timedelta(hours=1)  # how often programs are asked to look again


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

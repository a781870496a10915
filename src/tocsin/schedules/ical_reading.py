"""An iCalendar from elsewhere as shifts: who is on call from when to when, and what names nobody known."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from tocsin.core.wall import Unloadable, on_wall, zone_of
from tocsin.schedules.ical import BadCalendar, Person, Read, Shift, Unmatched

MOST_EVENTS = 5_000  # components; each may recur
MOST_SHIFTS = 20_000
MOST_UNMATCHED = 50
LONGEST_SHIFT = timedelta(days=366)
_TOO_OFTEN = {"SECONDLY", "MINUTELY"}
# what the libraries raise for calendars that make no sense
_BROKEN = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, recurring_ical_events.InvalidCalendar)


def read(text: str | bytes, time_zone: str, people: Iterable[Person], start: datetime, end: datetime) -> Read:
    """What of the calendar meets [start, end). `BadCalendar` when it cannot be read.

    Days without a time, and times without a zone, are on the wall of `time_zone`.
    """
    known = _Known(people)
    shifts: list[Shift] = []
    unmatched: list[Unmatched] = []
    try:
        zone = zone_of(time_zone)
        for event in _occurrences(_parsed(text), start, end):
            span = _span(event, zone)
            if span is None or span[1] <= start or span[0] >= end:
                continue
            found = known.of(event)
            shifts += [Shift(starts_at=span[0], ends_at=span[1], person=person) for person in found]
            if not found:
                unmatched.append(Unmatched(starts_at=span[0], summary=str(event.get("SUMMARY", ""))[:200]))
            _check(len(shifts) + len(unmatched) <= MOST_SHIFTS, f"it has more than {MOST_SHIFTS} shifts in a year")
    except Unloadable as error:
        raise BadCalendar(str(error)) from error
    shifts.sort(key=lambda shift: shift.starts_at)
    unmatched.sort(key=lambda it: it.starts_at)
    return Read(shifts=tuple(shifts), unmatched=tuple(unmatched[:MOST_UNMATCHED]))


def _parsed(text: str | bytes) -> icalendar.Calendar:
    try:
        (found,) = icalendar.Calendar.from_ical(text, multiple=True)
    except _BROKEN as error:
        raise BadCalendar(f"it is not an iCalendar: {_words(error)}") from error
    if not isinstance(found, icalendar.Calendar):
        raise BadCalendar("it is not an iCalendar: it does not begin with BEGIN:VCALENDAR")
    events = found.walk("VEVENT")
    _check(len(events) <= MOST_EVENTS, f"it has more than {MOST_EVENTS} events")
    # every second for a year is 31 million occurrences; no rota is made of them
    _check(not any(_TOO_OFTEN & _frequencies(event) for event in events), "an event recurs more than once an hour")
    for event in events:
        _include_last_day(event)
    return found


def _rules(event: icalendar.Component) -> list[icalendar.vRecur]:
    rules = event.get("RRULE", [])
    return rules if isinstance(rules, list) else [rules]


def _frequencies(event: icalendar.Component) -> set[str]:
    return {str(frequency).upper() for rule in _rules(event) for frequency in rule.get("FREQ", [])}


def _include_last_day(event: icalendar.Component) -> None:
    """UNTIL a day, where the event has a time: not allowed, common, and meant with the shift of that day."""
    starts = event.get("DTSTART")
    if not isinstance(getattr(starts, "dt", None), datetime):
        return
    for rule in _rules(event):
        rule["UNTIL"] = [
            until if isinstance(until, datetime) else datetime.combine(until, time(23, 59, 59))
            for until in rule.get("UNTIL", [])
        ]
        if not rule["UNTIL"]:
            del rule["UNTIL"]


def _occurrences(calendar: icalendar.Calendar, start: datetime, end: datetime) -> Iterator[icalendar.Event]:
    """RRULE, RDATE, EXDATE and edited recurrences, resolved; cancelled ones left out."""
    day = timedelta(days=1)  # days and floating times are placed in our zone, which the library does not know
    try:
        found = recurring_ical_events.of(calendar).between(start - day, end + day)
    except _BROKEN as error:
        raise BadCalendar(f"its recurrences make no sense: {_words(error)}") from error
    return (event for event in found if str(event.get("STATUS", "")).upper() != "CANCELLED")


def _span(event: icalendar.Event, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """None for an event without length."""
    try:
        starts, ends = event.start, event.end
    except _BROKEN as error:
        raise BadCalendar(f"an event has no start: {_words(error)}") from error
    low, high = _instant(starts, zone), _instant(ends, zone)
    _check(high - low <= LONGEST_SHIFT, f"the shift of {low:%d %b %Y} lasts longer than a year")
    return (low, high) if low < high else None


def _instant(at: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        return on_wall(at, time(0), zone)
    return on_wall(at.date(), at.time(), zone) if at.tzinfo is None else at.astimezone(UTC)


class _Known:
    """Finds people in events."""

    def __init__(self, people: Iterable[Person]) -> None:
        listed = list(people)
        self.by_email = {person.email.casefold(): person.id for person in listed}
        self.by_name = _unique((person.name.casefold(), person.id) for person in listed)
        self.by_first = _unique(
            (person.name.casefold().split()[0], person.id) for person in listed if person.name.split()
        )

    def of(self, event: icalendar.Component) -> tuple[int, ...]:
        """By the addresses of those who attend; else by the title; else by who made the event."""
        return self._addressed(event, "ATTENDEE") or self._titled(event) or self._addressed(event, "ORGANIZER")

    def _addressed(self, event: icalendar.Component, field: str) -> tuple[int, ...]:
        given = event.get(field, [])
        listed = given if isinstance(given, list) else [given]
        coming = [a for a in listed if str(getattr(a, "params", {}).get("PARTSTAT", "")).upper() != "DECLINED"]
        return self._ids(str(address).casefold().removeprefix("mailto:").strip() for address in coming)

    def _ids(self, addresses: Iterable[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.by_email[a] for a in addresses if a in self.by_email))

    def _titled(self, event: icalendar.Component) -> tuple[int, ...]:
        title = str(event.get("SUMMARY", "")).casefold()
        words = re.findall(r"[^\s<>(),;:]+@[^\s<>(),;:]+", title)
        named = (
            person for name, person in self.by_name.items() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title)
        )
        alone = self.by_first.get(title.strip())  # a title that is a first name and nothing else
        return self._ids(words) or tuple(named) or ((alone,) if alone else ())


def _says(title: str, name: str) -> bool:
    return name in title and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title) is not None


def _unique(pairs: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """A name that two people share names neither."""
    found: dict[str, set[int]] = {}
    for name, person in pairs:
        found.setdefault(name, set()).add(person)
    return {name: next(iter(ids)) for name, ids in found.items() if name and len(ids) == 1}


def _check(good: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not good:
        raise BadCalendar(otherwise)


def _words(error: BaseException) -> str:
    return str(error)[:200] or type(error).__name__

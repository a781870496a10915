"""Calendars out and in: what is exported comes back as the same schedule, and what others write is understood."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_rota_properties import layers as some_layers
from tests.core.test_rota_properties import overrides as some_overrides
from tocsin.core import rota
from tocsin.core.rota import Fixed, Rota, Segment
from tocsin.schedules import ical, ical_reading, ical_writing
from tocsin.schedules.ical import BadCalendar, Event, Person
from tocsin.schedules.stretches import stretches

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
PEOPLE = {
    1: Person(id=1, name="Ada Lovelace", email="ada@example.org"),
    2: Person(id=2, name="Grace Hopper", email="Grace@Example.org"),
    3: Person(id=3, name="Linus", email="linus@example.org"),
    4: Person(id=4, name="Zoë, “the ;pager”", email="zoe@example.org"),
}
START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)


def exported(segments: list[Segment]) -> list[Event]:
    return [
        Event(
            key="schedule-1",
            starts_at=s.starts_at,
            ends_at=s.ends_at,
            title=", ".join(PEOPLE[p].name for p in s.people),
            people=tuple((PEOPLE[p].name, PEOPLE[p].email) for p in s.people),
        )
        for s in segments
        if s.people
    ]


def who(segments: tuple[Segment, ...]) -> list[tuple[datetime, datetime, tuple[int, ...]]]:
    return [(s.starts_at, s.ends_at, s.people) for s in stretches(segments)]


def to_the_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


@st.composite
def rotas(draw: st.DrawFn) -> Rota:
    layers = [
        rota.Layer(**{**vars(layer), "until": layer.until and to_the_minute(layer.until), "shadow": False})
        for layer in draw(st.lists(some_layers, min_size=1, max_size=2))
    ]
    overrides = [
        rota.Override(
            **{**vars(o), "starts_at": to_the_minute(o.starts_at), "ends_at": to_the_minute(o.ends_at) + MINUTE}
        )
        for o in draw(st.lists(some_overrides(), max_size=2))
    ]
    zone = draw(st.sampled_from(ZONES))
    return Rota(time_zone=zone, layers=tuple(layers), overrides=tuple(overrides))


MINUTE = timedelta(minutes=1)
# clocks change in all but one of them while the exported weeks last; in Casablanca as Ramadan ends
ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "Africa/Casablanca")


@given(the_rota=rotas(), days=st.integers(3, 25))
@settings(max_examples=25)
def test_what_is_exported_comes_back_as_the_same_final_schedule(the_rota: Rota, days: int) -> None:
    end = START + timedelta(days=days)
    whole = rota.final(the_rota, START, end)
    body = ical_writing.calendar("Primary", the_rota.time_zone, ical.joined(exported(stretches(whole))), NOW)
    read = ical_reading.read(body, "UTC", PEOPLE.values(), START, end)
    assert not read.unmatched
    layer = Fixed(name="L", shifts=tuple((s.starts_at, s.ends_at, (s.person,)) for s in read.shifts))
    assert who(rota.final(Rota(time_zone="UTC", layers=(layer,)), START, end)) == who(
        tuple(Segment(starts_at=s.starts_at, ends_at=s.ends_at, people=s.people) for s in whole)
    )


def test_a_feed_is_standards_valid() -> None:
    event = Event(
        key="schedule-1",
        starts_at=START,
        ends_at=START + timedelta(days=7),
        title="Zoë; a, b\nc" * 20,
        people=(("Zoë", "zoe@example.org"),),
    )
    body = ical_writing.calendar("Primary: “day”", "Europe/Berlin", [event], NOW)
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(body)
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "PUBLISH")
    (read,) = calendar.walk("VEVENT")
    assert not read.errors
    assert read["UID"] == f"schedule-1-{int(START.timestamp())}@tocsin"
    assert read["DTSTAMP"].dt == NOW
    assert read["DTSTART"].dt == START
    assert str(read["SUMMARY"]) == "Zoë; a, b\nc" * 20


def test_a_shift_keeps_its_uid_and_the_feed_its_etag_from_day_to_day() -> None:
    assert ical.window(NOW) == ical.window(NOW + timedelta(days=8))
    start, end = ical.window(NOW)
    assert start <= NOW - timedelta(days=30)
    assert end >= NOW + timedelta(days=120)


def calendar(*lines: str, head: str = "") -> str:
    events = "\r\n".join(lines)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{head}{events}\r\nEND:VCALENDAR\r\n"


def event(*lines: str, uid: str = "1", summary: str = "Linus") -> str:
    inner = "\r\n".join(lines)
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:{summary}\r\n{inner}\r\nEND:VEVENT"


def found(text: str, zone: str = "Europe/Berlin") -> list[str]:
    """“03-02 08:00+24h 3”: from when, for how long, who."""
    shifts = ical_reading.read(text, zone, PEOPLE.values(), START, END).shifts
    return [f"{s.starts_at:%m-%d %H:%M}+{(s.ends_at - s.starts_at) / timedelta(hours=1):g}h {s.person}" for s in shifts]


BERLIN = "DTSTART;TZID=Europe/Berlin:"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # one event in UTC
        (calendar(event("DTSTART:20260302T080000Z", "DTEND:20260303T080000Z")), ["03-02 08:00+24h 3"]),
        # a duration instead of an end
        (calendar(event("DTSTART:20260302T080000Z", "DURATION:PT12H")), ["03-02 08:00+12h 3"]),
        # a zone by its name, without a definition in the file
        (calendar(event(f"{BERLIN}20260302T090000", "DURATION:P1D")), ["03-02 08:00+24h 3"]),
        # all day: from midnight to midnight in the schedule's zone
        (calendar(event("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260304")), ["03-01 23:00+48h 3"]),
        # all day over the change of clocks has 23 hours
        (calendar(event("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330")), ["03-28 23:00+23h 3"]),
        # all day without an end is one day
        (calendar(event("DTSTART;VALUE=DATE:20260302")), ["03-01 23:00+24h 3"]),
        # a floating time is on the schedule's wall
        (calendar(event("DTSTART:20260302T090000", "DTEND:20260302T170000")), ["03-02 08:00+8h 3"]),
        # weekly over the change of clocks: 09:00 on the wall on both sides
        (
            calendar(event(f"{BERLIN}20260323T090000", "DURATION:PT8H", "RRULE:FREQ=WEEKLY;COUNT=2")),
            ["03-23 08:00+8h 3", "03-30 07:00+8h 3"],
        ),
        # UNTIL not in UTC, against the standard and yet everywhere: a date
        (
            calendar(event(f"{BERLIN}20260323T090000", "DURATION:PT8H", "RRULE:FREQ=DAILY;UNTIL=20260324")),
            ["03-23 08:00+8h 3", "03-24 08:00+8h 3"],
        ),
        # and a local time
        (
            calendar(event(f"{BERLIN}20260323T090000", "DURATION:PT8H", "RRULE:FREQ=DAILY;UNTIL=20260324T090000")),
            ["03-23 08:00+8h 3", "03-24 08:00+8h 3"],
        ),
        # EXDATE leaves one out
        (
            calendar(
                event(
                    f"{BERLIN}20260302T090000",
                    "DURATION:PT8H",
                    "RRULE:FREQ=DAILY;COUNT=3",
                    "EXDATE;TZID=Europe/Berlin:20260303T090000",
                )
            ),
            ["03-02 08:00+8h 3", "03-04 08:00+8h 3"],
        ),
        # an edited recurrence: moved, and given to somebody else
        (
            calendar(
                event(f"{BERLIN}20260302T090000", "DURATION:PT8H", "RRULE:FREQ=DAILY;COUNT=2"),
                event(
                    "RECURRENCE-ID;TZID=Europe/Berlin:20260303T090000",
                    f"{BERLIN}20260303T120000",
                    "DURATION:PT2H",
                    summary="Ada Lovelace",
                ),
            ),
            ["03-02 08:00+8h 3", "03-03 11:00+2h 1"],
        ),
        # a recurrence that began years ago
        (
            calendar(event("DTSTART:20200101T080000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=1")),
            ["04-01 08:00+1h 3"],
        ),
        # cancelled
        (calendar(event("DTSTART:20260302T080000Z", "DURATION:PT1H", "STATUS:CANCELLED")), []),
        # without length
        (calendar(event("DTSTART:20260302T080000Z")), []),
        # outside the window
        (calendar(event("DTSTART:20270302T080000Z", "DURATION:PT1H")), []),
        # times in UTC with the calendar's zone beside them
        (
            calendar(event("DTSTART:20260302T080000Z", "DURATION:PT1H"), head="X-WR-TIMEZONE:America/New_York\r\n"),
            ["03-02 08:00+1h 3"],
        ),
        # nothing in it
        (calendar(event("DTSTART:19990302T080000Z", "DURATION:PT1H", uid="old")), []),
    ],
)
def test_calendars_of_others_are_understood(text: str, expected: list[str]) -> None:
    assert found(text) == expected


WHEN = ("DTSTART:20260302T080000Z", "DURATION:PT1H")


@pytest.mark.parametrize(
    ("lines", "summary", "people"),
    [
        # by the address of who attends, whatever the title says
        (("ATTENDEE;CN=x:mailto:ADA@example.org",), "Linus", [1]),
        # several
        (("ATTENDEE:mailto:ada@example.org", "ATTENDEE:mailto:grace@example.org"), "On call", [1, 2]),
        # not who declined
        (("ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.org", "ATTENDEE:mailto:linus@example.org"), "x", [3]),
        # a name in the title
        ((), "On Call - Grace Hopper - Primary", [2]),
        # an address in the title
        ((), "oncall: grace@example.org", [2]),
        # a first name alone
        ((), "Ada", [1]),
        # a first name among other words is too little
        ((), "Lunch with Ada", []),
        # a name inside a longer word is none
        ((), "Linuskernel", []),
        # who made it, as the last resort
        (("ORGANIZER:mailto:linus@example.org",), "Secondary", [3]),
        # the title before who made it
        (("ORGANIZER:mailto:linus@example.org",), "Ada Lovelace", [1]),
        # nobody known
        (("ATTENDEE:mailto:eve@example.org",), "Eve", []),
    ],
)
def test_people_are_found_in_events(lines: tuple[str, ...], summary: str, people: list[int]) -> None:
    read = ical_reading.read(calendar(event(*WHEN, *lines, summary=summary)), "UTC", PEOPLE.values(), START, END)
    assert [shift.person for shift in read.shifts] == people
    assert [it.summary for it in read.unmatched] == ([] if people else [summary])


def test_a_name_that_two_people_share_names_neither() -> None:
    twins = [Person(id=n, name="Ada Lovelace", email=f"ada{n}@example.org") for n in (1, 2)]
    read = ical_reading.read(calendar(event(*WHEN, summary="Ada Lovelace")), "UTC", twins, START, END)
    assert (read.shifts, len(read.unmatched)) == ((), 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # a web page instead of a calendar: the usual answer of a link that needs a login
        ("<!DOCTYPE html><html></html>", "not an iCalendar"),
        # nothing at all
        ("", "not an iCalendar"),
        # cut off in the middle
        (calendar(event(*WHEN))[:90], "not an iCalendar"),
        # an event without a start
        (calendar(event("DTEND:20260302T080000Z")), "make no sense|no start"),
        # thirty million occurrences a year
        (calendar(event(*WHEN, "RRULE:FREQ=SECONDLY")), "more than once an hour"),
        # a shift of ten years
        (calendar(event("DTSTART:20200101T000000Z", "DTEND:20300101T000000Z")), "longer than a year"),
        # another kind of component
        ("BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n", "VCALENDAR"),
    ],
)
def test_calendars_that_cannot_be_used_say_why(text: str, sentence: str) -> None:
    with pytest.raises(BadCalendar, match=sentence):
        found(text)

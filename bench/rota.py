"""How fast schedules are resolved: one long, wide one, and many at one instant. The resolver alone, no database.

Beside it, recurring-ical-events answers the same questions from the iCalendar that Tocsin exports of these schedules:
parsed beforehand, its shifts already resolved, so that it only has to find those that meet the window.
"""

import sys
import time as clock
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import icalendar
import recurring_ical_events

from tocsin.core import rota
from tocsin.core.rota import Layer, Override, Rota
from tocsin.core.rotation import Restriction, Unit
from tocsin.schedules import ical, ical_writing

START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC")
PEOPLE = 20
LAYERS = 10
SCHEDULES = 10_000
PEER_SCHEDULES = 100


def run() -> dict[str, dict[str, object]]:
    end, wide = START + timedelta(days=365), _wide()
    crowd = [_weekly(number) for number in range(SCHEDULES)]
    at = START + timedelta(days=100)
    exported = _exported(wide, START, end)
    sample = [_exported(each, at - ical.BEFORE, at + ical.AFTER) for each in crowd[:PEER_SCHEDULES]]
    return {
        "rota, a year of 10 layers and 20 people": _row(
            _best(lambda: rota.final(wide, START, end)),
            _best(lambda: recurring_ical_events.of(exported).between(START, end), times=2),
        ),
        "rota, on call in 10,000 schedules": _row(
            _best(lambda: [rota.on_call(each, at) for each in crowd]),
            # all 10,000 would take minutes
            _best(lambda: [recurring_ical_events.of(each).at(at) for each in sample], times=2)
            * (SCHEDULES / PEER_SCHEDULES),
        ),
    }


def _row(ours: float, peer: float) -> dict[str, object]:
    """How many times as long the peer takes."""
    return {
        "ours": round(ours * 1000, 1),
        "peer": round(peer * 1000, 1),
        "ratio": round(peer / ours, 1),
        "unit": "ms",
    }


def _exported(the_rota: Rota, start: datetime, end: datetime) -> icalendar.Calendar:
    events = [
        ical.Event(key="s", starts_at=s.starts_at, ends_at=s.ends_at, title=", ".join(map(str, s.people)))
        for s in rota.final(the_rota, start, end)
        if s.people
    ]
    return icalendar.Calendar.from_ical(ical_writing.calendar("s", the_rota.time_zone, events, start))


def _best(work: Callable[[], object], times: int = 15) -> float:
    """The fastest of some runs: the others measure the machine."""
    return min(_seconds(work) for _ in range(times))


def _seconds(work: Callable[[], object]) -> float:
    begun = clock.perf_counter()
    work()
    return clock.perf_counter() - begun


def _wide() -> Rota:
    layers = tuple(
        Layer(
            name=f"layer {number}",
            unit=Unit.DAY,
            every=1 + number % 7,
            starts_on=date(2025, 12, 1),
            handoff_at=time(9),
            slots=tuple(((number + person) % PEOPLE,) for person in range(PEOPLE)),
            restrictions=_hours(number),
        )
        for number in range(LAYERS)
    )
    overrides = tuple(
        Override(
            person=week % PEOPLE,
            starts_at=START + timedelta(weeks=week),
            ends_at=START + timedelta(weeks=week, hours=12),
        )
        for week in range(52)
    )
    return Rota(time_zone="Europe/Berlin", layers=layers, overrides=overrides)


def _hours(number: int) -> tuple[Restriction, ...]:
    """The lowest layer always; those above for three hours of every day."""
    if number == 0:
        return ()
    opens = 2 * number
    return (Restriction(weekdays=frozenset(range(7)), starts=time(opens), ends=time(opens + 3)),)


def _weekly(number: int) -> Rota:
    layer = Layer(
        name="weekly",
        unit=Unit.WEEK,
        every=1,
        starts_on=date(2025, 1, 6),
        handoff_at=time(number % 24),
        slots=tuple((number + person,) for person in range(5)),
    )
    return Rota(time_zone=ZONES[number % len(ZONES)], layers=(layer,))


if __name__ == "__main__":
    sys.stdout.write(f"{run()}\n")

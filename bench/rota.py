"""How fast schedules are resolved: one long, wide one, and many at one instant. The resolver alone, no database."""

import sys
import time as clock
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from tocsin.core import rota
from tocsin.core.rota import Layer, Override, Rota
from tocsin.core.rotation import Restriction, Unit

START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC")
PEOPLE = 20
LAYERS = 10
SCHEDULES = 10_000


def run() -> dict[str, dict[str, object]]:
    """Nobody else's resolver can be called alone: there is no peer."""
    year, wide = timedelta(days=365), _wide()
    crowd = [_weekly(number) for number in range(SCHEDULES)]
    at = START + timedelta(days=100)
    return {
        "rota, a year of 10 layers and 20 people": _row(_best(lambda: rota.final(wide, START, START + year))),
        "rota, on call in 10,000 schedules": _row(_best(lambda: [rota.on_call(each, at) for each in crowd])),
    }


def _row(seconds: float) -> dict[str, object]:
    return {"ours": round(seconds * 1000, 1), "peer": None, "ratio": None, "unit": "ms"}


def _best(work: Callable[[], object], times: int = 5) -> float:
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

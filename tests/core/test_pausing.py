"""Auto-pause, and alerts that resolve by themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.expiry import End, Reason, end_of
from tocsin.core.holds import HoldKind
from tocsin.core.pausing import paused

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize(
    ("pause", "age", "held"),
    [
        (0, 0, False),  # a service that does not pause
        (2, 0, True),
        (2, 1.9, True),
        (2, 2, False),  # the time is over
        (2, 60, False),
    ],
)
def test_paused(pause: float, age: float, held: bool) -> None:
    assert (paused(minutes(pause), NOON, NOON + minutes(age)) is not None) is held


def test_it_says_until_when() -> None:
    hold = paused(minutes(2), NOON, NOON)
    assert hold
    assert (hold.kind, hold.until) == (HoldKind.PAUSE, NOON + minutes(2))
    assert "until 2026-03-04 12:02 UTC" in hold.reason


@pytest.mark.parametrize(
    ("announced", "silence", "end"),
    [
        (None, None, None),  # only a resolve ends it
        (NOON + minutes(5), None, End(at=NOON + minutes(5), reason=Reason.ANNOUNCED)),
        (None, minutes(30), End(at=NOON + minutes(30), reason=Reason.SILENT)),
        (NOON + minutes(5), minutes(30), End(at=NOON + minutes(5), reason=Reason.ANNOUNCED)),  # the earlier one
        (NOON + minutes(50), minutes(30), End(at=NOON + minutes(30), reason=Reason.SILENT)),
        (None, minutes(0), None),  # no silence allowed for: never by itself
    ],
)
def test_end_of(announced: datetime | None, silence: timedelta | None, end: End | None) -> None:
    assert end_of(announced, NOON, silence) == end

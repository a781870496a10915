"""One person, one page: which methods, when."""

from datetime import UTC, datetime, time, timedelta

import pytest

from tocsin.core.reach import Method, Quiet, Reason, plan

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_methods_come_in_the_order_of_their_delays() -> None:
    planned = plan([Method(id=1, kind="email", delay=3 * MINUTE), Method(id=2, kind="ntfy")], NOON)
    assert planned.reason is Reason.PLANNED
    assert [(p.method.id, p.at) for p in planned.notifications] == [(2, NOON), (1, NOON + 3 * MINUTE)]


def test_of_methods_at_the_same_time_the_rules_order_stays() -> None:
    planned = plan([Method(id=9, kind="ntfy"), Method(id=4, kind="email")], NOON)
    assert [p.method.id for p in planned.notifications] == [9, 4]


def test_a_method_named_twice_is_used_once_at_its_soonest() -> None:
    planned = plan([Method(id=1, kind="email", delay=MINUTE), Method(id=1, kind="email")], NOON)
    assert [(p.method.id, p.at) for p in planned.notifications] == [(1, NOON)]


def test_only_what_has_no_delay_is_due_at_once() -> None:
    first, second = plan([Method(id=1, kind="ntfy"), Method(id=2, kind="email", delay=MINUTE)], NOON).notifications
    assert first.is_due(NOON)
    assert not second.is_due(NOON)
    assert second.is_due(NOON + MINUTE)


def test_a_person_without_a_method_is_a_failure_with_a_reason() -> None:
    planned = plan([], NOON)
    assert planned.reason is Reason.NO_METHOD
    assert planned.notifications == ()


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("starts", "ends", "at", "over"),
    [
        # in the middle of the day nothing waits
        ("22:00", "08:00", "2026-03-04T12:00+01:00", None),
        # in the evening until the morning after
        ("22:00", "08:00", "2026-03-04T22:00+01:00", "2026-03-05T08:00+01:00"),
        # after midnight until the same morning
        ("22:00", "08:00", "2026-03-04T03:00+01:00", "2026-03-04T08:00+01:00"),
        # the end is not quiet any more
        ("22:00", "08:00", "2026-03-04T08:00+01:00", None),
        # quiet by day: inside
        ("09:00", "17:00", "2026-03-04T10:00+01:00", "2026-03-04T17:00+01:00"),
        # not after it
        ("09:00", "17:00", "2026-03-04T18:00+01:00", None),
        # nor before
        ("09:00", "17:00", "2026-03-04T08:00+01:00", None),
        # clocks go forward: 08:00 is 08:00
        ("22:00", "08:00", "2026-03-28T23:00+01:00", "2026-03-29T08:00+02:00"),
        # they go back
        ("22:00", "08:00", "2026-10-24T23:00+02:00", "2026-10-25T08:00+01:00"),
        # an end in the hour that does not exist is when clocks have changed
        ("22:00", "02:30", "2026-03-28T23:00+01:00", "2026-03-29T03:00+02:00"),
        # an end in the hour that comes twice, the second time round: it is over
        ("22:00", "02:30", "2026-10-25T02:15+01:00", "2026-10-25T02:15+01:00"),
        # quiet until midnight
        ("18:00", "00:00", "2026-03-04T20:00+01:00", "2026-03-05T00:00+01:00"),
    ],
)
def test_quiet_hours(starts: str, ends: str, at: str, over: str | None) -> None:
    quiet = Quiet(zone=BERLIN, starts=time.fromisoformat(starts), ends=time.fromisoformat(ends))
    assert quiet.over(datetime.fromisoformat(at)) == datetime.fromisoformat(over or at)

"""When a step of a policy applies."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.conditions import ABOUT, ALWAYS, About, Condition, in_hours, next_edge, unmet
from tocsin.core.signals import Severity, Urgency

WEEK = (0, 1, 2, 3, 4)
OFFICE = Condition(weekdays=WEEK, starts=time(9), ends=time(17), zone="Europe/Vienna")
NIGHT = Condition(weekdays=(4,), starts=time(22), ends=time(6), zone="Europe/Vienna")
LOW = About(urgency=Urgency.LOW, severity=Severity.WARNING)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WEDNESDAY_NOON = at("2026-03-04T12:00")


@pytest.mark.parametrize(
    ("condition", "about", "now", "holds"),
    [
        # nothing said
        (ALWAYS, LOW, WEDNESDAY_NOON, True),
        # one urgency
        (Condition(urgency=Urgency.HIGH), ABOUT, WEDNESDAY_NOON, True),
        # and not the other
        (Condition(urgency=Urgency.HIGH), LOW, WEDNESDAY_NOON, False),
        # exactly as severe
        (Condition(severity=Severity.WARNING), LOW, WEDNESDAY_NOON, True),
        # more severe is enough
        (Condition(severity=Severity.WARNING), ABOUT, WEDNESDAY_NOON, True),
        # less is not
        (Condition(severity=Severity.ERROR), LOW, WEDNESDAY_NOON, False),
        # all of it has to hold
        (Condition(urgency=Urgency.LOW, severity=Severity.ERROR), LOW, WEDNESDAY_NOON, False),
        # weekdays alone
        (Condition(weekdays=(2,)), ABOUT, WEDNESDAY_NOON, True),
        # another day
        (Condition(weekdays=(3,)), ABOUT, WEDNESDAY_NOON, False),
        # Monday 00:30 in Auckland is still Sunday in UTC
        (Condition(weekdays=(0,), zone="Pacific/Auckland"), ABOUT, at("2026-03-01T11:30"), True),
        # before office hours
        (OFFICE, ABOUT, at("2026-03-04T07:59"), False),
        # they begin with their first minute
        (OFFICE, ABOUT, at("2026-03-04T08:00"), True),
        # go on to their last
        (OFFICE, ABOUT, at("2026-03-04T15:59"), True),
        # and end before the next
        (OFFICE, ABOUT, at("2026-03-04T16:00"), False),
        # in summer they begin an hour earlier in UTC
        (OFFICE, ABOUT, at("2026-07-01T07:00"), True),
        # and end an hour earlier
        (OFFICE, ABOUT, at("2026-07-01T15:00"), False),
        # on Saturday nobody is there
        (OFFICE, ABOUT, at("2026-03-07T12:00"), False),
        # the night of Friday begins in its evening
        (NIGHT, ABOUT, at("2026-03-06T21:30"), True),
        # it goes on until Saturday morning
        (NIGHT, ABOUT, at("2026-03-07T04:30"), True),
        # the night of Thursday is another
        (NIGHT, ABOUT, at("2026-03-06T04:30"), False),
        # it ends at six
        (NIGHT, ABOUT, at("2026-03-07T05:00"), False),
        # that of Saturday is another
        (NIGHT, ABOUT, at("2026-03-07T21:30"), False),
        # the night in which clocks go forward is short, and still lasts until six
        (Condition(starts=time(22), ends=time(6), zone="Europe/Vienna"), ABOUT, at("2026-03-29T03:59"), True),
        # and is over then
        (Condition(starts=time(22), ends=time(6), zone="Europe/Vienna"), ABOUT, at("2026-03-29T04:00"), False),
        # a zone that is none cannot keep a step from paging
        (Condition(weekdays=(6,), zone="Mars/Olympus"), ABOUT, WEDNESDAY_NOON, True),
    ],
)
def test_when_a_condition_holds(condition: Condition, about: About, now: datetime, holds: bool) -> None:
    assert (unmet(condition, about, now) == "") is holds


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        # nothing
        (ALWAYS, ""),
        # what it is about
        (Condition(urgency=Urgency.LOW, severity=Severity.ERROR), "low urgency, at least error"),
        # when
        (OFFICE, "Mon Tue Wed Thu Fri 09:00–17:00 Europe/Vienna"),
        # both
        (Condition(urgency=Urgency.HIGH, weekdays=(5, 6)), "high urgency; Sat Sun UTC"),
    ],
    ids=["always", "what", "when", "both"],
)
def test_a_condition_in_words(condition: Condition, words: str) -> None:
    assert condition.in_words == words


SPRING = datetime(2026, 3, 27, tzinfo=UTC)  # two days before the clocks of Berlin go forward
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(
    starts=times, ends=times, days=st.sets(st.integers(0, 6)), minutes=st.integers(0, 4 * 1440),
    zone=st.sampled_from(("UTC", "Europe/Berlin", "Asia/Tokyo")),
)  # fmt: skip
def test_between_two_edges_nothing_changes(starts: time, ends: time, days: set[int], zone: str, minutes: int) -> None:
    hours = Condition(weekdays=tuple(sorted(days)), starts=starts, ends=ends, zone=zone)
    after = SPRING + timedelta(minutes=minutes)
    edge = next_edge(hours, after)
    until = edge or after + timedelta(days=8)
    assert edge is None or in_hours(hours, edge) is not in_hours(hours, after)
    step = timedelta(minutes=7)
    between = [after + step * number for number in range(int((until - after) / step) + 1)]
    assert {in_hours(hours, at) for at in between if at < until} <= {in_hours(hours, after)}
    assert edge is None or in_hours(hours, edge - timedelta(seconds=1)) is in_hours(hours, after)


@pytest.mark.parametrize(
    ("hours", "after", "edge"),
    [
        (ALWAYS, SPRING, None),  # there is none
        (Condition(weekdays=(0, 1, 2, 3, 4, 5, 6)), SPRING, None),  # every day is always
        (Condition(weekdays=(5, 6)), SPRING, SPRING + timedelta(days=1)),  # days without hours change at midnight
        # there is no half past two when the clocks go forward: it begins when they do
        (Condition(starts=time(2, 30), ends=time(6), zone="Europe/Berlin"), datetime(2026, 3, 28, 12, tzinfo=UTC),
         datetime(2026, 3, 29, 1, tzinfo=UTC)),
        # when they go back there are two of it, and the first counts
        (Condition(starts=time(2, 30), ends=time(6), zone="Europe/Berlin"), datetime(2026, 10, 24, 12, tzinfo=UTC),
         datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (Condition(starts=time(9), ends=time(17), zone="Nowhere/Land"), SPRING, None),  # who cannot tell the hour pages
    ],
)  # fmt: skip
def test_the_next_edge(hours: Condition, after: datetime, edge: datetime | None) -> None:
    assert next_edge(hours, after) == edge

"""When a step of a policy applies."""

from datetime import UTC, datetime, time

import pytest

from tocsin.core.conditions import ABOUT, ALWAYS, About, Condition, unmet
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

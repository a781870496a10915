"""What the kills are judged by can tell a page that is missing from one that was answered."""

from math import inf

import pytest

from tests.crash import due
from tests.crash.due import Policy, Step, Uptime
from tests.crash.ledger import Act, Kind

STEPS = (Step(whom="ada", delay=10), Step(whom="ben", delay=10), Step(whom="olga", delay=1800))
POLICY = Policy(steps=STEPS, lapses=50)
WAYS = ("ada", "ben", "olga")
# pages of others, which come at once
WORKS = [(whom, seconds / 2, seconds / 2) for seconds in range(-20, 400) for whom in WAYS]
ALWAYS = Uptime(((0.0, inf),)).shown_by(WORKS)
PAGED = [("ada", 1.0), ("ben", 11.5), ("olga", 21.8)]


def act(kind: Kind, at: float, **more: object) -> Act:
    return Act(kind=kind, asked=at, taken=at + 0.2, **more)  # type: ignore[arg-type]


def found(acts: list[Act], arrived: list[tuple[str, float]], uptime: Uptime = ALWAYS) -> tuple[int, int]:
    """How many sentences there are about what is missing, and about what is too much."""
    pages = due.pages(due.story(acts, uptime), POLICY, uptime)
    return len(due.missed(pages, arrived)), len(due.superfluous(pages, arrived))


TRIGGER = act(Kind.TRIGGER, 0.0)


@pytest.mark.parametrize(
    ("acts", "arrived", "expected"),
    [
        ([TRIGGER], PAGED, (0, 0)),
        ([TRIGGER], PAGED[:2], (1, 0)),  # the catch-all was forgotten
        ([TRIGGER], [*PAGED, ("ada", 30.0)], (0, 1)),  # nobody is paged so soon again
        ([TRIGGER], [("ada", 1.0), ("ben", 8.5), ("olga", 21.0)], (0, 1)),  # too early
        ([TRIGGER, act(Kind.ACKNOWLEDGE, 8.0)], PAGED[:1], (0, 0)),
        ([TRIGGER, act(Kind.ACKNOWLEDGE, 8.0)], [], (1, 0)),  # it was due before the answer
        ([TRIGGER, act(Kind.ACKNOWLEDGE, 8.0)], PAGED[:2], (0, 1)),  # it was due after the answer
        ([TRIGGER, act(Kind.RESOLVE, 12.0)], PAGED[:1], (0, 0)),  # just before: it may have been taken back
        ([TRIGGER, act(Kind.RESOLVE, 8.0), act(Kind.TRIGGER, 60.0)], [*PAGED[:1], ("ada", 61.0)], (2, 0)),
        ([TRIGGER, act(Kind.SNOOZE, 8.0, lasts=20.0)], PAGED[:1], (3, 0)),  # nothing came after the snooze
    ],
)
def test_pages_that_are_missing_and_pages_that_are_too_many_are_told(
    acts: list[Act], arrived: list[tuple[str, float]], expected: tuple[int, int]
) -> None:
    assert found(acts, arrived) == expected


def test_nothing_is_missed_before_an_answer_while_there_is_no_engine() -> None:
    acts = [TRIGGER, act(Kind.ACKNOWLEDGE, 9.0, via="api")]
    away = Uptime.of(starts=[-5.0, 8.0], ends=[0.1]).shown_by(WORKS)
    assert found(acts, [], away) == (0, 0)
    assert found(acts[:1], [], away) == (3, 0)
    assert found(acts, [("ada", 16.0)], away) == (0, 1)  # long after it was answered


def test_an_answer_that_runs_out_begins_the_steps_again() -> None:
    answered = act(Kind.ACKNOWLEDGE, 8.0, via="api", lasts=50.0)
    again = [("ada", 59.0), ("ben", 69.5), ("olga", 80.0)]
    assert found([TRIGGER, answered], [*PAGED[:1], *again]) == (0, 0)
    assert found([TRIGGER, answered, act(Kind.RESOLVE, 58.1)], PAGED[:1]) == (0, 0)
    assert found([TRIGGER, answered, act(Kind.RESOLVE, 66.0)], PAGED[:1]) == (1, 0)
    assert due.story([TRIGGER, answered], ALWAYS).state == "triggered"
    assert due.story([TRIGGER, answered, act(Kind.RESOLVE, 66.0)], ALWAYS).openings == 1


def test_of_pages_that_had_to_wait_the_last_stands_for_all() -> None:
    policy = Policy(steps=(Step(whom="ben", delay=10, merges=True),) * 2)
    pages = due.pages(due.story([TRIGGER], ALWAYS), policy, ALWAYS)
    assert not due.missed(pages, [("ben", 11.0)])
    assert due.missed(pages, [("ben", 1.0)])

"""When duty passes on, and what is due about it when."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core import handover
from tocsin.core.handover import Change, Facts, Progress, State, Step
from tocsin.core.rota import Segment

T0 = datetime(2026, 3, 2, 9, tzinfo=UTC)
REMIND, WELCOME, TELL, LAPSE = Step.REMIND, Step.WELCOME, Step.TELL, Step.LAPSE


def day(count: float) -> datetime:
    return T0 + timedelta(days=count)


def segments(*people: tuple[int, ...]) -> list[Segment]:
    """A day each."""
    return [Segment(starts_at=day(n), ends_at=day(n + 1), people=who) for n, who in enumerate(people)]


def change(leaves: float, begins: float, outgoing: int, incoming: int) -> Change:
    return Change(leaves_at=day(leaves), begins_at=day(begins), outgoing=outgoing, incoming=incoming)


@pytest.mark.parametrize(
    ("people", "found"),
    [
        # nobody at all
        ([], []),
        # always the same
        ([(1,), (1,)], []),
        # one goes, one comes
        ([(1,), (2,)], [change(1, 1, 1, 2)]),
        # a gap in between: office hours
        ([(1,), (), (2,)], [change(1, 2, 1, 2)]),
        # a gap, and the same person again
        ([(1,), (), (1,)], []),
        # nobody follows
        ([(1,), ()], []),
        # of two one changes
        ([(1, 2), (1, 3)], [change(1, 1, 2, 3)]),
        # both change
        ([(1, 2), (3, 4)], [change(1, 1, 1, 3), change(1, 1, 2, 4)]),
        # two hand over to one
        ([(1, 2), (3,)], [change(1, 1, 1, 3), change(1, 1, 2, 3)]),
        # one hands over to two
        ([(1,), (2, 3)], [change(1, 1, 1, 2), change(1, 1, 1, 3)]),
        # somebody joins, nobody goes
        ([(1,), (1, 2)], []),
        # an override for a day: there and back
        ([(1,), (2,), (1,)], [change(1, 1, 1, 2), change(2, 2, 2, 1)]),
    ],
)
def test_changes(people: list[tuple[int, ...]], found: list[Change]) -> None:
    assert handover.changes(segments(*people)) == found


@pytest.mark.parametrize(
    ("state", "minutes", "done", "due"),
    [
        # three hours before nothing is due
        (State.DRAFT, -180, set(), ()),
        # two hours before, who goes is reminded
        (State.DRAFT, -120, set(), (REMIND,)),
        # once
        (State.DRAFT, -119, {REMIND}, ()),
        # signed before the reminder: only who comes hears of it
        (State.SIGNED, -110, set(), (WELCOME,)),
        # the shift begins: who comes is asked to test the pager, signed or not
        (State.DRAFT, 0, {REMIND}, (WELCOME,)),
        # 29 minutes into it nobody is told yet
        (State.SIGNED, 29, {REMIND, WELCOME}, ()),
        # after 30, everybody
        (State.SIGNED, 30, {REMIND, WELCOME}, (TELL,)),
        # an unsigned one as well; a reminder would come too late
        (State.DRAFT, 30, {WELCOME}, (TELL,)),
        # after a downtime over the whole time only what still makes sense
        (State.DRAFT, 120, set(), (WELCOME, TELL)),
        # all is said
        (State.DRAFT, 120, {REMIND, WELCOME, TELL}, ()),
        # a day later it is history
        (State.SIGNED, 24 * 60, set(), (LAPSE,)),
        # what is accepted is done
        (State.ACCEPTED, 60, set(), ()),
        # also when a day has passed
        (State.ACCEPTED, 48 * 60, set(), ()),
        # and what has lapsed stays so
        (State.LAPSED, 48 * 60, set(), ()),
    ],
)
def test_steps(state: State, minutes: int, done: set[Step], due: tuple[Step, ...]) -> None:
    progress = Progress(
        state=state,
        leaves_at=T0,
        begins_at=T0,
        reminded=REMIND in done,
        welcomed=WELCOME in done,
        told=TELL in done,
    )
    assert handover.steps(progress, T0 + timedelta(minutes=minutes)) == due


def test_draft_says_where_there_is_nothing() -> None:
    text = handover.draft(Facts(active=("#7 Disk is full (Checkout)",)))
    assert text.splitlines()[:5] == [
        "Active now:",
        "- #7 Disk is full (Checkout)",
        "",
        "Recently resolved:",
        "- Nothing.",
    ]

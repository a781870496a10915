"""When a job counts as late and as down, and why."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from tocsin.core.heartbeats import MOST_RUNS, Pulse, Reason, State, begin, decide, end

HOUR = timedelta(hours=1)


def pulse(**known: object) -> Pulse:
    """Expected at noon, with ten minutes of grace; a run may take an hour."""
    usual = {"grace": timedelta(minutes=10), "longest_run": HOUR, "expected_at": NOON, "is_heard": True}
    return Pulse(**{**usual, **known})  # type: ignore[arg-type]


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


@pytest.mark.parametrize(
    ("known", "at", "state", "reason", "due"),
    [
        # nothing is expected of what was never heard
        ({"expected_at": None, "is_heard": False}, 0, State.NEW, Reason.UNHEARD, None),
        ({}, -1, State.UP, Reason.ON_TIME, 0),
        # the expected minute itself is late
        ({}, 0, State.LATE, Reason.LATE, 10),
        ({}, 9.9, State.LATE, Reason.LATE, 10),
        ({}, 10, State.DOWN, Reason.MISSED, None),
        # no grace: from up to down
        ({"grace": timedelta()}, 0, State.DOWN, Reason.MISSED, None),
        # resumed: it is waited for, though not heard yet
        ({"is_heard": False}, -1, State.NEW, Reason.UNHEARD, 0),
        ({"is_heard": False}, 11, State.DOWN, Reason.MISSED, None),
        # a failure is down at once, and stays so whatever runs
        ({"is_failed": True}, -30, State.DOWN, Reason.FAILED, None),
        ({"is_failed": True, "begun_at": NOON}, 1, State.DOWN, Reason.FAILED, None),
        # a run in time is waited for, also past the expected time and its grace
        ({"begun_at": minutes(-5)}, 20, State.UP, Reason.RUNNING, 55),
        ({"begun_at": minutes(-5)}, 55, State.DOWN, Reason.OVERRAN, None),
        # the first run ever, too
        ({"expected_at": None, "is_heard": False, "begun_at": NOON}, 1, State.NEW, Reason.RUNNING, 60),
        ({"expected_at": None, "is_heard": False, "begun_at": NOON}, 60, State.DOWN, Reason.OVERRAN, None),
        # paused: nothing is held against it
        ({"is_paused": True, "is_failed": True}, 100, State.PAUSED, Reason.PAUSED, None),
    ],
)
def test_decisions(known: dict[str, object], at: float, state: State, reason: Reason, due: float | None) -> None:
    verdict = decide(pulse(**known), minutes(at))
    assert (verdict.state, verdict.reason) == (state, reason)
    assert verdict.next_due == (None if due is None else minutes(due))
    assert reason.sentence.endswith(".")


@given(
    expected=st.none() | st.integers(-200, 200),
    begun=st.none() | st.integers(-200, 200),
    grace=st.integers(0, 100),
    heard=st.booleans(),
    at=st.integers(-300, 300),
)
def test_nothing_changes_before_it_is_due_and_a_job_that_is_silent_ends_down(
    expected: int | None, begun: int | None, grace: int, heard: bool, at: int
) -> None:
    known = pulse(
        expected_at=None if expected is None else minutes(expected),
        begun_at=None if begun is None else minutes(begun),
        grace=timedelta(minutes=grace),
        is_heard=heard,
    )
    verdict = decide(known, minutes(at))
    steps = 0
    while verdict.next_due is not None:
        assert verdict.next_due > minutes(at) or steps
        just_before = decide(known, verdict.next_due - timedelta(microseconds=1))
        assert just_before.state is verdict.state
        verdict, steps = decide(known, verdict.next_due), steps + 1
        assert steps < 4
    silent = expected is None and begun is None
    assert verdict.state is (State.NEW if silent else State.DOWN)


def test_runs_that_overlap_are_told_apart_by_their_ids() -> None:
    runs = begin(begin({}, "a", minutes(0)), "b", minutes(5))
    left, began = end(runs, "b")
    assert (dict(left), began) == ({"a": minutes(0)}, minutes(5))


def test_a_job_that_begins_again_and_again_is_waited_for_from_its_first_beginning() -> None:
    runs = begin(begin({}, "", minutes(0)), "", minutes(5))
    assert dict(runs) == {"": minutes(0)}


def test_an_end_without_an_id_ends_all_that_runs() -> None:
    left, began = end({"a": minutes(3), "b": minutes(1)}, "")
    assert (dict(left), began) == ({}, minutes(1))


def test_an_end_with_an_id_that_never_began_ends_the_run_without_one() -> None:
    left, began = end({"": minutes(1), "b": minutes(2)}, "c")
    assert (dict(left), began) == ({"b": minutes(2)}, minutes(1))


def test_no_more_runs_are_kept_than_is_sane() -> None:
    runs: dict[str, datetime] = {}
    for number in range(MOST_RUNS + 10):
        runs = dict(begin(runs, str(number), NOON))
    assert len(runs) == MOST_RUNS

"""Who is paged next, and when: the rules as tables, and what holds in any order of events."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core import escalation
from tocsin.core.escalation import (
    CATCH_ALL_AGAIN,
    CATCH_ALL_EVERY,
    EMERGENCY,
    STEWARDS,
    Decision,
    Reason,
    Snapshot,
    State,
    Status,
    Step,
    Target,
    TargetKind,
)
from tocsin.core.signals import Urgency

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def user(number: int) -> Target:
    return Target(kind=TargetKind.USER, id=number, name=f"person {number}")


def policy(*steps: tuple[int, ...], repeats: int = 0, timeout: timedelta | None = 30 * MINUTE) -> Snapshot:
    return Snapshot(
        policy="Checkout",
        steps=tuple(Step(delay=5 * MINUTE, targets=tuple(user(n) for n in people)) for people in steps),
        repeats=repeats,
        catch_all=(STEWARDS,),
        ack_timeout_high=timeout,
    )


EVERYBODY = {user(n): (n,) for n in range(1, 9)} | {STEWARDS: (100, 101)}
RUNNING = State(status=Status.RUNNING, next_due=NOON)
ACKNOWLEDGED = State(status=Status.ACKNOWLEDGED, step=1, next_due=NOON + 30 * MINUTE)
ENDED = State(status=Status.ENDED, step=1)


def pages(snapshot: Snapshot, found: escalation.Found, count: int) -> list[tuple[int, tuple[int, ...]]]:
    """(minutes since the start, people) of the first pages of a run in which nobody answers."""
    state, seen = escalation.start(snapshot, NOON).state, []
    while len(seen) < count:
        assert state.next_due is not None
        now = state.next_due
        decision = escalation.advance(snapshot, state, found, now)
        if decision.page:
            seen.append(((now - NOON) // MINUTE, decision.page.people))
        state = decision.state
    return seen


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        # one after the other, each after the delay of the step before; the catch-all when the last step's delay is over
        (policy((1,), (2,), (3,)), [(0, (1,)), (5, (2,)), (10, (3,)), (15, (100, 101))]),
        # repeats run all steps again before the catch-all
        (policy((1,), (2,), repeats=1), [(0, (1,)), (5, (2,)), (10, (1,)), (15, (2,)), (20, (100, 101))]),
        # the catch-all is paged again every half hour
        (policy((1,)), [(0, (1,)), (5, (100, 101)), (35, (100, 101)), (65, (100, 101))]),
        # no steps: the catch-all at once
        (policy(), [(0, (100, 101)), (30, (100, 101))]),
        # several targets of a step: all at once, each person once
        (policy((1, 2, 1)), [(0, (1, 2)), (5, (100, 101))]),
        # a step that is empty is passed over at once
        (policy((1,), (), (3,)), [(0, (1,)), (5, (3,)), (10, (100, 101))]),
        # so is one whose people cannot be reached
        (policy((9,), (2,)), [(0, (2,)), (5, (100, 101))]),
        # nobody in any step, however often repeated: the catch-all at once
        (policy((9,), (), repeats=5), [(0, (100, 101))]),
        # an unreadable policy
        (EMERGENCY, [(0, (100, 101)), (30, (100, 101))]),
    ],
    ids=[
        "in-turn",
        "repeats",
        "half-hourly",
        "no-steps",
        "together",
        "empty",
        "unreachable",
        "nobody",
        "emergency",
    ],
)
def test_whom_an_unanswered_escalation_pages_and_when(
    snapshot: Snapshot, expected: list[tuple[int, tuple[int, ...]]]
) -> None:
    assert pages(snapshot, EVERYBODY, len(expected)) == expected


def test_a_named_catch_all_that_has_become_empty_gives_way_to_the_owners_and_admins() -> None:
    decision = escalation.advance(replace(policy(), catch_all=(user(9),)), RUNNING, EVERYBODY, NOON)
    assert decision.page is not None
    assert decision.page.people == (100, 101)


def test_steps_passed_over_are_named() -> None:
    decision = escalation.advance(policy((9,), (), (3,)), RUNNING, EVERYBODY, NOON)
    assert decision.skipped == (0, 1)
    assert decision.reason is Reason.STEP_PAGED


def test_a_catch_all_without_anybody_is_tried_again_soon_and_has_a_name() -> None:
    decision = escalation.advance(policy((1,)), RUNNING, {}, NOON)
    assert decision.reason is Reason.NOBODY_AT_ALL
    assert decision.page is None
    assert decision.state.next_due == NOON + CATCH_ALL_AGAIN


@pytest.mark.parametrize(
    ("state", "now"),
    [
        (RUNNING, NOON - MINUTE),  # early
        (ACKNOWLEDGED, NOON + 60 * MINUTE),  # answered: `time_out` comes before
        (ENDED, NOON),  # over
    ],
    ids=["early", "acknowledged", "ended"],
)
def test_nothing_is_paged_that_is_not_due(state: State, now: datetime) -> None:
    assert escalation.advance(policy((1,), (2,)), state, EVERYBODY, now) == Decision(reason=Reason.NOT_DUE, state=state)


@pytest.mark.parametrize(
    ("state", "reason", "status", "due"),
    [
        # stops the steps until the acknowledgement times out
        (RUNNING, Reason.ACKNOWLEDGED, Status.ACKNOWLEDGED, NOON + 30 * MINUTE),
        # a second one changes nothing: it does not prolong the first
        (ACKNOWLEDGED, Reason.ALREADY_ACKNOWLEDGED, Status.ACKNOWLEDGED, ACKNOWLEDGED.next_due),
        # too late
        (ENDED, Reason.ALREADY_ENDED, Status.ENDED, None),
    ],
    ids=["running", "acknowledged", "ended"],
)
def test_acknowledging(state: State, reason: Reason, status: Status, due: datetime | None) -> None:
    decision = escalation.acknowledge(policy((1,)), state, Urgency.HIGH, NOON)
    assert (decision.reason, decision.state.status, decision.state.next_due) == (reason, status, due)


def test_an_acknowledgement_lasts_as_the_urgency_says() -> None:
    decision = escalation.acknowledge(policy((1,)), RUNNING, Urgency.LOW, NOON)
    assert decision.state.next_due is None


Change = Callable[[Snapshot, State, datetime], Decision]
CHANGES: dict[str, Change] = {
    "time_out": escalation.time_out,
    "retrigger": escalation.retrigger,
    "worsened": escalation.worsened,
    "escalate": lambda _snapshot, state, now: escalation.escalate(state, now),
    "hurry": lambda snapshot, state, now: escalation.hurry(snapshot, state, 0, now),
    "end": lambda _snapshot, state, _now: escalation.end(state),
}
LATER = NOON + 40 * MINUTE


@pytest.mark.parametrize(
    ("change", "state", "reason", "status", "step"),
    [
        # an acknowledgement that is over: from the first step
        ("time_out", ACKNOWLEDGED, Reason.TIMED_OUT, Status.RUNNING, 0),
        ("time_out", RUNNING, Reason.NOT_DUE, Status.RUNNING, 0),
        ("time_out", ENDED, Reason.NOT_DUE, Status.ENDED, 1),
        # a new alert in an acknowledged group; one that runs goes on running
        ("retrigger", ACKNOWLEDGED, Reason.RETRIGGERED, Status.RUNNING, 0),
        ("retrigger", replace(RUNNING, step=1), Reason.NOT_DUE, Status.RUNNING, 1),
        ("retrigger", ENDED, Reason.ALREADY_ENDED, Status.ENDED, 1),
        # worse: whoever was paged is paged again, also when acknowledged
        ("worsened", ACKNOWLEDGED, Reason.WORSENED, Status.RUNNING, 0),
        ("worsened", replace(RUNNING, step=1), Reason.WORSENED, Status.RUNNING, 0),
        # worse, at the catch-all: it stays with the catch-all, now
        ("worsened", replace(RUNNING, step=2), Reason.WORSENED, Status.RUNNING, 2),
        ("worsened", ENDED, Reason.ALREADY_ENDED, Status.ENDED, 1),
        # by hand: the next step, not the first
        ("escalate", replace(RUNNING, step=1), Reason.ESCALATED, Status.RUNNING, 1),
        ("escalate", ACKNOWLEDGED, Reason.ESCALATED, Status.RUNNING, 1),
        ("escalate", ENDED, Reason.ALREADY_ENDED, Status.ENDED, 1),
        # all pages failed: only one that still runs has a hurry
        ("hurry", replace(RUNNING, step=1), Reason.PAGES_FAILED, Status.RUNNING, 1),
        ("hurry", ACKNOWLEDGED, Reason.NOT_DUE, Status.ACKNOWLEDGED, 1),
        ("hurry", ENDED, Reason.NOT_DUE, Status.ENDED, 1),
        # the end, from anywhere
        ("end", RUNNING, Reason.ENDED, Status.ENDED, 0),
        ("end", ACKNOWLEDGED, Reason.ENDED, Status.ENDED, 1),
        ("end", ENDED, Reason.ALREADY_ENDED, Status.ENDED, 1),
    ],
)
def test_what_changes_a_state(change: str, state: State, reason: Reason, status: Status, step: int) -> None:
    decision = CHANGES[change](policy((1,), (2,)), state, LATER)
    assert (decision.reason, decision.state.status, decision.state.step) == (reason, status, step)


def test_when_every_page_of_a_step_fails_the_next_comes_at_once() -> None:
    paged = escalation.advance(policy((1,), (2,)), RUNNING, EVERYBODY, NOON).state
    hurried = escalation.hurry(policy((1,), (2,)), paged, 0, NOON + MINUTE)
    assert hurried.state == replace(paged, next_due=NOON + MINUTE)


def test_when_every_page_to_the_catch_all_fails_it_comes_again_within_a_minute() -> None:
    paged = escalation.advance(policy(), RUNNING, EVERYBODY, NOON).state
    assert paged.next_due == NOON + CATCH_ALL_EVERY
    hurried = escalation.hurry(policy(), paged, 0, NOON + MINUTE)
    assert (hurried.reason, hurried.state.next_due) == (Reason.CATCH_ALL_FAILED, NOON + MINUTE + CATCH_ALL_AGAIN)


def test_a_run_that_begins_again_has_all_its_repeats_again() -> None:
    snapshot = policy((1,), repeats=2)
    spent = State(status=Status.ACKNOWLEDGED, step=1, round=2, repeats_left=0, next_due=NOON)
    again = escalation.time_out(snapshot, spent, NOON).state
    assert (again.step, again.repeats_left, again.round) == (0, 2, 3)


@dataclass(frozen=True)
class Op:
    name: str
    minutes: int = 0
    step: int = 0
    reachable: frozenset[int] = frozenset()


def _ops() -> st.SearchStrategy[list[Op]]:
    names = st.sampled_from([*CHANGES, "acknowledge", "advance", "advance", "advance"])
    people = st.frozensets(st.sampled_from([1, 2, 3, 100]))
    return st.lists(st.builds(Op, names, st.integers(0, 40), st.integers(0, 3), people), max_size=40)


def _apply(op: Op, snapshot: Snapshot, state: State, now: datetime) -> Decision:
    if op.name == "advance":
        found = {t: p for t, p in EVERYBODY.items() if op.reachable & set(p)}
        return escalation.advance(snapshot, state, found, now)
    if op.name == "acknowledge":
        return escalation.acknowledge(snapshot, state, Urgency.HIGH, now)
    if op.name == "hurry":
        return escalation.hurry(snapshot, state, op.step, now)
    return CHANGES[op.name](snapshot, state, now)


@given(
    _ops(),
    st.lists(st.lists(st.sampled_from([1, 2, 3]), max_size=2).map(tuple), max_size=3),
    st.integers(0, 2),
    st.sampled_from([None, 30 * MINUTE]),
)
def test_in_any_order_the_state_stays_legal_and_nothing_unanswered_is_forgotten(
    ops: list[Op], steps: list[tuple[int, ...]], repeats: int, timeout: timedelta | None
) -> None:
    snapshot, now = policy(*steps, repeats=repeats, timeout=timeout), NOON
    state, seen = escalation.start(snapshot, now).state, set()
    for op in ops:
        now += op.minutes * MINUTE
        before, decision = state, _apply(op, snapshot, state, now)
        state = decision.state
        if state.status is Status.RUNNING:
            assert state.next_due is not None
        if state.status is Status.ENDED:
            assert state.next_due is None
        if before.status is Status.ENDED:
            assert state == before
        assert 0 <= state.step <= len(snapshot.steps)
        assert 0 <= state.repeats_left <= snapshot.repeats
        assert state.round >= before.round
        if decision.page:
            assert before.status is Status.RUNNING
            assert decision.page.people
            assert (decision.page.step, decision.page.round) not in seen
            seen.add((decision.page.step, decision.page.round))


@given(st.lists(st.lists(st.sampled_from([1, 2, 9]), max_size=2).map(tuple), max_size=4), st.integers(0, 3))
def test_left_alone_every_escalation_comes_to_its_catch_all(steps: list[tuple[int, ...]], repeats: int) -> None:
    snapshot = policy(*steps, repeats=repeats)
    paged = pages(snapshot, EVERYBODY, 1 + len(steps) * (repeats + 1))
    assert (100, 101) in [people for _, people in paged]


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_fits_its_column(reason: Reason) -> None:
    assert len(reason) <= 40

"""Who is paged next, and when: the rules as tables, and what holds in any order of events."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core import escalation
from tocsin.core.conditions import About, Condition
from tocsin.core.escalation import (
    CATCH_ALL_AGAIN,
    CATCH_ALL_EVERY,
    EMERGENCY,
    HELD_LOOKS,
    STEWARDS,
    Circumstances,
    Decision,
    Reason,
    Snapshot,
    State,
    Status,
    Step,
    Target,
    TargetKind,
)
from tocsin.core.signals import Severity, Urgency

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE


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


LOW = About(urgency=Urgency.LOW, severity=Severity.WARNING)
CHAT = Target(kind=TargetKind.PLACE, id=1, name="#checkout")
TEAM = Target(kind=TargetKind.TURN, id=1, name="Platform")


def with_steps(snapshot: Snapshot, *changes: dict[str, object]) -> Snapshot:
    steps = [replace(step, **change) for step, change in zip(snapshot.steps, changes, strict=True)]  # type: ignore[arg-type]
    return replace(snapshot, steps=tuple(steps))


ERRORS = {"when": Condition(severity=Severity.ERROR)}


@pytest.mark.parametrize(
    ("snapshot", "people", "skipped"),
    [
        # a step whose condition does not hold is passed over at once
        (with_steps(policy((1,), (2,)), ERRORS, {}), (2,), (0,)),
        # one whose condition holds is not
        (with_steps(policy((1,), (2,)), {"when": Condition(urgency=Urgency.LOW)}, {}), (1,), ()),
        # no condition holds: the catch-all
        (with_steps(policy((1,), (2,)), ERRORS, ERRORS), (100, 101), (0, 1)),
        # however often the steps repeat
        (with_steps(policy((1,), repeats=2), ERRORS), (100, 101), (0, 0, 0)),
    ],
    ids=["passed over", "holds", "none", "repeats"],
)
def test_conditions_of_steps(snapshot: Snapshot, people: tuple[int, ...], skipped: tuple[int, ...]) -> None:
    decision = escalation.advance(snapshot, _fresh(snapshot), EVERYBODY, NOON, Circumstances(about=LOW))
    assert decision.page is not None
    assert (decision.page.people, decision.skipped) == (people, skipped)


def _fresh(snapshot: Snapshot) -> State:
    return escalation.start(snapshot, NOON).state


@pytest.mark.parametrize(
    ("answers", "who", "reasons"),
    [
        # one suffices, unless the step says more
        (1, [1], [Reason.ACKNOWLEDGED]),
        # two of three
        (2, [1, 2], [Reason.PARTLY_ACKNOWLEDGED, Reason.ACKNOWLEDGED]),
        # the same person twice is one
        (2, [1, 1, 3], [Reason.PARTLY_ACKNOWLEDGED, Reason.ALREADY_ACKNOWLEDGED, Reason.ACKNOWLEDGED]),
        # more than are paged: all of those suffice
        (9, [1, 2, 3], [Reason.PARTLY_ACKNOWLEDGED, Reason.PARTLY_ACKNOWLEDGED, Reason.ACKNOWLEDGED]),
        # somebody whom nobody paged is a person too
        (2, [7, 1], [Reason.PARTLY_ACKNOWLEDGED, Reason.ACKNOWLEDGED]),
        # the source stands for all
        (3, [1, None], [Reason.PARTLY_ACKNOWLEDGED, Reason.ACKNOWLEDGED]),
        # and then it is too late
        (2, [1, 2, 3], [Reason.PARTLY_ACKNOWLEDGED, Reason.ACKNOWLEDGED, Reason.ALREADY_ACKNOWLEDGED]),
    ],
    ids=["one", "two of three", "twice", "all", "not paged", "source", "late"],
)
def test_so_many_have_to_acknowledge(answers: int, who: list[int | None], reasons: list[Reason]) -> None:
    snapshot = with_steps(policy((1, 2, 3)), {"answers": answers})
    state, seen = escalation.advance(snapshot, RUNNING, EVERYBODY, NOON).state, []
    for person in who:
        decision = escalation.acknowledge(snapshot, state, Urgency.HIGH, NOON, person)
        state = decision.state
        seen.append(decision.reason)
        if decision.reason is Reason.PARTLY_ACKNOWLEDGED:
            assert (state.status, state.next_due) == (Status.RUNNING, NOON + 5 * MINUTE)  # goes on to the next step
    assert seen == reasons


def test_a_run_that_begins_again_asks_everybody_again() -> None:
    snapshot = with_steps(policy((1, 2)), {"answers": 2})
    paged = escalation.advance(snapshot, RUNNING, EVERYBODY, NOON).state
    partly = escalation.acknowledge(snapshot, paged, Urgency.HIGH, NOON, 1).state
    assert escalation.worsened(snapshot, partly, NOON).state.answered == ()


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        # from the first step
        (0, [(1,), (2,), (3,), (1,), (2,), (3,), (100, 101)]),
        # from the second: whoever is first is not woken again
        (1, [(1,), (2,), (3,), (2,), (3,), (100, 101)]),
        # from the last
        (2, [(1,), (2,), (3,), (3,), (100, 101)]),
        # from one that was taken out since
        (9, [(1,), (2,), (3,), (3,), (100, 101)]),
    ],
    ids=["first", "second", "last", "gone"],
)
def test_repeats_begin_where_the_policy_says(first: int, expected: list[tuple[int, ...]]) -> None:
    snapshot = replace(policy((1,), (2,), (3,), repeats=1), repeat_from=first)
    assert [people for _, people in pages(snapshot, EVERYBODY, len(expected))] == expected


@pytest.mark.parametrize(
    ("people", "last", "order"),
    [
        # nobody had a turn yet: by age in Tocsin
        ((6, 4, 5), None, (4, 5, 6)),
        # after the first comes the second
        ((4, 5, 6), 4, (5, 6, 4)),
        # after the last the first again
        ((4, 5, 6), 6, (4, 5, 6)),
        # whoever had the last turn has left: the order goes on after them
        ((4, 6), 5, (6, 4)),
        # or was the newest of all
        ((4, 5), 9, (4, 5)),
        # of one there is no next
        ((4,), 4, (4,)),
        # of nobody nobody
        ((), 4, ()),
    ],
)
def test_the_people_of_a_team_take_turns(people: tuple[int, ...], last: int | None, order: tuple[int, ...]) -> None:
    assert escalation.in_turn(people, last) == order


def test_only_the_first_in_turn_is_paged_and_has_had_the_turn() -> None:
    snapshot = with_steps(policy((1,)), {"targets": (TEAM, user(1))})
    found = {TEAM: (5, 6, 4), user(1): (1,)}
    decision = escalation.advance(snapshot, RUNNING, found, NOON)
    assert decision.page is not None
    assert decision.page.people == (5, 1)
    assert escalation.turns_taken(decision.page, found) == {TEAM.id: 5}


@pytest.mark.parametrize(
    ("people", "heard_at", "wait"),
    [
        # nobody's quiet hours: the delay begins with the page
        ((1, 2), {}, 5 * MINUTE),
        # both sleep: it begins when the first of them hears it
        ((1, 2), {1: NOON + 9 * HOUR, 2: NOON + 8 * HOUR}, 8 * HOUR + 5 * MINUTE),
        # one is awake
        ((1, 2), {1: NOON + 9 * HOUR}, 5 * MINUTE),
        # somebody else's quiet hours are nothing to this page
        ((1, 2), {3: NOON + 9 * HOUR}, 5 * MINUTE),
    ],
    ids=["awake", "asleep", "one of two", "another"],
)
def test_a_step_waits_for_who_may_not_hear_it_yet(
    people: tuple[int, ...], heard_at: dict[int, datetime], wait: timedelta
) -> None:
    snapshot = policy(people, (4,))
    around = Circumstances(about=LOW, heard_at=heard_at)
    assert escalation.advance(snapshot, RUNNING, EVERYBODY, NOON, around).state.next_due == NOON + wait


def test_the_catch_all_is_not_paged_again_before_it_could_hear() -> None:
    around = Circumstances(about=LOW, heard_at={100: NOON + 9 * HOUR, 101: NOON + 9 * HOUR})
    decision = escalation.advance(policy(), _fresh(policy()), EVERYBODY, NOON, around)
    assert decision.reason is Reason.CATCH_ALL_PAGED
    assert decision.state.next_due == NOON + 9 * HOUR + CATCH_ALL_EVERY


@pytest.mark.parametrize(
    ("targets", "people", "told", "skipped"),
    [
        # told beside the people
        ((CHAT, user(1)), (1,), [0], ()),
        # alone it reaches nobody: told, and passed over at once
        ((CHAT,), (2,), [0], (0,)),
        # beside people who cannot be reached
        ((CHAT, user(9)), (2,), [0], (0,)),
    ],
    ids=["beside", "alone", "unreachable"],
)
def test_a_place_is_told_and_counts_for_nobody(
    targets: tuple[Target, ...], people: tuple[int, ...], told: list[int], skipped: tuple[int, ...]
) -> None:
    snapshot = with_steps(policy((1,), (2,)), {"targets": targets}, {})
    decision = escalation.advance(snapshot, RUNNING, {**EVERYBODY, CHAT: (8,)}, NOON)
    assert decision.page is not None
    assert (decision.page.people, decision.skipped) == (people, skipped)
    assert [notice.step for notice in decision.notices] == told


HOLDS = replace(policy((9,), (9,)), hold_low=8 * HOUR)


@pytest.mark.parametrize(
    ("snapshot", "around", "reason", "wait"),
    [
        # nobody is on call: it waits, and looks again soon
        (HOLDS, Circumstances(about=LOW, began=NOON), Reason.HELD, HELD_LOOKS),
        # somebody comes earlier
        (HOLDS, Circumstances(about=LOW, began=NOON, somebody_at=NOON + 4 * MINUTE), Reason.HELD, 4 * MINUTE),
        # or later
        (HOLDS, Circumstances(about=LOW, began=NOON, somebody_at=NOON + HOUR), Reason.HELD, HELD_LOOKS),
        # its time is nearly over
        (HOLDS, Circumstances(about=LOW, began=NOON - 8 * HOUR + MINUTE), Reason.HELD, MINUTE),
        # it is over: the catch-all
        (HOLDS, Circumstances(about=LOW, began=NOON - 8 * HOUR), Reason.CATCH_ALL_PAGED, CATCH_ALL_EVERY),
        # high urgency waits for nobody
        (HOLDS, Circumstances(began=NOON), Reason.CATCH_ALL_PAGED, CATCH_ALL_EVERY),
        # nor does a policy that does not say so
        (policy((9,)), Circumstances(about=LOW, began=NOON), Reason.CATCH_ALL_PAGED, CATCH_ALL_EVERY),
        # nor one without steps
        (
            replace(policy(), hold_low=HOUR),
            Circumstances(about=LOW, began=NOON),
            Reason.CATCH_ALL_PAGED,
            CATCH_ALL_EVERY,
        ),
        # who can be reached is paged
        (replace(HOLDS, steps=policy((1,)).steps), Circumstances(about=LOW, began=NOON), Reason.STEP_PAGED, 5 * MINUTE),
    ],
    ids=["held", "earlier", "later", "nearly", "over", "high", "unsaid", "no steps", "reachable"],
)
def test_low_urgency_is_held_until_somebody_is_on_call(
    snapshot: Snapshot, around: Circumstances, reason: Reason, wait: timedelta
) -> None:
    decision = escalation.advance(snapshot, _fresh(snapshot), EVERYBODY, NOON, around)
    assert decision.reason is reason
    assert decision.state.next_due == NOON + wait
    if reason is Reason.HELD:
        assert replace(decision.state, next_due=NOON) == _fresh(snapshot)


def test_what_was_paged_before_is_not_held() -> None:
    snapshot = replace(policy((1,), (9,)), hold_low=HOUR)
    around = Circumstances(about=LOW, began=NOON)
    paged = escalation.advance(snapshot, _fresh(snapshot), EVERYBODY, NOON, around).state
    decision = escalation.advance(snapshot, paged, EVERYBODY, NOON + 5 * MINUTE, around)
    assert decision.reason is Reason.CATCH_ALL_PAGED


def test_a_named_catch_all_that_failed_is_widened_to_the_owners_and_admins_at_once() -> None:
    snapshot = replace(policy(), catch_all=(user(1),))
    paged = escalation.advance(snapshot, RUNNING, EVERYBODY, NOON)
    assert paged.page is not None
    assert paged.page.people == (1,)
    failed = escalation.hurry(snapshot, paged.state, paged.page.step, NOON)
    assert (failed.reason, failed.state.next_due) == (Reason.CATCH_ALL_WIDENED, NOON)
    wider = escalation.advance(snapshot, failed.state, EVERYBODY, NOON)
    assert wider.page is not None
    assert wider.page.people == (1, 100, 101)
    again = escalation.hurry(snapshot, wider.state, wider.page.step, NOON)
    assert (again.reason, again.state.next_due) == (Reason.CATCH_ALL_FAILED, NOON + CATCH_ALL_AGAIN)
    assert again.state.step == failed.state.step  # it stays wide


@pytest.mark.parametrize(
    ("state", "reason", "status", "due"),
    [
        # instead of an acknowledgement
        (RUNNING, Reason.SNOOZED, Status.ACKNOWLEDGED, NOON + HOUR),
        # in place of one
        (ACKNOWLEDGED, Reason.SNOOZED, Status.ACKNOWLEDGED, NOON + HOUR),
        # too late
        (ENDED, Reason.ALREADY_ENDED, Status.ENDED, None),
    ],
    ids=["running", "acknowledged", "ended"],
)
def test_snoozing(state: State, reason: Reason, status: Status, due: datetime | None) -> None:
    decision = escalation.snooze(state, NOON + HOUR)
    assert (decision.reason, decision.state.status, decision.state.next_due) == (reason, status, due)


@pytest.mark.parametrize(
    ("state", "reason", "due"),
    [
        # the acknowledgement begins anew
        (ACKNOWLEDGED, Reason.TAKEN_OVER, NOON + 35 * MINUTE),
        # what nobody has is acknowledged
        (RUNNING, Reason.ACKNOWLEDGED, NOON + 35 * MINUTE),
        # too late
        (ENDED, Reason.ALREADY_ENDED, None),
    ],
    ids=["acknowledged", "running", "ended"],
)
def test_taking_over(state: State, reason: Reason, due: datetime | None) -> None:
    decision = escalation.take_over(policy((1,)), state, Urgency.HIGH, NOON + 5 * MINUTE)
    assert (decision.reason, decision.state.next_due) == (reason, due)


@pytest.mark.parametrize(
    ("snapshot", "paged_before", "people"),
    [
        # one step, one person: the same person again, and the catch-all after that
        (policy((1,)), 1, [(1,), (100, 101)]),
        # the second of two steps was paged: from the first
        (policy((1,), (2,)), 2, [(1,), (2,), (100, 101)]),
        # the first of two
        (policy((1,), (2,)), 1, [(1,), (2,), (100, 101)]),
        # in the middle of repeats
        (policy((1,), (2,), repeats=1), 3, [(1,), (2,), (1,), (2,), (100, 101)]),
        # the catch-all has been paged: it is paged again
        (policy((1,)), 2, [(100, 101), (100, 101)]),
        # no steps
        (policy(), 1, [(100, 101), (100, 101)]),
    ],
    ids=["one step", "last of two", "first of two", "repeats", "catch-all", "no steps"],
)
def test_whoever_has_been_paged_when_it_gets_worse_is_paged_again_at_once(
    snapshot: Snapshot, paged_before: int, people: list[tuple[int, ...]]
) -> None:
    state, now = _fresh(snapshot), NOON
    for _ in range(paged_before):
        now = state.next_due or NOON
        state = escalation.advance(snapshot, state, EVERYBODY, now).state
    state = escalation.worsened(snapshot, state, now + MINUTE).state
    assert state.next_due == now + MINUTE
    again = list[tuple[int, ...]]()
    while len(again) < len(people):
        decision = escalation.advance(snapshot, state, EVERYBODY, state.next_due or NOON)
        state = decision.state
        again += [decision.page.people] if decision.page else []
    assert again == people


def test_a_catch_all_that_reached_nobody_has_not_been_paged() -> None:
    nobody = escalation.advance(policy((1,)), replace(RUNNING, step=1), {}, NOON)
    assert (nobody.reason, nobody.state.catch_all_paged) == (Reason.NOBODY_AT_ALL, False)


Change = Callable[[Snapshot, State, datetime], Decision]
CHANGES: dict[str, Change] = {
    "time_out": escalation.time_out,
    "retrigger": escalation.retrigger,
    "worsened": escalation.worsened,
    "escalate": lambda _snapshot, state, now: escalation.escalate(state, now),
    "hurry": lambda snapshot, state, now: escalation.hurry(snapshot, state, 0, now),
    "end": lambda _snapshot, state, _now: escalation.end(state),
    "snooze": lambda _snapshot, state, now: escalation.snooze(state, now + MINUTE),
    "take_over": lambda snapshot, state, now: escalation.take_over(snapshot, state, Urgency.HIGH, now),
    "hold": lambda snapshot, state, now: escalation.advance(
        snapshot, state, {}, now, Circumstances(about=LOW, began=now)
    ),
}
LATER = NOON + 40 * MINUTE


@pytest.mark.parametrize(
    ("change", "state", "reason", "status", "step"),
    [
        # an acknowledgement that is over: from the first step
        ("time_out", ACKNOWLEDGED, Reason.TIMED_OUT, Status.RUNNING, 0),
        # what runs has none to run out
        ("time_out", RUNNING, Reason.NOT_DUE, Status.RUNNING, 0),
        # nor has what is over
        ("time_out", ENDED, Reason.NOT_DUE, Status.ENDED, 1),
        # a new alert in an acknowledged group
        ("retrigger", ACKNOWLEDGED, Reason.RETRIGGERED, Status.RUNNING, 0),
        # one that runs goes on running
        ("retrigger", replace(RUNNING, step=1), Reason.NOT_DUE, Status.RUNNING, 1),
        # what is over stays over
        ("retrigger", ENDED, Reason.ALREADY_ENDED, Status.ENDED, 1),
        # worse: whoever was paged is paged again, though it was acknowledged
        ("worsened", ACKNOWLEDGED, Reason.WORSENED, Status.RUNNING, 0),
        # also where it ran already
        ("worsened", replace(RUNNING, step=1), Reason.WORSENED, Status.RUNNING, 0),
        # and while the answer of the last step is waited for: it was paged, the catch-all was not
        ("worsened", replace(RUNNING, step=2), Reason.WORSENED, Status.RUNNING, 0),
        # worse, at the catch-all: it stays with the catch-all, now
        ("worsened", replace(RUNNING, step=2, catch_all_paged=True), Reason.WORSENED, Status.RUNNING, 2),
        # a catch-all that was acknowledged: from the first step
        ("worsened", replace(ACKNOWLEDGED, step=2, catch_all_paged=True), Reason.WORSENED, Status.RUNNING, 0),
        # what is over cannot get worse
        ("worsened", ENDED, Reason.ALREADY_ENDED, Status.ENDED, 1),
        # by hand: the next step, not the first
        ("escalate", replace(RUNNING, step=1), Reason.ESCALATED, Status.RUNNING, 1),
        # it takes an acknowledgement back
        ("escalate", ACKNOWLEDGED, Reason.ESCALATED, Status.RUNNING, 1),
        # what is over is not escalated
        ("escalate", ENDED, Reason.ALREADY_ENDED, Status.ENDED, 1),
        # all pages failed: the next step now
        ("hurry", replace(RUNNING, step=1), Reason.PAGES_FAILED, Status.RUNNING, 1),
        # somebody has answered: nothing hurries
        ("hurry", ACKNOWLEDGED, Reason.NOT_DUE, Status.ACKNOWLEDGED, 1),
        # it is over: nothing hurries
        ("hurry", ENDED, Reason.NOT_DUE, Status.ENDED, 1),
        # the end, from anywhere
        ("end", RUNNING, Reason.ENDED, Status.ENDED, 0),
        # also when acknowledged
        ("end", ACKNOWLEDGED, Reason.ENDED, Status.ENDED, 1),
        # but once
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
        return escalation.acknowledge(snapshot, state, Urgency.HIGH, now, op.step)
    if op.name == "hurry":
        return escalation.hurry(snapshot, state, op.step, now)
    return CHANGES[op.name](snapshot, state, now)


@given(
    _ops(),
    st.lists(st.lists(st.sampled_from([1, 2, 3]), max_size=2).map(tuple), max_size=3),
    st.integers(0, 2),
    st.sampled_from([None, 30 * MINUTE]),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_in_any_order_the_state_stays_legal_and_nothing_unanswered_is_forgotten(
    ops: list[Op], steps: list[tuple[int, ...]], repeats: int, timeout: timedelta | None, answers: int, first: int
) -> None:
    snapshot, now = policy(*steps, repeats=repeats, timeout=timeout), NOON
    snapshot = replace(
        with_steps(snapshot, *[{"answers": answers}] * len(steps)),
        repeat_from=first,
        hold_low=HOUR,
        catch_all=(user(3),) if first else (STEWARDS,),
    )
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
        assert 0 <= state.step <= len(snapshot.steps) + 1
        if state.status is Status.ACKNOWLEDGED:
            assert not state.answered
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

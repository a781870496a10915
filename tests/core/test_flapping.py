"""Flap detection."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.flapping import STEADY, Reason, Seen, Tolerance, paged, recovered, still_held, triggered

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
FOUR = Tolerance(changes=4)  # within 30 minutes; over after 15 calm ones


def play(minutes: list[float], tolerance: Tolerance = FOUR, *, silenced: tuple[int, ...] = ()) -> list[Seen]:
    """Opens and resolves in turn, at these minutes. `silenced`: changes for which something else holds it back."""
    flap, found = STEADY, []
    for index, minute in enumerate(minutes):
        at = NOON + timedelta(minutes=minute)
        seen = recovered(tolerance, flap, at) if index % 2 else triggered(tolerance, flap, at)
        if index % 2 == 0 and seen.hold is None and index not in silenced:
            seen = replace(seen, flap=paged(seen.flap))
        found.append(seen)
        flap = seen.flap
    return found


def told(seen: Seen) -> str:
    return "held" if seen.hold else seen.reason.value


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([0], ["steady"]),
        ([0, 1, 2], ["steady"] * 3),
        ([0, 1, 2, 3], ["steady", "steady", "steady", "began to flap"]),
        # it is paged once as flapping, then held
        ([0, 1, 2, 3, 4, 5, 6], ["steady", "steady", "steady", "began to flap", "flaps", "flaps", "held"]),
        ([0, 20, 40, 60], ["steady"] * 4),  # too slow to flap
        # calm for fourteen minutes is not enough, fifteen are
        ([0, 1, 2, 3, 17, 18, 32], ["steady", "steady", "steady", "began to flap", "flaps", "flaps", "held"]),
        ([0, 1, 2, 3, 18], ["steady", "steady", "steady", "began to flap", "has stopped flapping"]),
    ],
)
def test_changes(minutes: list[float], expected: list[str]) -> None:
    assert [told(seen) for seen in play(minutes)] == expected


def test_when_the_change_that_shows_it_opens_the_alert_it_is_the_one_page() -> None:
    seen = play([0, 1, 2, 3, 4], Tolerance(changes=3))
    assert [told(s) for s in seen] == ["steady", "steady", "began to flap", "flaps", "held"]
    assert seen[2].flap.is_paged


def test_what_something_else_held_back_was_not_its_page() -> None:
    seen = play([0, 1, 2, 3, 4, 5, 6, 7, 8], silenced=(4, 6))
    assert [told(s) for s in seen[4:]] == ["flaps"] * 5  # the last one is the page that says so
    assert [s.flap.is_paged for s in seen[4:]] == [False, False, False, False, True]
    assert not paged(STEADY).is_paged


def test_it_says_how_often_and_until_when() -> None:
    hold = play([0, 1, 2, 3, 4, 5, 6])[-1].hold
    assert hold
    assert hold.until == NOON + timedelta(minutes=21)
    assert hold.reason.startswith("It flaps: 7 changes of state so far.")


def test_an_alert_that_stays_is_let_go_when_it_has_been_calm() -> None:
    flap = play([0, 1, 2, 3, 4, 5, 6])[-1].flap
    assert still_held(FOUR, flap, NOON + timedelta(minutes=20)) is not None
    assert still_held(FOUR, flap, NOON + timedelta(minutes=21)) is None
    assert still_held(FOUR, STEADY, NOON) is None


def test_who_does_not_ask_for_it_never_sees_a_flap() -> None:
    assert {told(seen) for seen in play([i / 10 for i in range(40)], Tolerance(changes=0))} == {"steady"}


gaps = st.lists(st.floats(0, 40), max_size=30)


@given(gaps, st.integers(2, 6))
def test_between_two_calms_it_is_paged_at_most_once_while_it_flaps(gap: list[float], changes: int) -> None:
    minutes = [sum(gap[: i + 1]) for i in range(len(gap))]
    pages = 0
    for seen in play(minutes, Tolerance(changes=changes)):
        if seen.flap.since is None:
            pages = 0
            assert seen.hold is None
        elif seen.flap.is_paged and seen.hold is None and seen.reason in (Reason.BEGAN, Reason.GOES_ON):
            pages = 1
        assert pages <= 1
        assert len(seen.flap.changes) <= changes
        if seen.hold:
            assert seen.flap.is_paged  # nobody is held back who was never told

"""Storm mode."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.holds import HoldKind
from tocsin.core.storms import (
    CALM,
    Reason,
    Shelter,
    Weather,
    arrive,
    ends_at,
    farewell,
    is_over,
    is_sudden,
    joined,
    part_of,
    so_far,
    title,
    waiting,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SHELTER = Shelter(threshold=3, window=timedelta(minutes=1))
C, W, B, J = Reason.CALM, Reason.WAITS, Reason.BREAKS, Reason.JOINS


def reasons(seconds: list[float], shelter: Shelter = SHELTER) -> list[Reason]:
    weather, found = CALM, []
    for second in seconds:
        arrival = arrive(shelter, weather, NOON + timedelta(seconds=second))
        weather = arrival.weather
        found.append(arrival.reason)
    return found


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([0], [C]),  # the first pages at once
        ([0, 1, 2.9], [C, W, W]),  # the next wait
        ([0, 3], [C, C]),  # when it has settled the next is a first again
        ([0, 1, 3, 4], [C, W, C, B]),
        ([0, 1, 1, 1, 1, 60], [C, W, W, B, J, J]),  # more than three: a storm
        ([0, 10, 20, 30], [C, C, C, B]),  # also one that comes slowly
        ([0, 20, 40, 60, 80], [C, C, C, C, C]),  # but not one slower than that
        ([0, 0, 0, 0, 299], [C, W, W, B, J]),
        ([0, 0, 0, 0, 300], [C, W, W, B, C]),  # after the quiet it is calm again
        ([0, 0, 0, 0, 299, 598], [C, W, W, B, J, J]),  # which begins anew with each alert
        ([0, 0, 0, *range(0, 3600, 290), 3599, 3600], [C, W, W, B, *[J] * 13, C]),  # for an hour at most
    ],
)
def test_arrive(seconds: list[float], expected: list[Reason]) -> None:
    assert reasons(seconds) == expected


def test_without_shelter_everything_pages() -> None:
    assert reasons([0] * 50, Shelter()) == [C] * 50


times = st.lists(st.floats(0, 2000), max_size=40).map(sorted)


@given(times, st.integers(1, 6))
def test_only_who_is_calm_pages_and_never_more_than_the_threshold_in_a_window(
    seconds: list[float], threshold: int
) -> None:
    found = list(zip(seconds, reasons(seconds, Shelter(threshold=threshold, window=timedelta(minutes=1))), strict=True))
    paged = [second for second, reason in found if reason is C]
    assert all(sum(1 for p in paged if start <= p < start + 60) <= threshold for start in paged)
    if found:
        assert found[0][1] is C  # the first alert never waits


@given(times)
def test_who_waits_never_waits_longer_than_it_takes_to_settle(seconds: list[float]) -> None:
    weather = CALM
    for second in seconds:
        at = NOON + timedelta(seconds=second)
        arrival = arrive(SHELTER, weather, at)
        weather = arrival.weather
        if arrival.reason is W:
            hold = waiting(weather.settles_at)
            assert hold.until is not None
            assert timedelta(0) < hold.until - at <= SHELTER.settle


STORM = Weather(since=NOON, last_at=NOON + timedelta(minutes=4), count=500)


def test_what_it_says() -> None:
    assert title(STORM, "Checkout", "disk full") == "Storm: 500 alerts of Checkout, the first of them “disk full”"
    assert farewell(STORM) == "The storm is over: 500 alerts came within 4 minutes. New alerts page as usual again."
    assert "within a minute" in farewell(Weather(since=NOON, last_at=NOON, count=4))
    assert (part_of(7).kind, part_of(7).id, part_of(7).until) == (HoldKind.STORM, 7, None)


def test_who_waits_for_more_than_its_page_says() -> None:
    assert "More than 20 new alerts within 5 minutes; 500 so far." in so_far(STORM, 20)
    long = replace(STORM, last_at=NOON + timedelta(minutes=58))
    assert farewell(long) == "It takes in no more: 500 alerts came within 58 minutes. The next one pages anew."


@pytest.mark.parametrize(
    ("summaries", "said"),
    [
        (["a"], "“a” joined the storm."),
        (["a", "b"], "2 alerts joined the storm: “a”, “b”."),
        (list("abcdefg"), "7 alerts joined the storm: “a”, “b”, “c”, “d”, “e” and 2 more."),
    ],
)
def test_who_has_joined_in_one_line(summaries: list[str], said: str) -> None:
    assert joined(summaries) == said


def test_it_is_sudden_while_its_first_alert_has_only_just_come() -> None:
    assert is_sudden(SHELTER, replace(STORM, last_at=NOON + timedelta(seconds=3)))
    assert not is_sudden(SHELTER, replace(STORM, last_at=NOON + timedelta(seconds=3.1)))
    assert not is_sudden(SHELTER, CALM)


def test_when_it_is_over() -> None:
    assert ends_at(SHELTER, replace(STORM, last_at=NOON + timedelta(minutes=58))) == NOON + timedelta(hours=1)
    assert ends_at(SHELTER, STORM) == NOON + timedelta(minutes=9)
    assert not is_over(SHELTER, STORM, NOON + timedelta(minutes=8))
    assert is_over(SHELTER, STORM, NOON + timedelta(minutes=9))
    assert not is_over(SHELTER, CALM, NOON)

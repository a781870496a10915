"""What results in a row mean, in one region and in several, and how uptime is computed."""

from datetime import timedelta

import pytest

from tests.conftest import NOON
from tocsin.core.probes import SOON, Finding, Rule, Spell, State, Tally, count, next_due, uptime, verdict

RULE = Rule(interval=timedelta(minutes=5), failures=3, successes=2)
NEW, UP, FAILING, DOWN, BLOCKED = State.NEW, State.UP, State.FAILING, State.DOWN, State.BLOCKED
FINDINGS = {"+": Finding(), "-": Finding(error="no"), "x": Finding(error="not there", is_blocked=True)}


@pytest.mark.parametrize(
    ("results", "states"),
    [
        ("+", [UP]),
        # failures are let pass until there are enough in a row
        ("+---", [UP, FAILING, FAILING, DOWN]),
        ("+--+-", [UP, FAILING, FAILING, UP, FAILING]),
        # what fails from its first look on is down like any other
        ("---", [FAILING, FAILING, DOWN]),
        # one success does not make it up again, two in a row do
        ("---+-++", [FAILING, FAILING, DOWN, DOWN, DOWN, DOWN, UP]),
        # a look that is not possible is neither: it begins anew after it
        ("--x-+x", [FAILING, FAILING, BLOCKED, FAILING, UP, BLOCKED]),
        ("---x+", [FAILING, FAILING, DOWN, BLOCKED, UP]),
    ],
)
def test_one_region(results: str, states: list[State]) -> None:
    tally, seen = Tally(), []
    for result in results:
        tally = count(tally, RULE, FINDINGS[result])
        seen.append(tally.state)
    assert seen == states


def test_without_retries_one_failure_is_down_and_one_success_up() -> None:
    rule = Rule(interval=timedelta(minutes=1), failures=1, successes=1)
    down = count(Tally(), rule, FINDINGS["-"])
    assert (down.state, count(down, rule, FINDINGS["+"]).state) == (DOWN, UP)


@pytest.mark.parametrize(
    ("states", "needed", "whole"),
    [
        ([DOWN, UP, UP], 1, DOWN),
        ([DOWN, UP, UP], 2, FAILING),
        ([DOWN, DOWN, UP], 2, DOWN),
        ([FAILING, UP], 1, FAILING),
        ([DOWN, BLOCKED], 1, DOWN),
        ([DOWN, BLOCKED], 2, FAILING),
        # one that cannot look is said, though the others are up
        ([UP, BLOCKED], 1, BLOCKED),
        ([NEW, UP], 1, UP),
        ([NEW, NEW], 1, NEW),
        ([], 1, NEW),
    ],
)
def test_several_regions(states: list[State], needed: int, whole: State) -> None:
    assert verdict(states, needed) is whole


def test_a_doubt_is_looked_at_again_soon_and_never_later_than_the_interval() -> None:
    assert next_due(Tally(state=UP), RULE, NOON) == NOON + RULE.interval
    assert next_due(Tally(state=FAILING, failures=1), RULE, NOON) == NOON + SOON
    assert next_due(Tally(state=DOWN, failures=9), RULE, NOON) == NOON + RULE.interval
    assert next_due(Tally(state=DOWN, successes=1), RULE, NOON) == NOON + SOON
    quick = Rule(interval=timedelta(seconds=10), failures=3, successes=1)
    assert next_due(Tally(state=FAILING, failures=1), quick, NOON) == NOON + quick.interval


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_uptime_is_the_share_of_watched_time_that_was_not_down() -> None:
    spells = [
        Spell(is_down=False, began_at=NOON - hours(48), ended_at=NOON - hours(3)),
        Spell(is_down=True, began_at=NOON - hours(3), ended_at=NOON - hours(2)),
        # paused for an hour: not watched
        Spell(is_down=False, began_at=NOON - hours(1), ended_at=None),
    ]
    assert uptime(spells, NOON - hours(24), NOON) == pytest.approx(22 / 23)
    assert uptime(spells, NOON - hours(2.5), NOON) == pytest.approx(1 / 1.5)
    assert uptime([], NOON - hours(24), NOON) is None

"""Which change may have broken it, and why it is thought so."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from tocsin.core.suspects import WINDOW, WORDS, Candidate, Outcome, outcome_of, rank

MINUTE = timedelta(minutes=1)


def candidate(pk: int, before: float = 10, **more: object) -> Candidate:
    """A change so many minutes before noon, on the service unless told otherwise."""
    given = {"id": pk, "at": NOON - before * MINUTE, "is_same_service": True, **more}
    return Candidate(**given)  # type: ignore[arg-type]


def order(*candidates: Candidate) -> list[int]:
    return [suspect.id for suspect in rank(candidates, NOON)]


@pytest.mark.parametrize(
    ("likelier", "less"),
    [
        ({"before": 5}, {"before": 50}),  # the nearer
        ({"status": "failure"}, {"status": "success"}),  # what failed
        ({"status": "pending"}, {"status": "success"}),  # what has not ended
        ({"status": "success"}, {}),  # what is known to have gone out
        ({"environment": "production"}, {"environment": "staging"}),  # where users are
        ({"environment": "prod-eu"}, {}),
        ({}, {"environment": "preview-12"}),
        ({"before": 60}, {"before": 1, "is_same_service": False}),  # its own before what names no service
        ({"before": 60, "environment": "production"}, {"before": 1, "environment": "staging"}),
    ],
)
def test_the_likelier_comes_first(likelier: dict[str, object], less: dict[str, object]) -> None:
    pair = candidate(1, **likelier), candidate(2, **less)  # type: ignore[arg-type]
    assert order(*pair) == order(*reversed(pair)) == [1, 2]


def test_the_reasons_are_said_in_words() -> None:
    own = candidate(1, before=4, status="failure", environment="production")
    (first, second) = rank([own, candidate(2, before=95, is_same_service=False, environment="staging")], NOON)
    assert first.reasons == ("on this service", "4 min before it began", "it failed", "in production")
    assert second.reasons == ("names no service", "1 h 35 min before it began", "only in staging")


def test_of_two_that_are_as_likely_the_later_comes_first() -> None:
    assert order(candidate(1), candidate(2)) == [2, 1]


@pytest.mark.parametrize(("before", "is_one"), [(-0.1, False), (0, True), (120, True), (120.1, False)])
def test_only_what_was_made_in_the_window_before_is_a_suspect(before: float, is_one: bool) -> None:
    assert bool(order(candidate(1, before=before))) is is_one


def test_every_word_means_one_thing_and_others_nothing() -> None:
    words = [word for group in WORDS.values() for word in group]
    assert len(words) == len(set(words))
    assert outcome_of(" FAILURE ") is Outcome.FAILED
    assert outcome_of("baking") is outcome_of("") is Outcome.UNSAID


@given(
    st.lists(st.tuples(st.floats(-300, 300), st.booleans(), st.sampled_from(["", "failure", "success"])), max_size=8)
)
def test_ranking_only_orders_what_is_in_the_window(rows: list[tuple[float, bool, str]]) -> None:
    given = [candidate(i, before=b, is_same_service=s, status=w) for i, (b, s, w) in enumerate(rows)]
    found = rank(given, NOON)
    inside = {c.id for c in given if timedelta(0) <= NOON - c.at <= WINDOW}
    assert {suspect.id for suspect in found} == inside
    scores = [suspect.score for suspect in found]
    assert scores == sorted(scores, reverse=True)
    assert all(suspect.reasons for suspect in found)

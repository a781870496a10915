"""When a message is tried again, and when it is given up."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.retry import FIRST, LONGEST, Plan, Reason, plan

S = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("attempts", "age", "asked", "expected"),
    [
        (1, 0 * S, None, Plan(reason=Reason.BACKOFF, after=2 * S)),  # the first pause is short
        (2, 2 * S, None, Plan(reason=Reason.BACKOFF, after=4 * S)),  # then it doubles
        (5, 30 * S, None, Plan(reason=Reason.BACKOFF, after=32 * S)),
        (30, 1800 * S, None, Plan(reason=Reason.BACKOFF, after=LONGEST)),  # up to the longest
        (1, 0 * S, 60 * S, Plan(reason=Reason.ASKED, after=60 * S)),  # the provider's wish counts
        (9, 0 * S, 0 * S, Plan(reason=Reason.ASKED, after=FIRST)),  # but never at once, over and over
        (9, 3500 * S, None, Plan(reason=Reason.LAST_CHANCE, after=100 * S)),  # one more try at the end
        (9, 3500 * S, HOUR, Plan(reason=Reason.LAST_CHANCE, after=100 * S)),  # also against the provider's wish
        (9, HOUR, None, Plan(reason=Reason.GIVEN_UP)),  # the end itself
        (1, 2 * HOUR, None, Plan(reason=Reason.GIVEN_UP)),  # long after it
    ],
)
def test_what_comes_after_a_failed_attempt(
    attempts: int, age: timedelta, asked: timedelta | None, expected: Plan
) -> None:
    assert plan(attempts=attempts, age=age, give_up_after=HOUR, asked=asked, jitter=0.5) == expected


@given(
    attempts=st.integers(0, 40_000),
    age=st.timedeltas(timedelta(0), HOUR),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_a_message_is_tried_until_the_end_and_not_longer(attempts: int, age: timedelta, jitter: float) -> None:
    found = plan(attempts=attempts, age=age, give_up_after=HOUR, asked=None, jitter=jitter)
    if found.reason is Reason.GIVEN_UP:
        assert age >= HOUR
    else:
        assert timedelta(0) < found.after <= HOUR - age
        assert found.after <= LONGEST * 1.2

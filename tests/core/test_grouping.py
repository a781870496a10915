"""Which alert group a new alert goes to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.grouping import LONGEST, LONGEST_KEY, OpenGroup, Reason, in_words, key_of, place, told_in

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TEN = timedelta(minutes=10)
NONE = timedelta(0)


def group(opened: float, heard: float) -> OpenGroup:
    """Opened and last heard of so many minutes ago."""
    return OpenGroup(opened_at=NOON - timedelta(minutes=opened), last_event_at=NOON - timedelta(minutes=heard))


@pytest.mark.parametrize(
    ("window", "newest", "reason"),
    [
        (NONE, None, Reason.ALONE),
        (NONE, group(1, 1), Reason.ALONE),  # a service that does not group never does
        (TEN, None, Reason.FIRST),
        (TEN, group(3, 3), Reason.JOINED),
        (TEN, group(10, 10), Reason.JOINED),  # the edge belongs to the window
        (TEN, group(11, 11), Reason.QUIET),
        (TEN, group(60, 5), Reason.JOINED),  # the window rolls
        (TEN, group(24 * 60, 5), Reason.JOINED),
        (TEN, group(24 * 60 + 1, 5), Reason.FULL),  # but not for ever
        (TEN, group(-5, -5), Reason.JOINED),  # the clocks of two nodes differ a little
    ],
)
def test_place(window: timedelta, newest: OpenGroup | None, reason: Reason) -> None:
    assert place(window, newest, NOON) is reason


@given(
    st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=2)),
    st.timedeltas(min_value=NONE, max_value=timedelta(days=3)),
    st.timedeltas(min_value=NONE, max_value=timedelta(days=3)),
)
def test_nothing_joins_a_group_older_than_a_day_or_quieter_than_the_window(
    window: timedelta, age: timedelta, quiet: timedelta
) -> None:
    newest = OpenGroup(opened_at=NOON - age, last_event_at=NOON - min(age, quiet))
    joined = place(window, newest, NOON) is Reason.JOINED
    assert joined == (age <= LONGEST and min(age, quiet) <= window)


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ((), ""),  # nothing chosen: one group for all
        (("cluster",), 'cluster="eu"'),
        (("cluster", "job"), 'cluster="eu", job=""'),  # what an alert does not have is empty
        (("odd name",), '"odd name"="a\\"b"'),
        (("", "cluster"), 'cluster="eu"'),  # no label at all
    ],
)
def test_key_of(by: tuple[str, ...], key: str) -> None:
    assert key_of(by, {"cluster": "eu", "odd name": 'a"b'}) == key


@given(st.text(max_size=400), st.text(max_size=400))
def test_different_values_have_different_keys_of_bounded_length(one: str, other: str) -> None:
    keys = [key_of(("a", "b"), {"a": one, "b": other}), key_of(("a", "b"), {"a": other, "b": one})]
    assert (keys[0] == keys[1]) is (one == other)
    assert all(len(key) <= LONGEST_KEY for key in keys)


@pytest.mark.parametrize("reason", Reason)
def test_why_is_found_again_in_the_line_that_says_it(reason: Reason) -> None:
    said = in_words(reason)
    assert told_in(f"“Monitoring” reported “It is a new group because.”. {said} Silenced by Ada.") == said
    assert told_in("“Monitoring” reported “Slow”.") == ""

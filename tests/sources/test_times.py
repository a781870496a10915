"""Times as other tools write them."""

import pytest

from tests.conftest import NOON
from tocsin.sources.times import moment


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-04T12:00:00Z",
        "2026-03-04T12:00:00.123Z",
        "2026-03-04T13:00:00+01:00",
        "2026-03-04T12:00:00+00:00Z",  # a client of PagerDuty's
        "2026-03-04 12:00:00 UTC",
        "2026-03-04 13:00:00 +0100",
        "2026-03-04T12:00:00",
        1772625600,
        1772625600.0,
    ],
)
def test_is_read_to_the_second(value: object) -> None:
    assert moment(value) == NOON


@pytest.mark.parametrize(
    "value", [None, "", "soon", "2026-02-30T12:00:00Z", True, -5, 1e18, float("nan"), [], "1772625600"]
)
def test_what_is_no_time_is_none(value: object) -> None:
    assert moment(value) is None


def test_the_edge_of_the_calendar_is_no_error() -> None:
    assert moment("0001-01-01T00:00:00+23:00") is None
    assert moment("9999-12-31T23:59:59-23:00") is None
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment("9999-12-31T00:00:00Z") is None

"""Queries that are compiled once answer as the query sets they were made from, at any moment."""

from datetime import datetime, timedelta

import pytest
from django.db.models import QuerySet

from tests.conftest import NOON
from tocsin.health.models import Problem
from tocsin.health.prepared import Prepared

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def reported(until: datetime, most: int) -> "QuerySet[Problem, tuple[str]]":
    return Problem.objects.filter(first_seen__lte=until, over_at=None).order_by("key").values_list("key")[:most]


@pytest.fixture(autouse=True)
def problems() -> None:
    for number in range(4):
        at = NOON + number * HOUR
        over = at if number == 1 else None
        Problem.objects.create(key=f"{number}", title="t", detail="d", first_seen=at, last_seen=at, over_at=over)


@pytest.mark.parametrize("most", [1, 2, 10])
@pytest.mark.parametrize("hours", [-1, 0, 1.5, 3])
def test_it_says_what_the_query_set_says(hours: float, most: int) -> None:
    prepared, now = Prepared(reported), NOON + hours * HOUR
    prepared.rows(NOON, 10)  # compiled for another moment and another limit
    for _ in range(2):
        assert prepared.rows(now, most) == list(reported(now, most))
    assert prepared.any(now, most) == reported(now, most).exists()


def test_it_is_built_once() -> None:
    built: list[datetime] = []

    def build(now: datetime) -> "QuerySet[Problem, tuple[str]]":
        built.append(now)
        return reported(now, 5)

    prepared = Prepared(build)
    assert [len(prepared.rows(NOON + hours * HOUR)) for hours in range(3)] == [1, 1, 2]
    assert len(built) == 1

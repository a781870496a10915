"""How good a schedule is: coverage, balance, score."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.quality import quality
from tocsin.core.rota import Segment

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def segments(*parts: tuple[int, tuple[int, ...]]) -> list[Segment]:
    """Hours and people, one after the other."""
    made, at = [], START
    for hours, people in parts:
        made.append(Segment(starts_at=at, ends_at=at + hours * HOUR, people=people))
        at += hours * HOUR
    return made


@pytest.mark.parametrize(
    ("parts", "people", "coverage", "balance", "score"),
    [
        # two who share equally, without a gap
        ([(10, (1,)), (10, (2,))], (1, 2), 1.0, 1.0, 100),
        # the same on call together
        ([(10, (1, 2))], (1, 2), 1.0, 1.0, 100),
        # a quarter of the time nobody
        ([(10, (1,)), (10, ()), (20, (2,))], (1, 2), 0.75, 2 / 3, 68),
        # one of two carries everything
        ([(10, (1,))], (1, 2), 1.0, 0.0, 70),
        # one of ten carries everything: the same
        ([(10, (1,))], range(1, 11), 1.0, 0.0, 70),
        # three to one
        ([(30, (1,)), (10, (2,))], (1, 2), 1.0, 0.5, 85),
        # somebody helped out who is in no rotation: they count
        ([(10, (1,)), (10, (2,))], (1,), 1.0, 1.0, 100),
        # alone shares with nobody
        ([(10, (1,))], (1,), 1.0, 0.0, 70),
        # nobody ever
        ([(10, ())], (1, 2), 0.0, 0.0, 0),
        # no time at all
        ([], (), 0.0, 0.0, 0),
    ],
)
def test_quality(
    parts: list[tuple[int, tuple[int, ...]]], people: tuple[int, ...], coverage: float, balance: float, score: int
) -> None:
    found = quality(segments(*parts), people)
    assert found.coverage == pytest.approx(coverage)
    assert found.balance == pytest.approx(balance)
    assert found.score == score


def test_loads_are_named_from_the_heaviest() -> None:
    found = quality(segments((10, (1,)), (30, (2,))), (1, 2, 3))
    assert [(load.person, load.time / HOUR, load.share) for load in found.loads] == [
        (2, 30, 0.75),
        (1, 10, 0.25),
        (3, 0, 0),
    ]

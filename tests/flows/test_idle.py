"""An idle tick asks little, takes no write lock, and finds its answers in an index."""

import pytest
from bench.idle import fill
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.world import World
from tocsin.paging import running, timeouts


@pytest.fixture
def asked(world: World) -> list[str]:
    fill(connection.vendor, 5000)
    with CaptureQueriesContext(connection) as queries:
        assert timeouts.time_out_due(world.now) + running.advance_due(world.now) + running.release_due(world.now) == 0
    return [query["sql"] for query in queries.captured_queries]


def test_it_asks_three_questions_and_writes_nothing(asked: list[str]) -> None:
    assert len(asked) == 3
    assert all(question.startswith("SELECT") for question in asked)


def test_each_question_has_its_index(asked: list[str]) -> None:
    plans = [_plan(question) for question in asked]
    assert [name for plan in plans for name in ("escalation_due", "notification_waiting") if name in plan] == [
        "escalation_due",
        "escalation_due",
        "notification_waiting",
    ]


def _plan(question: str) -> str:
    explain = "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            explain = "EXPLAIN"
            cursor.execute("ANALYZE")  # or it goes by what tests before have left behind
            cursor.execute("SET LOCAL enable_seqscan = off")  # an empty table is cheapest read from end to end
        cursor.execute(f"{explain} {question}")
        return " ".join(str(row) for row in cursor.fetchall())

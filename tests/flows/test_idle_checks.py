"""Checks that are not due cost an idle engine two questions, which an index answers, and no write."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.apps.watching import heartbeat, probe
from tests.flows.test_idle import _plan
from tests.world import World
from tocsin.checks import probing, watching


@pytest.fixture
def asked(world: World) -> list[str]:
    world.owner()
    shop = world.monitoring(world.policy([world.person("Ada")])).service
    for number in range(20):
        heartbeat(world, shop, f"Job {number}").pings(settle=False)
        probe(world, shop, name=f"Site {number}", url="https://x.example")
    world.settle()
    assert len(probing.lease("", world.now, 50)) == 20
    with CaptureQueriesContext(connection) as queries:
        assert watching.watch_due(world.now) == 0
        assert probing.lease("eu", world.now, 32) == []
    return [query["sql"] for query in queries.captured_queries]


def test_it_asks_two_questions_and_writes_nothing(asked: list[str]) -> None:
    assert len(asked) == 2
    assert all(question.startswith("SELECT") for question in asked)


def test_each_question_has_its_index(asked: list[str]) -> None:
    heartbeats, probes = (_plan(question) for question in asked)
    assert "check_due" in heartbeats
    assert "site_due" in probes

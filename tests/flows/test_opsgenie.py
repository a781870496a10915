"""Opsgenie's heartbeats: a job that pinged Opsgenie pings Tocsin, and is missed when it stops."""

import json
import uuid
from datetime import timedelta

import pytest

from tests.apps.watching import HOURLY, Job
from tests.world import SETUP, World
from tocsin.alerts.models import Event
from tocsin.checks import actions, clearing
from tocsin.checks.unmet import MOST
from tocsin.core.receipts import Reason
from tocsin.health.problems import open_problems
from tocsin.services.actions import create_integration
from tocsin.services.models import Integration

NAME = "nightly backup"


@pytest.fixture
def way(world: World) -> Integration:
    world.owner()
    service = world.monitoring(world.policy([world.person("Ada")])).service
    return create_integration(SETUP, service, "opsgenie", "Opsgenie", world.now)[0]


def ping(world: World, way: Integration, name: str) -> Event:
    """As it is stored at the door."""
    body = json.dumps({"tocsin": {"verb": "ping", "identifier": name, "by": "id", "id": ""}}).encode()
    made = Event.objects.create(
        receipt=uuid.uuid4(), integration=way, kind="opsgenie", body=body, received_at=world.now
    )
    world.settle()
    made.refresh_from_db()
    return made


def test_a_ping_of_an_opsgenie_heartbeat_keeps_it_up(world: World, way: Integration) -> None:
    check, key = actions.create_check(SETUP, way.service, "heartbeat", NAME, world.now, config=HOURLY, integration=way)
    job = Job(world, check)
    assert key == ""  # it is pinged by the integration's key, and its own name
    for _ in range(3):
        assert ping(world, way, NAME).state == "absorbed"
        world.forward(minutes=59)
        assert job.state == "up"
    assert ping(world, way, "another").state == "absorbed"
    world.forward(minutes=12)
    assert job.state == "down"  # a ping of another name is none of this one
    ((_, page),) = world.network.takes_all()
    assert NAME in f"{page.title} {page.text}"
    ping(world, way, NAME)
    assert (job.state, world.group().state) == ("up", "resolved")


def test_a_ping_of_a_name_that_no_heartbeat_has_is_said_on_its_receipt_and_in_a_banner(
    world: World, way: Integration
) -> None:
    for _ in range(2):
        made = ping(world, way, "nightlly")
        assert [outcome.reason for outcome in made.outcomes.all()] == [Reason.NO_HEARTBEAT]
    (problem,) = open_problems()
    assert "“nightlly”, which does not exist" in problem.title
    assert (problem.url, problem.count) == (f"/integrations/{way.pk}/", 2)
    for number in range(20):
        ping(world, way, f"{number} of many")
    assert open_problems().count() == MOST
    actions.create_check(SETUP, way.service, "heartbeat", "nightlly", world.now, config=HOURLY, integration=way)
    made = ping(world, way, "nightlly")
    assert [outcome.reason for outcome in made.outcomes.all()] == [Reason.BEAT]
    assert not open_problems().filter(key=problem.key).exists()
    clearing.clear(world.now + timedelta(hours=25))
    assert not open_problems().exists()

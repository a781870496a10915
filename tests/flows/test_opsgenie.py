"""Opsgenie's heartbeats: a job that pinged Opsgenie pings Tocsin, and is missed when it stops."""

import json
import uuid

import pytest

from tests.apps.watching import HOURLY, Job
from tests.world import SETUP, World
from tocsin.alerts.models import Event
from tocsin.checks import actions
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
    page = next(content for _, content in world.network.arrived)
    assert NAME in f"{page.title} {page.text}"
    ping(world, way, NAME)
    assert (job.state, world.group().state) == ("up", "resolved")

"""Whoever calls the API as Schemathesis tells them to."""

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.conftest import NOON
from tests.world import World
from tocsin.core.permissions import Role


@pytest.fixture
def owner() -> Iterator[Caller]:
    """An owner in an organisation in which `checkout` is the name of everything and an alert is open."""
    world = World(NOON)
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]))
    monitoring.fires()
    for each in (request_started, request_finished):
        each.disconnect(close_old_connections)  # as Django's own test client does: the test's transaction stays
    yield Caller(person("Olga", Role.OWNER))
    for each in (request_started, request_finished):
        each.connect(close_old_connections)

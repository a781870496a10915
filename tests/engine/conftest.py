"""A world with one alert that pages Ada, and servers outside."""

from collections.abc import Iterator

import pytest

from tests.channels import servers
from tests.world import Monitoring, Person, World


@pytest.fixture
def receiver() -> Iterator[servers.Receiver]:
    with servers.receiver() as made:
        yield made


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner()


@pytest.fixture
def ada(world: World, olga: Person) -> Person:
    return world.person("Ada")


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada]))

from collections.abc import Iterator

import pytest

from tests.world import World


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """At the end nothing has been sent that the story did not expect."""
    world = World()
    yield world
    world.nothing_else()

"""What comes and goes again and again pages once."""

import pytest

from tests.world import Monitoring, Person, World
from tocsin.alerts.models import Alert, Flap
from tocsin.core.lifecycle import GroupState

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


def flaps(world: World, monitoring: Monitoring, times: int) -> None:
    """Opens and resolves, every minute."""
    for _ in range(times):
        monitoring.fires("disk is full")
        world.forward(minutes=1)
        monitoring.recovers("disk is full")
        world.forward(minutes=1)


def test_it_pages_once_while_it_flaps_and_again_when_it_stays(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=60))
    flaps(world, monitoring, 3)  # six changes of state: now it is known to flap
    for _ in range(3):
        ada.expect_page("disk is full")
    flaps(world, monitoring, 1)
    ada.expect_page("disk is full")  # the one that says so
    flaps(world, monitoring, 5)
    world.nothing_else()
    assert monitoring.source.reasons()[-2:] == ["flapping", "resolved"]
    assert world.group().state == GroupState.RESOLVED
    monitoring.fires("disk is full")
    assert Alert.objects.get(resolved_at=None).held_reason.startswith("It flaps: 19 changes of state so far.")
    world.forward(minutes=14.9)
    world.nothing_else()
    world.forward(minutes=0.1)
    ada.expect_page("disk is full")  # it has stayed
    world.nothing_else()


def test_what_has_calmed_down_pages_as_usual(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=60))
    flaps(world, monitoring, 6)
    world.network.arrived.clear()
    world.forward(minutes=15)
    monitoring.fires("disk is full")
    ada.expect_page("disk is full")
    world.nothing_else()
    assert Flap.objects.get().since is None


def test_one_that_does_not_come_back_is_no_flap(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=60))
    flaps(world, monitoring, 1)
    ada.expect_page("disk is full")
    world.forward(minutes=60)
    flaps(world, monitoring, 1)
    ada.expect_page("disk is full")
    world.nothing_else()


def test_a_service_that_wants_every_page_gets_it(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=60), calms_flapping=False)
    flaps(world, monitoring, 8)
    for _ in range(8):
        ada.expect_page("disk is full")
    world.nothing_else()
    assert not Flap.objects.exists()

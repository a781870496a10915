"""What comes and goes again and again pages once."""

from datetime import time

import pytest

from tests.flows.test_silences import silence
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Alert, Flap
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Urgency
from tocsin.rules.urgency import save_urgency_rule

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
        assert "Flaps" not in dict(ada.expect_page("disk is full").facts)
    flaps(world, monitoring, 1)
    name, said = ada.expect_page("disk is full").facts[0]
    assert name == "Flaps"
    assert said == (
        "It comes and goes: 6 changes of state within 5 minutes. It is paged once, and again when it stays."
    )
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


def test_one_that_flaps_through_a_silence_is_paged_after_it(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=60))
    silence(world, 30)
    flaps(world, monitoring, 15)
    world.nothing_else()
    flaps(world, monitoring, 15)
    ada.expect_page("disk is full")  # the silence was not its page
    world.nothing_else()


def test_one_that_is_open_when_the_silence_ends_is_paged_once(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=60))
    silence(world, 15)
    flaps(world, monitoring, 7)
    monitoring.fires("disk is full")
    world.forward(minutes=1)
    ada.expect_page("disk is full")
    monitoring.recovers("disk is full")
    flaps(world, monitoring, 5)
    world.nothing_else()


def test_one_that_flaps_within_its_pause_is_paged_when_it_lasts(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=60), pause_minutes=2)
    flaps(world, monitoring, 10)
    world.nothing_else()
    monitoring.fires("disk is full")
    world.forward(minutes=2)
    ada.expect_page("disk is full")  # the pause was not its page, nor is it calm already
    monitoring.recovers("disk is full")
    flaps(world, monitoring, 5)
    world.nothing_else()


def test_one_that_flaps_while_it_has_no_urgency_is_paged_when_it_has(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=60))
    save_urgency_rule(
        SETUP, None, world.now, name="Office", urgency=Urgency.HIGH, otherwise=Urgency.NONE, starts=time(13),
        ends=time(17),
    )  # fmt: skip
    flaps(world, monitoring, 30)
    world.nothing_else()
    flaps(world, monitoring, 5)
    ada.expect_page("disk is full")
    world.nothing_else()

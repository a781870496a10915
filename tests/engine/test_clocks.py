"""A clock that is put right by going back an hour: nobody is paged an hour late for it."""

from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.world import World
from tocsin.engine import auditor, clocks
from tocsin.health import beats, presence
from tocsin.health.problems import open_problems
from tocsin.paging.models import Notification

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    world = World()
    clocks.watch(world.now)
    return world


def goes_back(world: World, by: timedelta = HOUR) -> timedelta:
    clocks.watch(world.now)
    world.now -= by
    return clocks.watch(world.now)


def test_the_next_step_comes_when_it_would_have_come(world: World) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    world.monitoring(world.policy([ada], [grace])).fires()
    ada.expect_page("checkout")
    world.forward(minutes=2)
    assert goes_back(world) == HOUR
    world.forward(minutes=2)
    world.nothing_else()
    world.forward(minutes=1)
    grace.expect_page("checkout")


def test_without_it_the_step_would_wait_for_the_clock(world: World) -> None:
    """What the others are compared with."""
    ada, grace = world.person("Ada"), world.person("Grace")
    world.monitoring(world.policy([ada], [grace])).fires()
    ada.expect_page("checkout")
    world.now -= HOUR
    world.forward(minutes=30)
    world.nothing_else()


def test_retries_and_methods_that_wait_for_their_delay_come_in_time(world: World) -> None:
    ada = world.person("Ada", methods=(0, 180))
    world.owner()
    ada.provider_is_down()
    world.monitoring(world.policy([ada])).fires()
    world.forward(minutes=1)
    assert goes_back(world) == HOUR
    ada.provider_is_back()
    world.forward(minutes=2)
    ada.expect_page("checkout")
    ada.expect_page("checkout", at=1)


def test_what_was_taken_for_sent_is_recovered_in_time(world: World) -> None:
    ada = world.person("Ada")
    world.monitoring(world.policy([ada])).source.triggers("checkout", "critical", "checkout", at=world.now)
    world.tick()
    message = Notification.objects.get().message
    assert message is not None
    type(message).objects.update(state="sending", leased_by="gone:1", lease_until=world.now + timedelta(seconds=90))
    goes_back(world)
    world.now += timedelta(minutes=2)
    assert auditor.audit(world.now)["leases that ran out"] == 1
    world.settle()
    ada.expect_page("checkout")


def test_an_acknowledgement_runs_out_in_time(world: World) -> None:
    ada = world.person("Ada")
    world.monitoring(world.policy([ada], ack_timeout=30)).fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    goes_back(world)
    world.forward(minutes=30)
    ada.expect_page("checkout")


@pytest.mark.parametrize("noise", [{"pause_minutes": 5}, {"storm_threshold": 3}])
def test_what_was_held_back_for_a_while_pages_in_time(world: World, noise: dict[str, object]) -> None:
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]), **noise)
    monitoring.fires("first")
    monitoring.fires("second")
    goes_back(world)
    world.forward(minutes=1)
    assert {"first", "second"} <= {content.data["dedup_key"] for _, content in world.network.takes_all()}


def test_a_new_alert_does_not_wait_for_a_storm_that_would_have_come_by_the_old_clock(world: World) -> None:
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]), storm_threshold=3)
    monitoring.fires("first")
    ada.expect_page("first")
    goes_back(world)
    monitoring.fires("second")
    ada.expect_page("second")


def test_a_storm_of_the_old_clock_takes_nothing_in(world: World) -> None:
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]), storm_threshold=2)
    for number in range(5):
        monitoring.fires(f"of the storm {number}")
    world.network.takes_all()
    ada.acknowledges()
    goes_back(world)
    monitoring.fires("another day")
    ada.expect_page("another day")


def test_it_is_said_once_however_many_nodes_look(world: World) -> None:
    assert goes_back(world) == HOUR
    assert clocks.watch(world.now) == timedelta()
    assert [p.title for p in open_problems()] == ["The clock was set back"]
    auditor.audit(world.now + timedelta(hours=2))
    assert not open_problems()


def test_clocks_that_differ_a_little_are_no_matter(world: World) -> None:
    assert goes_back(world, timedelta(seconds=10)) == timedelta()
    assert not open_problems()


def test_nobody_is_there_because_they_would_be_by_the_old_clock(world: World) -> None:
    beats.beat("engine", NOON)
    presence.seen("tab", 1, NOON)
    assert not beats.alive("engine", NOON - HOUR)
    assert not presence.watching([1], NOON - HOUR)

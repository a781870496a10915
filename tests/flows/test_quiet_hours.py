"""Low urgency waits until people are awake; high urgency never does."""

from datetime import UTC, datetime, time, timedelta

import pytest

from tests.world import Monitoring, Person, World
from tocsin.paging import actions as paging
from tocsin.paging import handing
from tocsin.paging.models import Notification
from tocsin.people import actions
from tocsin.people.problems import Refused

EVENING = datetime(2026, 3, 4, 22, tzinfo=UTC)  # 23:00 in Berlin


@pytest.fixture
def world(db: None) -> World:
    return World(EVENING)


@pytest.fixture
def ada(world: World) -> Person:
    ada = world.person("Ada", zone="Europe/Berlin")
    actions.change_person(ada.actor, ada.user, world.now, quiet_from=time(22), quiet_until=time(8))
    return ada


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada], catch_all=[ada], repeats=3))


def test_low_urgency_waits_for_the_morning_and_comes_once(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires("certificate expires", severity="warning")
    world.forward(minutes=8 * 60 + 59)
    world.nothing_else()
    assert Notification.objects.filter(state="waiting").exists()
    world.forward(minutes=1)
    ada.expect_page("certificate expires")
    world.nothing_else()


def test_nobody_else_is_told_while_the_night_of_the_first_is_quiet(world: World, ada: Person) -> None:
    grace, olga = world.person("Grace"), world.owner("Olga")
    monitoring = world.monitoring(world.policy([ada], [grace], catch_all=[olga]))
    monitoring.fires("certificate expires", severity="warning")
    world.forward(minutes=9 * 60)
    ada.expect_page("certificate expires")
    world.nothing_else()
    # the five minutes of the step begin when Ada can hear it
    world.forward(minutes=4)
    world.nothing_else()
    world.forward(minutes=1)
    grace.expect_page("certificate expires")
    ada.acknowledges()
    world.nothing_else()


def test_what_gets_urgent_in_the_night_does_not_wait_for_the_morning(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    monitoring.fires("the disk fills", severity="warning")
    world.forward(minutes=60)
    world.nothing_else()
    monitoring.fires("the disk fills", severity="critical")
    ada.expect_page("the disk fills")


def test_a_night_that_is_quiet_for_one_of_two_holds_up_nobody(world: World, ada: Person) -> None:
    grace, olga = world.person("Grace"), world.owner("Olga")
    monitoring = world.monitoring(world.policy([ada, grace], [olga]))
    monitoring.fires("certificate expires", severity="warning")
    grace.expect_page("certificate expires")
    world.forward(minutes=5)
    olga.expect_page("certificate expires")


def test_the_catch_all_waits_too(world: World, ada: Person) -> None:
    linus = world.person("Linus", zone="Europe/Berlin", methods=())
    monitoring = world.monitoring(world.policy([linus], catch_all=[ada]))
    monitoring.fires("certificate expires", severity="warning")
    world.forward(minutes=8 * 60 + 59)
    assert Notification.objects.filter(user=ada.user, state="waiting").count() == 1
    world.forward(minutes=1)
    ada.expect_page("certificate expires")
    world.nothing_else()


def test_high_urgency_never_waits(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires("checkout is down")
    ada.expect_page("checkout is down")


def test_what_is_answered_by_somebody_awake_is_not_said_in_the_morning(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    monitoring.fires("certificate expires", severity="warning")
    ada.acknowledges()
    world.forward(minutes=10 * 60)
    world.nothing_else()


def test_somebody_without_quiet_hours_hears_at_once(world: World, ada: Person) -> None:
    grace = world.person("Grace")
    world.monitoring(world.policy([ada, grace])).fires("certificate expires", severity="warning")
    grace.expect_page("certificate expires")
    world.nothing_else()


@pytest.mark.parametrize(
    "hours",
    [
        # a beginning without an end
        {"quiet_from": time(22)},
        # an end without a beginning
        {"quiet_until": time(8)},
        # the whole day
        {"quiet_from": time(8), "quiet_until": time(8)},
    ],
)
def test_hours_that_make_no_sense_are_refused(world: World, hours: dict[str, time]) -> None:
    linus = world.person("Linus")
    with pytest.raises(Refused):
        actions.change_person(linus.actor, linus.user, world.now, **hours)


@pytest.mark.parametrize("by_hand", ["escalate", "responder"])
def test_whom_a_person_asks_for_in_the_night_is_paged_now(world: World, ada: Person, by_hand: str) -> None:
    grace = world.person("Grace")
    world.monitoring(world.policy([grace], [ada], catch_all=[ada], delay=24 * 60)).fires(
        "certificate expires", severity="warning"
    )
    grace.expect_page("certificate expires")
    if by_hand == "escalate":
        paging.escalate(world.group().pk, grace.actor, world.now)
    else:
        handing.add_responder(world.group().pk, ada.user.pk, grace.actor, world.now)
    world.settle()
    ada.expect_page("certificate expires")
    world.nothing_else()


def test_a_method_that_gives_up_in_the_night_brings_the_next_one_no_further_than_to_the_morning(db: None) -> None:
    world = World(EVENING - timedelta(minutes=70))  # 21:50 in Berlin
    ada = world.person("Ada", zone="Europe/Berlin", methods=(0, 900))
    actions.change_person(ada.actor, ada.user, world.now, quiet_from=time(22), quiet_until=time(8))
    ada.provider_is_down(at=0)
    policy = world.policy([ada], catch_all=[ada], delay=24 * 60)
    world.monitoring(policy).fires("certificate expires", severity="warning")
    world.forward(minutes=10 * 60 + 9)
    assert Notification.objects.filter(state="failed").count() == 1
    world.nothing_else()
    world.forward(minutes=1)
    ada.expect_page("certificate expires", at=1)

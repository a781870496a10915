"""When everything of a service breaks at once, one page says so."""

import pytest

from tests.flows.test_silences import silence
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Alert, AlertGroup
from tocsin.core.lifecycle import GroupState
from tocsin.paging import actions
from tocsin.rules import silences

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada], [ada], delay=120), storm_threshold=5)


def fire(monitoring: Monitoring, count: int, begin: int = 0, severity: str = "critical") -> None:
    """That many new alerts, in one batch."""
    for number in range(begin, begin + count):
        monitoring.source.triggers(f"k{number}", severity, f"alert {number}", at=monitoring.world.now)
    monitoring.world.settle()


def test_a_storm_is_one_page_and_says_when_it_is_over(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 50)
    ada.expect_page("alert 0")
    world.forward(minutes=4)
    world.nothing_else()
    eye = AlertGroup.objects.get(title__startswith="Storm")
    assert eye.title == "Storm: 50 alerts of Checkout, the first of them “alert 0”"
    assert eye.alert_count == 46  # the first, and all since it was known
    assert Alert.objects.filter(held="storm").count() == 4  # those that waited
    assert AlertGroup.objects.exclude(pk=eye.pk).filter(held="storm", urgency="none").count() == 4
    fire(monitoring, 10, 50)
    world.nothing_else()
    eye.refresh_from_db()
    assert "60 alerts" in eye.title
    world.forward(minutes=5)
    said = list(eye.entries.filter(kind="storm").order_by("id").values_list("text", flat=True))
    assert said[0].startswith("A storm: many new alerts came at once.")
    assert said[1] == "The storm is over: 60 alerts came within 4 minutes. New alerts page as usual again."
    fire(monitoring, 1, 100)
    ada.expect_page("alert 100")
    world.nothing_else()


def test_the_first_alert_pages_at_once_and_a_second_one_waits(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 1)
    ada.expect_page("alert 0")
    fire(monitoring, 1, 1)
    world.forward(seconds=2.9)
    world.nothing_else()
    assert monitoring.source.reasons() == ["opened", "waiting for a storm"]
    world.forward(seconds=0.1)
    ada.expect_page("alert 1")  # no storm came
    world.nothing_else()


def test_a_storm_that_comes_over_several_batches(world: World, ada: Person, monitoring: Monitoring) -> None:
    for number in range(20):
        fire(monitoring, 1, number)
        world.forward(seconds=0.1)
    ada.expect_page("alert 0")
    world.forward(minutes=4)
    world.nothing_else()
    assert Alert.objects.filter(held="storm").count() == 4
    assert not Alert.objects.filter(held="settling").exists()


def test_each_service_has_its_own_storm(world: World, ada: Person, monitoring: Monitoring) -> None:
    grace = world.person("Grace")
    search = world.monitoring(world.policy([grace], delay=120), "Search", storm_threshold=5)
    for number in range(30):
        monitoring.source.triggers(f"k{number}", "critical", f"checkout {number}", at=world.now)
        search.source.triggers(f"k{number}", "critical", f"search {number}", at=world.now)
    world.settle()
    world.forward(minutes=1)
    ada.expect_page("checkout 0")
    grace.expect_page("search 0")
    world.nothing_else()


def test_those_that_waited_page_when_the_group_of_the_storm_is_resolved(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 20)
    ada.expect_page("alert 0")
    world.forward(minutes=10)  # the storm is over, and its group is open
    world.nothing_else()
    actions.resolve(AlertGroup.objects.get(title__startswith="Storm").pk, ada.actor, world.now)
    monitoring.recovers("k1")
    world.forward(seconds=10)
    for number in (2, 3, 4):
        ada.expect_page(f"alert {number}")
    world.nothing_else()


def test_who_acknowledges_a_storm_is_left_alone(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20)
    ada.expect_page("alert 0")
    ada.acknowledges(AlertGroup.objects.get(title__startswith="Storm"))
    fire(monitoring, 20, 20)
    world.forward(minutes=10)
    world.nothing_else()


def test_a_storm_that_turns_urgent_pages_again(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20, severity="warning")
    ada.expect_page("alert 0")
    fire(monitoring, 3, 20, "error")
    ada.expect_page("Storm: 2")
    fire(monitoring, 3, 30, "critical")
    world.nothing_else()


def test_a_storm_of_what_nobody_is_paged_for_is_none(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20, severity="info")
    world.forward(minutes=1)
    world.nothing_else()
    assert AlertGroup.objects.count() == 20


def test_when_everything_recovers_the_storm_does(world: World, ada: Person, monitoring: Monitoring) -> None:
    fire(monitoring, 20)
    ada.expect_page("alert 0")
    for number in range(20):
        monitoring.source.resolves(f"k{number}", at=world.now)
    world.settle()
    assert {g.state for g in AlertGroup.objects.all()} == {GroupState.RESOLVED}
    world.forward(minutes=20)
    world.nothing_else()


def test_a_storm_whose_group_was_resolved_goes_on_in_another_that_says_so(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 20)
    ada.expect_page("alert 0")
    actions.resolve(AlertGroup.objects.get(title__startswith="Storm").pk, ada.actor, world.now)
    fire(monitoring, 1, 20)
    page = ada.expect_page("alert 0")
    assert "Storm: 21 alerts of Checkout, the first of them “alert 0”" in page.title
    fire(monitoring, 5, 21)
    world.forward(minutes=4)
    world.nothing_else()  # nor do those that waited page: they are part of it
    assert world.group().title == "Storm: 26 alerts of Checkout, the first of them “alert 0”"


def test_a_storm_that_breaks_when_the_first_alert_is_over_pages_as_a_storm(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    fire(monitoring, 1)
    ada.expect_page("alert 0")
    actions.resolve(world.group().pk, ada.actor, world.now)
    fire(monitoring, 10, 1)
    ada.expect_page("Storm: 11 alerts of Checkout, the first of them “alert 0”")
    world.forward(minutes=4)
    world.nothing_else()
    assert world.group().entries.filter(kind="storm").exists()


def test_those_that_are_let_go_at_once_are_a_storm_that_says_so(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    made = silence(world, 60)
    fire(monitoring, 20)
    world.nothing_else()
    silences.expire(SETUP, made, world.now)
    world.settle()
    ada.expect_page("alert 0")
    world.forward(minutes=4)
    world.nothing_else()
    assert Alert.objects.get(dedup_key="k0").group.title == "Storm: 20 alerts of Checkout, the first of them “alert 0”"
    assert Alert.objects.filter(held="storm").count() == 19


def test_one_that_is_let_go_in_calm_weather_pages(world: World, ada: Person, monitoring: Monitoring) -> None:
    silence(world, 2, 'region="eu"')
    monitoring.fires("eu is down", region="eu")
    world.forward(minutes=1)
    monitoring.fires("us is down")
    ada.expect_page("us is down")
    world.forward(minutes=1)
    ada.expect_page("eu is down")
    world.nothing_else()


def test_the_title_of_a_storm_is_no_longer_than_one_may_be(world: World, ada: Person, monitoring: Monitoring) -> None:
    for number in range(10):
        monitoring.source.triggers(f"k{number}", "critical", "x" * 1024, at=world.now)
    world.settle()
    ada.expect_page("xxx")
    title = AlertGroup.objects.get(title__startswith="Storm").title
    assert len(title) == 1024
    assert title.endswith("x…”")

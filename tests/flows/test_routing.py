"""Where alerts go, how urgent they are there, and with which they are grouped."""

from datetime import time

import pytest

from tests.flows.test_silences import silence
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Alert, AlertGroup, Outcome
from tocsin.core.signals import Urgency
from tocsin.health.problems import open_problems
from tocsin.rules import editions
from tocsin.rules.models import Route
from tocsin.rules.routing import save_route
from tocsin.rules.urgency import save_urgency_rule
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    made = world.monitoring(world.policy([ada], delay=600))
    Integration.objects.update(is_routed=True)
    return made


def test_a_route_with_continue_leaves_the_rest_to_later_ones(
    world: World, ada: Person, grace: Person, monitoring: Monitoring
) -> None:
    databases = world.monitoring(world.policy([grace], delay=600), "Databases").service
    save_route(SETUP, None, world.now, name="Backups", matchers='job="backup"', goes_on=True, urgency="low")
    save_route(SETUP, None, world.now, name="Team db", matchers='team="db"', service=databases)
    monitoring.fires("backup failed", job="backup", team="db")
    page = grace.expect_page("backup failed")
    assert page.title == "Databases: backup failed"
    group = world.group()
    assert (group.service, group.urgency) == (databases, Urgency.LOW)
    assert Outcome.objects.get().why == "Routed by “Backups”, then “Team db”."
    assert "Routed by “Backups”, then “Team db”." in group.entries.get(kind="opened").text
    monitoring.fires("web failed", team="web")
    ada.expect_page("Checkout: web failed")
    world.nothing_else()


def test_a_route_may_name_another_policy(world: World, ada: Person, grace: Person, monitoring: Monitoring) -> None:
    other = world.policy([grace], delay=600)
    save_route(SETUP, None, world.now, name="Grace's", matchers='team="db"', policy=other)
    monitoring.fires("backup failed", team="db")
    grace.expect_page("Checkout: backup failed")
    world.nothing_else()
    assert world.group().policy == other


def test_what_is_not_routed_stays_with_its_service(world: World, ada: Person, monitoring: Monitoring) -> None:
    databases = world.monitoring(world.policy([ada], delay=600), "Databases").service
    save_route(SETUP, None, world.now, name="All", matchers="", service=databases)
    Integration.objects.update(is_routed=False)
    monitoring.fires("checkout is down")
    ada.expect_page("Checkout: checkout is down")


def test_business_hours_decide_the_urgency(world: World, ada: Person, monitoring: Monitoring) -> None:
    save_urgency_rule(
        SETUP, None, world.now, name="Reports", urgency=Urgency.HIGH, matchers='team="reports"',
        otherwise=Urgency.NONE, weekdays=(0, 1, 2, 3, 4), starts=time(9), ends=time(17), zone="Europe/Berlin",
    )  # fmt: skip
    monitoring.fires("report is late", "warning", team="reports")  # 13:00 in Berlin, on a Wednesday
    ada.expect_page("report is late")
    assert world.group().urgency == Urgency.HIGH
    world.forward(minutes=4 * 60)
    monitoring.fires("another is late", "critical", team="reports")
    world.nothing_else()
    assert monitoring.source.reasons() == ["opened", "recorded"]
    assert Outcome.objects.order_by("-event_id")[0].why.startswith(
        "Rule “Reports” gives it no urgency outside its hours"
    )


def office(world: World, otherwise: Urgency, matchers: str = "") -> None:
    """High from one to five."""
    save_urgency_rule(
        SETUP, None, world.now, name="Office", urgency=Urgency.HIGH, matchers=matchers, otherwise=otherwise,
        starts=time(13), ends=time(17),
    )  # fmt: skip


def test_what_is_still_open_when_its_hours_begin_pages(world: World, ada: Person, monitoring: Monitoring) -> None:
    office(world, Urgency.NONE)
    monitoring.fires("batch is stuck")  # at noon
    world.forward(minutes=30)
    monitoring.fires("batch is stuck")
    world.forward(minutes=29)
    world.nothing_else()
    world.forward(minutes=1)
    assert "Critical" in ada.expect_page("batch is stuck").text
    world.nothing_else()
    assert (world.group().urgency, Alert.objects.get().urgency) == (Urgency.HIGH, Urgency.HIGH)
    text = world.group().entries.get(kind="urgency").text
    assert text == (
        "“batch is stuck” has high urgency now. Rule “Office” gives it high urgency in its hours (13:00–17:00 UTC)."
    )
    world.forward(minutes=3 * 60)
    monitoring.fires("batch is stuck")
    world.nothing_else()


def test_what_resolves_before_its_hours_begin_never_pages(world: World, ada: Person, monitoring: Monitoring) -> None:
    office(world, Urgency.NONE)
    monitoring.fires("batch is stuck")
    world.forward(minutes=30)
    monitoring.recovers("batch is stuck")
    world.forward(minutes=24 * 60)
    world.nothing_else()


def test_an_escalation_under_way_goes_on_when_its_hours_end(
    world: World, ada: Person, grace: Person, monitoring: Monitoring
) -> None:
    monitoring.service.policy = world.policy([ada], [grace], delay=120)
    monitoring.service.save()
    world.forward(minutes=4 * 60)  # four o'clock
    office(world, Urgency.NONE)
    monitoring.fires("batch is stuck")
    ada.expect_page("batch is stuck")
    world.forward(minutes=119)  # the hours have ended
    assert (world.group().urgency, Alert.objects.get().urgency) == (Urgency.HIGH, Urgency.NONE)
    world.nothing_else()
    world.forward(minutes=1)
    grace.expect_page("batch is stuck")
    grace.acknowledges()
    world.forward(minutes=29)
    world.nothing_else()


def test_what_gets_urgent_by_the_hour_pages_again_and_only_once(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    monitoring.service.policy = world.policy([ada], delay=1440, ack_timeout=2880)
    monitoring.service.save()
    office(world, Urgency.LOW)
    monitoring.fires("batch is stuck")
    assert ada.expect_page("batch is stuck").urgency == Urgency.LOW
    world.forward(minutes=60)
    assert ada.expect_page("batch is stuck").urgency == Urgency.HIGH
    ada.acknowledges()
    world.forward(minutes=47 * 60)  # on the next day it is as urgent as it has been already
    world.nothing_else()


def test_a_silence_holds_what_gets_urgent_by_the_hour(world: World, ada: Person, monitoring: Monitoring) -> None:
    office(world, Urgency.NONE)
    silence(world, 90)
    monitoring.fires("batch is stuck")
    world.forward(minutes=89)
    world.nothing_else()
    world.forward(minutes=1)
    ada.expect_page("batch is stuck")
    silence(world, 5 * 60)
    world.forward(minutes=5 * 60)  # when this one ends so have the hours
    world.nothing_else()


def test_many_that_get_urgent_at_once_are_a_storm(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.service.storm_threshold = 5
    monitoring.service.save()
    office(world, Urgency.NONE)
    for number in range(20):
        monitoring.fires(f"batch {number} is stuck")
    world.forward(minutes=60)
    ada.expect_page("Storm: 20 alerts of Checkout, the first of them “batch 0 is stuck”")
    world.forward(minutes=3)
    world.nothing_else()


def test_an_urgency_by_route_is_not_a_matter_of_hours(world: World, ada: Person, monitoring: Monitoring) -> None:
    save_route(SETUP, None, world.now, name="Quiet", matchers='team="db"', urgency="none")
    office(world, Urgency.LOW)
    monitoring.fires("backup failed", team="db")
    world.forward(minutes=24 * 60)
    world.nothing_else()


def test_info_pages_when_a_rule_says_so(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires("for your information", "info")
    world.nothing_else()
    save_urgency_rule(SETUP, None, world.now, name="Loud", urgency=Urgency.HIGH, matchers='severity="info"')
    monitoring.fires("read this now", "info")
    ada.expect_page("read this now")
    ada.expect_page("for your information")  # the rule is for what is open, too
    world.nothing_else()


def test_alerts_are_grouped_by_the_fields_that_the_service_chose(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    monitoring.service.group_minutes, monitoring.service.group_by = 10, ["cluster"]
    monitoring.service.save()
    monitoring.fires("eu one", cluster="eu")
    monitoring.fires("us one", cluster="us")
    monitoring.fires("eu two", cluster="eu")
    monitoring.fires("us two", cluster="us")
    ada.expect_page("eu one")
    ada.expect_page("us one")
    world.nothing_else()
    assert list(AlertGroup.objects.order_by("id").values_list("key", "alert_count")) == [
        ('cluster="eu"', 2), ('cluster="us"', 2),
    ]  # fmt: skip
    world.forward(minutes=11)
    monitoring.fires("eu three", cluster="eu")
    ada.expect_page("eu three")  # the window is over
    world.nothing_else()


def test_a_group_collects_for_as_long_as_its_service_says(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.service.group_minutes, monitoring.service.group_hours = 50, 1
    monitoring.service.save()
    for number in range(3):
        monitoring.fires(f"alert {number}")
        world.forward(minutes=40)
    ada.expect_page("alert 0")
    ada.expect_page("alert 2")
    world.nothing_else()


def _broken(name: str) -> None:
    Route.objects.filter(name=name).update(matchers="what is this")
    with editions.edited():
        pass


def test_one_route_that_cannot_be_read_takes_no_other_with_it(
    world: World, ada: Person, grace: Person, monitoring: Monitoring
) -> None:
    world.owner()
    databases = world.monitoring(world.policy([grace], delay=600), "Databases").service
    backups = save_route(SETUP, None, world.now, name="Backups", matchers='job="backup"', service=databases)
    save_route(SETUP, None, world.now, name="Broken", matchers='team="web"', urgency="low")
    save_route(SETUP, None, world.now, name="Team db", matchers='team="db"', service=databases)
    save_route(SETUP, None, world.now, name="Nightly", matchers='when="night"', parent=backups, urgency="low")
    _broken("Broken")
    _broken("Nightly")
    monitoring.fires("disk is full", team="db")
    grace.expect_page("Databases: disk is full")  # a later one is still asked
    monitoring.fires("backup failed", job="backup", when="night")
    grace.expect_page("Databases: backup failed")  # to the one above it
    monitoring.fires("web failed", team="web")
    ada.expect_page("Checkout: web failed")  # to its integration's own service
    world.nothing_else()
    last = Outcome.objects.order_by("-event_id")[0]
    passed = "The route “Broken” cannot be read and was passed over."
    assert last.why.startswith(f"No route matches: it goes to its integration's own service. {passed}")
    assert {p.title for p in open_problems()} == {"A route cannot be read"}
    save_route(SETUP, Route.objects.get(name="Broken"), world.now, name="Broken", matchers='team="web"')
    save_route(SETUP, Route.objects.get(name="Nightly"), world.now, name="Nightly", parent=backups)
    world.settle()
    assert not open_problems()


def test_nobody_is_kept_from_a_page_by_what_comes_after_a_route_that_cannot_be_read(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    world.owner()
    save_route(SETUP, None, world.now, name="Noise", matchers='noise="1"', urgency="none")
    save_route(SETUP, None, world.now, name="Pay", matchers='team="pay"', urgency="high")
    save_route(SETUP, None, world.now, name="The rest", urgency="none")
    monitoring.fires("nothing of interest")
    world.nothing_else()
    _broken("Pay")
    world.settle()
    ada.expect_page("nothing of interest")  # nobody knows any more
    monitoring.fires("it hums", noise="1")
    world.nothing_else()  # decided before
    monitoring.fires("payments are down", team="pay")
    ada.expect_page("payments are down")

"""Where alerts go, how urgent they are there, and with which they are grouped."""

from datetime import time

import pytest

from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import AlertGroup, Outcome
from tocsin.core.signals import Urgency
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


def test_info_pages_when_a_rule_says_so(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires("for your information", "info")
    world.nothing_else()
    save_urgency_rule(SETUP, None, world.now, name="Loud", urgency=Urgency.HIGH, matchers='severity="info"')
    monitoring.fires("read this now", "info")
    ada.expect_page("read this now")
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

"""Rows that cannot be run as they are: they stop nobody else, and somebody hears of them."""

import pytest

from tests.apps import domain
from tests.world import Monitoring, Person, World
from tocsin.health.problems import open_problems
from tocsin.paging.models import Escalation
from tocsin.policies.models import PolicyVersion
from tocsin.schedules.models import Schedule


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner("Olga")


def two(world: World) -> tuple[Person, Monitoring, Person, Monitoring]:
    """Two services, each with its own person."""
    ada, grace = world.person("Ada"), world.person("Grace")
    checkout = world.monitoring(world.policy([ada], [ada]), "Checkout")
    search = world.monitoring(world.policy([grace], [grace]), "Search")
    return ada, checkout, grace, search


@pytest.mark.parametrize(
    "body",
    [
        {},  # nothing of a policy in it
        {"policy": "x", "steps": [{"delay_seconds": 60, "targets": [{"kind": "robot", "id": 1, "name": "R2"}]}]},
        {"policy": "x", "steps": 5, "repeats": 0, "catch_all": []},  # of the wrong kind
        [],  # not even an object
        "a text",
    ],
    ids=["empty", "unknown-target", "no-list", "list", "text"],
)
def test_an_unreadable_snapshot_pages_the_owners_and_stops_nobody(world: World, olga: Person, body: object) -> None:
    ada, checkout, grace, search = two(world)
    checkout.fires("checkout is down")
    ada.expect_page("checkout")
    search.fires("search is down")
    grace.expect_page("search")
    broken = Escalation.objects.get(group__service=checkout.service)
    PolicyVersion.objects.filter(pk=broken.snapshot_id).update(body=body)
    world.forward(minutes=5)
    olga.expect_page("checkout is down")
    grace.expect_page("search is down")
    world.nothing_else()
    assert f"escalation {broken.pk}" in [p.key for p in open_problems()]
    broken.refresh_from_db()
    assert "cannot be read" in broken.error


def test_one_in_quarantine_is_answered_like_any_other(world: World, olga: Person) -> None:
    ada, checkout, *_ = two(world)
    checkout.fires()
    ada.expect_page("checkout")
    PolicyVersion.objects.update(body={})
    world.forward(minutes=5)
    olga.expect_page("checkout")
    world.forward(minutes=30)
    olga.expect_page("checkout")
    ada.acknowledges()
    world.forward(minutes=20)
    world.nothing_else()
    checkout.recovers()
    assert list(open_problems()) == []


def test_an_unloadable_zone_of_a_schedule_goes_on_to_the_next_step_and_shows_a_banner(
    world: World, olga: Person
) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    nights = domain.schedule("Nights", domain.weekly(ada.user))
    monitoring = world.monitoring(world.policy([nights], [grace]))
    Schedule.objects.filter(pk=nights.pk).update(time_zone="Mars/Olympus")
    monitoring.fires()
    grace.expect_page("checkout")
    world.nothing_else()
    assert any("Nights" in p.title + p.detail for p in open_problems())


def test_an_unloadable_zone_of_a_person_does_not_keep_the_page_from_them(world: World, olga: Person) -> None:
    ada = world.person("Ada", zone="Mars/Olympus")
    world.monitoring(world.policy([ada])).fires()
    assert "UTC" in ada.expect_page("checkout").text


def test_a_person_who_is_deleted_is_passed_over(world: World, olga: Person) -> None:
    ada, checkout, grace, search = two(world)
    ada.user.delete()
    checkout.fires("checkout is down")
    search.fires("search is down")
    olga.expect_page("checkout")
    grace.expect_page("search")
    world.nothing_else()


def test_a_row_that_no_batch_can_take_is_run_alone_as_an_emergency(world: World, olga: Person) -> None:
    ada, checkout, grace, search = two(world)
    checkout.fires("checkout is down")
    search.fires("search is down")
    ada.expect_page("checkout")
    grace.expect_page("search")
    broken = Escalation.objects.get(group__service=checkout.service)
    far = {"delay_seconds": 10**12, "targets": [{"kind": "user", "id": ada.user.pk, "name": "Ada"}]}
    body = broken.snapshot.body
    body["steps"] = [body["steps"][0], far]  # the next due time lies beyond the end of all calendars
    PolicyVersion.objects.filter(pk=broken.snapshot_id).update(body=body)
    world.forward(minutes=5)
    olga.expect_page("checkout is down")
    grace.expect_page("search is down")
    world.nothing_else()
    assert f"escalation {broken.pk}" in [p.key for p in open_problems()]

"""Rows that cannot be run as they are: they stop nobody else, and somebody hears of them."""

from datetime import timedelta

import pytest
from django.db import connection

from tests import databases
from tests.apps import domain
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Outcome, Quarantine
from tocsin.core.signals import Urgency
from tocsin.health.problems import open_problems
from tocsin.paging.models import Escalation
from tocsin.policies.models import PolicyVersion
from tocsin.rules import editions, inhibitions, maintenance, routing, silences, urgency
from tocsin.rules.models import Inhibition, Maintenance, Route, Silence, UrgencyRule
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


def break_a_time(silence: Silence) -> None:
    """The database keeps it, and no program can read it: beyond the year 9999, or in a month that there is not."""
    written = "9999-12-31 23:59:59-01:00" if databases.IS_POSTGRESQL else "2026-13-45 00:00:00"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE rules_silence SET updated_at = %s WHERE id = %s", [written, silence.pk])


def silence(world: World, matchers: str) -> Silence:
    return silences.create_silence(SETUP, matchers, world.now, world.now + timedelta(hours=1), "Known.", world.now)


def titles() -> set[str]:
    return {problem.title for problem in open_problems()}


def test_a_silence_that_cannot_be_loaded_stops_no_page_and_no_other_silence(world: World, olga: Person) -> None:
    ada, checkout, grace, search = two(world)
    broken = silence(world, 'summary="checkout is down"')
    silence(world, 'summary="checkout is slow"')
    break_a_time(broken)
    checkout.fires("checkout is slow")
    world.nothing_else()
    checkout.fires("checkout is down")
    ada.expect_page("checkout is down")
    search.fires("search is down")
    grace.expect_page("search is down")
    world.nothing_else()
    assert not Quarantine.objects.exists()
    (problem,) = open_problems()
    assert problem.title == "A silence cannot be read"
    assert "checkout is down" in problem.detail
    Silence.objects.filter(pk=broken.pk).delete()
    with editions.edited():
        pass
    world.settle()
    assert not titles()


def bad_rules(world: World) -> None:
    """Of every kind a good one, and one that somebody has written by hand."""
    now, day = world.now, {"weekdays": [0, 1, 2, 3, 4, 5, 6]}
    for name in ("good", "bad"):
        matchers = f'summary="{name} maintenance"'
        hours = {"opens": now.time(), "minutes": 60, "zone": "UTC"}
        maintenance.create_maintenance(SETUP, [], now, name=name, matchers=matchers, **hours, **day)
        inhibitions.save_inhibition(SETUP, None, now, name=name, source='a="1"', target=f'b="{name}"', equal=["host"])
        urgency.save_urgency_rule(
            SETUP, None, now, name=name, matchers=f'summary="{name} urgency"', urgency=Urgency.NONE, weekdays=[2]
        )
    routing.save_route(SETUP, None, now, name="bad", matchers='summary="routed"')


@pytest.mark.parametrize(
    ("model", "changes", "title"),
    [
        (Maintenance, {"weekdays": [[1]]}, "A maintenance window cannot be read"),
        (Maintenance, {"weekdays": 5}, "A maintenance window cannot be read"),
        (Maintenance, {"zone": "Mars/Olympus"}, "A maintenance window cannot be read"),
        (Maintenance, {"opens": None}, "A maintenance window cannot be read"),
        (Inhibition, {"equal": [["host"]]}, "An inhibition rule cannot be read"),
        (Inhibition, {"equal": 5}, "An inhibition rule cannot be read"),
        (UrgencyRule, {"weekdays": 5}, "An urgency rule cannot be read"),
        (UrgencyRule, {"weekdays": ["Monday"]}, "An urgency rule cannot be read"),
        (UrgencyRule, {"urgency": "loud"}, "An urgency rule cannot be read"),
        (Route, {"urgency": "loud"}, "The routing tree cannot be read"),
        (Route, {"matchers": "("}, "The routing tree cannot be read"),
    ],
)
def test_a_rule_that_cannot_decide_is_left_out_and_named(
    world: World, olga: Person, model: type[Maintenance], changes: dict[str, object], title: str
) -> None:
    ada, checkout, *_ = two(world)
    bad_rules(world)
    model.objects.filter(name="bad").update(**changes)
    with editions.edited():
        pass
    for summary in ("bad maintenance", "bad urgency", "routed"):
        checkout.fires(summary)
    arrived = {content.title.split(": ")[-1] for _, content in world.network.arrived}
    assert "routed" in arrived
    world.network.arrived.clear()
    for summary in ("good maintenance", "good urgency"):
        checkout.fires(summary)
    world.nothing_else()
    assert checkout.source.reasons()[-2:] == ["in maintenance", "recorded"]
    assert not Quarantine.objects.exists()
    assert title in titles()
    assert ada


def test_what_no_rule_can_be_applied_to_pages_and_says_why(
    world: World, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a rule fails for: it is not the message's fault, and nobody is kept from hearing of it."""
    ada, checkout, grace, search = two(world)
    silence(world, 'summary="nothing of this"')

    def fail(*_: object) -> None:
        raise OverflowError("date value out of range")

    monkeypatch.setattr("tocsin.alerts.gate.silenced", fail)
    checkout.fires("checkout is down")
    search.fires("search is down")
    ada.expect_page("checkout is down")
    grace.expect_page("search is down")
    world.nothing_else()
    assert not Quarantine.objects.exists()
    why = set(Outcome.objects.values_list("why", flat=True))
    said = "The rules could not be applied to it (OverflowError: date value out of range), so that none of them held it"
    assert why == {f"{said} back or sent it elsewhere."}
    assert "rules" in world.history()
    assert "The rules could not be applied to an alert" in titles()
    monkeypatch.undo()
    silence(world, 'summary="nor of this"')
    world.settle()
    assert "The rules could not be applied to an alert" not in titles()

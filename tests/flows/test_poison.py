"""Rows that cannot be run as they are: they stop nobody else, and somebody hears of them."""

from datetime import timedelta

import pytest
from django.db import connection

from tests import databases
from tests.apps import domain
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts import actions
from tocsin.alerts.models import Alert, AlertGroup, Event, Outcome, Quarantine
from tocsin.alerts.quarantine import ALERT
from tocsin.core.permissions import NOBODY, Denied
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
        (Route, {"urgency": "loud"}, "A route cannot be read"),
        (Route, {"matchers": "("}, "A route cannot be read"),
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
    assert why == {f"Critical alerts have high urgency. {said} back or sent it elsewhere."}
    assert "rules" in world.history()
    assert "The rules could not be applied to an alert" in titles()
    monkeypatch.undo()
    silence(world, 'summary="nor of this"')
    world.settle()
    assert "The rules could not be applied to an alert" not in titles()


def unreadable(world: World, monitoring: Monitoring, count: int = 1) -> list[Event]:
    """Messages that nothing can be made of come in."""
    sent = [monitoring.source.sends(b"{ this is not JSON", at=world.now) for _ in range(count)]
    world.settle()
    return sent


def mend(event: Event) -> None:
    """What was wrong with it is put right."""
    good = b'{"event_action": "trigger", "dedup_key": "k", "payload": {"summary": "disk is full", "source": "d", '
    Event.objects.filter(pk=event.pk).update(body=good + b'"severity": "critical"}}')


def test_messages_that_cannot_be_read_are_one_page_to_whoever_is_on_call(world: World) -> None:
    ada, checkout, grace, search = two(world)
    unreadable(world, checkout)
    page = ada.expect_page("Messages from Monitoring cannot be read")
    assert page.ack_url
    world.nothing_else()
    alert = Alert.objects.get()
    assert (alert.severity, alert.integration, alert.group.service) == (
        "error", checkout.source.integration, checkout.service
    )  # fmt: skip
    assert [link["href"].rsplit("/events", 1)[1] for link in alert.links] == ["/quarantined/"]
    ada.acknowledges()
    for _ in range(4):
        unreadable(world, checkout, 250)
    world.nothing_else()
    assert (AlertGroup.objects.count(), Quarantine.objects.count()) == (1, 1001)
    unreadable(world, search)
    grace.expect_page("Messages from Monitoring cannot be read")
    world.nothing_else()


def test_it_is_over_when_the_last_of_them_was_read_or_discarded(world: World) -> None:
    ada, checkout, grace, search = two(world)
    first, second = unreadable(world, checkout, 2)
    unreadable(world, search)
    ada.expect_page("cannot be read")
    grace.expect_page("cannot be read")
    mend(first)
    assert actions.requeue_event(ada.actor, first.pk, world.now)
    world.settle()
    ada.expect_page("disk is full")
    alert = Alert.objects.get(dedup_key=ALERT, group__service=checkout.service)
    assert alert.state == "triggered"
    assert actions.discard_event(ada.actor, second.pk, world.now)
    assert not actions.discard_event(ada.actor, second.pk, world.now)
    with pytest.raises(Denied):
        actions.discard_event(NOBODY, second.pk, world.now)
    world.settle()
    alert.refresh_from_db()
    assert alert.state == "resolved"
    assert [(o.reason, o.why) for o in second.outcomes.all()] == [("discarded", "By Ada.")]
    assert Alert.objects.get(dedup_key=ALERT, group__service=search.service).state == "triggered"
    world.nothing_else()


def test_one_that_was_tried_again_in_vain_leaves_it_open_and_pages_nobody_anew(world: World) -> None:
    ada, checkout, *_ = two(world)
    (event,) = unreadable(world, checkout)
    ada.expect_page("cannot be read")
    ada.acknowledges()
    for _ in range(3):
        assert actions.requeue_event(ada.actor, event.pk, world.now)
        world.settle()
    world.nothing_else()
    assert Alert.objects.get().state == "acknowledged"
    assert "others are still in quarantine" in checkout.source.reasons()
    assert Quarantine.objects.get().pk == event.pk


def test_it_can_be_silenced_and_routed_like_any_other_alert(world: World) -> None:
    ada, checkout, grace, search = two(world)
    silence(world, f'dedup_key="{ALERT}", service="checkout"')
    unreadable(world, checkout)
    world.nothing_else()
    assert Alert.objects.get().held == "silence"
    world.forward(minutes=60)
    ada.expect_page("cannot be read")
    checkout.source.integration.is_routed = True
    checkout.source.integration.save()
    Alert.objects.all().delete()
    routing.save_route(SETUP, None, world.now, name="Ours", matchers='source="Tocsin"', service=search.service)
    unreadable(world, checkout)
    grace.expect_page("cannot be read")
    world.nothing_else()


def test_an_alert_of_it_that_cannot_be_paged_is_not_told_again_and_again(
    world: World, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, checkout, *_ = two(world)

    def fail(*_: object) -> None:
        raise LookupError("no such policy")

    monkeypatch.setattr("tocsin.alerts.ledger.Ledger.hear", fail)
    unreadable(world, checkout)
    checkout.fires("checkout is down")
    assert Quarantine.objects.count() == 4  # both, and that they cannot be read
    assert Event.objects.count() == 4
    world.nothing_else()

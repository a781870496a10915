"""Silences and maintenance: what they hold back pages nobody, and pages when they end."""

from datetime import timedelta

import pytest

from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Alert, Outcome
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Urgency
from tocsin.rules import maintenance, rulebook, silences
from tocsin.rules.models import Silence
from tocsin.rules.urgency import save_urgency_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada]))


def silence(world: World, minutes: float, matchers: str = 'severity="critical"', after: float = 0) -> Silence:
    starts = world.now + timedelta(minutes=after)
    made = silences.create_silence(
        SETUP, matchers, starts, starts + timedelta(minutes=minutes), "Moving the database.", world.now
    )
    world.settle()
    return made


def why() -> str:
    return Outcome.objects.order_by("-event_id")[0].why


def test_a_silenced_alert_pages_nobody_and_pages_when_the_silence_ends(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    silence(world, 60)
    monitoring.fires("checkout is down")
    world.forward(minutes=59)
    world.nothing_else()
    group, alert = world.group(), Alert.objects.get()
    assert (group.urgency, group.held, group.state) == (Urgency.NONE, "silence", GroupState.TRIGGERED)
    assert alert.held_until == world.now + timedelta(minutes=1)
    assert monitoring.source.reasons() == ["silenced"]
    assert why() == alert.held_reason == "Silenced by test until 2026-03-04 13:00 UTC: Moving the database."
    world.forward(minutes=1)
    ada.expect_page("checkout is down")
    world.nothing_else()
    assert world.history() == ["opened", "released", "paged"]
    assert (world.group().urgency, world.group().held, Alert.objects.get().held) == (Urgency.HIGH, "", "")


def test_a_silence_is_of_what_it_matches_only(world: World, ada: Person, monitoring: Monitoring) -> None:
    silence(world, 60, 'region="eu"')
    monitoring.fires("eu is down", region="eu")
    world.nothing_else()
    monitoring.fires("us is down", region="us")
    ada.expect_page("us is down")
    world.nothing_else()


def test_a_silence_survives_a_restart(world: World, ada: Person, monitoring: Monitoring) -> None:
    silence(world, 60)
    monitoring.fires("checkout is down")
    rulebook._kept.clear()  # what a new process begins with
    world.forward(minutes=30)
    monitoring.fires("payments are down")
    world.nothing_else()
    rulebook._kept.clear()
    world.forward(minutes=30)
    ada.expect_page("checkout is down")
    ada.expect_page("payments are down")
    world.nothing_else()


def test_what_resolves_while_it_is_silenced_never_pages(world: World, monitoring: Monitoring) -> None:
    silence(world, 60)
    monitoring.fires("checkout is down")
    world.forward(minutes=10)
    monitoring.recovers("checkout is down")
    assert world.group().state == GroupState.RESOLVED
    world.forward(minutes=90)
    world.nothing_else()


def test_a_new_silence_stops_paging_what_is_open(world: World, ada: Person, monitoring: Monitoring) -> None:
    grace = world.person("Grace")
    world.monitoring(world.policy([grace]), "Search").fires("search is slow", "error")
    grace.expect_page("search is slow")
    monitoring.fires("checkout is down")
    ada.expect_page("checkout is down")
    made = silence(world, 60)
    world.forward(minutes=4)
    world.nothing_else()
    group = Alert.objects.get(dedup_key="checkout is down").group
    assert (group.urgency, group.held, group.state) == (Urgency.NONE, "silence", GroupState.TRIGGERED)
    texts = list(group.entries.order_by("id").values_list("text", flat=True))
    assert texts[-1] == "All its open alerts are held back: paging has stopped."
    assert texts[-2].startswith("“checkout is down” pages nobody now. Silenced by test until")
    silences.expire(SETUP, made, world.now)
    world.settle()
    ada.expect_page("checkout is down")
    world.nothing_else()


def test_a_silence_that_begins_later_holds_what_is_open_then(world: World, ada: Person, monitoring: Monitoring) -> None:
    silence(world, 60, after=2)
    monitoring.fires("checkout is down")
    ada.expect_page("checkout is down")
    world.forward(minutes=2)
    world.settle()
    assert world.group().held == "silence"
    world.forward(minutes=30)
    world.nothing_else()


def test_a_silence_that_is_made_longer_holds_longer(world: World, ada: Person, monitoring: Monitoring) -> None:
    made = silence(world, 60)
    monitoring.fires("checkout is down")
    silences.extend(SETUP, made, timedelta(minutes=30), world.now)
    world.forward(minutes=89)
    world.nothing_else()
    assert Alert.objects.get().held_until == world.now + timedelta(minutes=1)
    world.forward(minutes=1)
    ada.expect_page("checkout is down")
    world.nothing_else()


def test_a_held_alert_does_not_disturb_who_has_the_group(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.service.group_minutes = 10
    monitoring.service.save()
    monitoring.fires("one", "error")
    ada.expect_page("one")
    ada.acknowledges()
    silence(world, 60)
    monitoring.fires("two", "critical")
    world.forward(minutes=5)
    world.nothing_else()
    assert world.group().state == GroupState.ACKNOWLEDGED
    monitoring.fires("three", "error")
    ada.expect_page("one")  # the group is triggered again
    world.nothing_else()


def test_severity_that_rises_into_a_silence_pages_nobody(world: World, ada: Person, monitoring: Monitoring) -> None:
    silence(world, 60)
    monitoring.fires("disk", "warning", "disk")
    ada.expect_page("disk")
    monitoring.fires("disk", "critical", "disk")
    world.forward(minutes=59)
    world.nothing_else()
    world.forward(minutes=1)
    ada.expect_page("disk")
    assert world.group().severity == "critical"


def test_maintenance_never_blocks_a_resolve(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires("checkout is down")
    ada.expect_page("checkout is down")
    maintenance.create_maintenance(
        SETUP, [monitoring.service], world.now, name="Move", starts_at=world.now,
        ends_at=world.now + timedelta(hours=1),
    )  # fmt: skip
    world.settle()
    monitoring.fires("payments are down")
    assert why() == "Maintenance “Move” goes on until 2026-03-04 13:00 UTC."
    monitoring.recovers("checkout is down")
    monitoring.recovers("payments are down")
    assert {a.state for a in Alert.objects.all()} == {"resolved"}
    world.forward(minutes=120)
    world.nothing_else()


def test_maintenance_that_ends_early_pages_what_is_still_open(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    row = maintenance.create_maintenance(
        SETUP, [monitoring.service], world.now, name="Move", starts_at=world.now,
        ends_at=world.now + timedelta(hours=1),
    )  # fmt: skip
    monitoring.fires("checkout is down")
    world.forward(minutes=5)
    world.nothing_else()
    maintenance.end_early(SETUP, row, world.now)
    world.settle()
    ada.expect_page("checkout is down")
    world.nothing_else()


def test_who_answers_a_held_group_is_paged_when_it_is_let_go(world: World, ada: Person, monitoring: Monitoring) -> None:
    silence(world, 60)
    monitoring.fires("checkout is down")
    ada.acknowledges()
    world.forward(minutes=59)
    world.nothing_else()
    world.forward(minutes=1)
    ada.expect_page("checkout is down")
    assert world.group().state == GroupState.TRIGGERED


def test_a_silence_stops_the_paging_although_something_that_never_pages_is_in_the_group(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    monitoring.service.group_minutes = 600
    monitoring.service.save()
    monitoring.fires("checkout is down")
    ada.expect_page("checkout is down")
    monitoring.fires("a deployment ended", severity="info")  # it is recorded, and pages nobody
    silence(world, 60, 'severity="critical"')
    world.forward(minutes=30)
    world.nothing_else()
    assert (world.group().held, world.history()[-1]) == ("silence", "held")
    monitoring.fires("another deployment ended", severity="info")
    world.forward(minutes=29)
    world.nothing_else()
    assert world.group().held == "silence"
    monitoring.fires("payments are slow", severity="error")  # which nothing holds back
    ada.expect_page("checkout is down")
    ada.acknowledges()
    assert world.group().held == ""
    world.forward(minutes=2)  # the silence is over
    ada.expect_page("checkout is down")
    world.nothing_else()


def test_a_group_of_which_only_what_never_pages_is_left_is_not_held(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    monitoring.service.group_minutes = 600
    monitoring.service.save()
    silence(world, 60, 'severity="critical"')
    monitoring.fires("checkout is down", key="checkout")
    monitoring.fires("a deployment ended", severity="info")
    assert world.group().held == "silence"
    monitoring.recovers("checkout")
    assert (world.group().state, world.group().held) == (GroupState.TRIGGERED, "")
    world.forward(minutes=120)
    world.nothing_else()


def test_a_group_that_pages_for_one_of_its_alerts_is_not_shown_as_held_because_another_is(
    world: World, ada: Person
) -> None:
    monitoring = world.monitoring(world.policy([ada]), group_minutes=10)
    monitoring.fires("a note", "info")
    silence(world, 60, 'severity="warning"')
    monitoring.fires("a warning", "warning")
    assert (world.group().urgency, world.group().held) == (Urgency.NONE, "silence")
    save_urgency_rule(SETUP, None, world.now, name="Notes", matchers='severity="info"', urgency=Urgency.LOW)
    world.settle()
    ada.expect_page("a note")
    assert (world.group().urgency, world.group().held) == (Urgency.LOW, "")

"""Who is paged when nobody answers, and what an answer does."""

import pytest

from tests.world import Monitoring, Person, World
from tocsin.core.escalation import Reason, Status
from tocsin.core.lifecycle import GroupState
from tocsin.health.problems import open_problems
from tocsin.paging import actions


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner("Olga")


@pytest.fixture
def chain(world: World, olga: Person) -> tuple[Person, Person, Person, Monitoring]:
    """Primary, secondary, lead; five minutes each; then the owner."""
    ada, grace, linus = world.person("Ada"), world.person("Grace"), world.person("Linus")
    return ada, grace, linus, world.monitoring(world.policy([ada], [grace], [linus]))


Chain = tuple[Person, Person, Person, Monitoring]


def test_unanswered_it_goes_to_the_secondary_then_the_lead_then_the_catch_all(
    world: World, chain: Chain, olga: Person
) -> None:
    ada, grace, linus, monitoring = chain
    monitoring.fires("checkout is down")
    ada.expect_page("checkout is down")
    world.forward(minutes=4, seconds=59)
    world.nothing_else()
    world.forward(seconds=1)
    grace.expect_page("checkout")
    world.forward(minutes=5)
    linus.expect_page("checkout")
    world.forward(minutes=5)
    olga.expect_page("checkout")
    world.nothing_else()
    assert [p.key for p in open_problems()] == ["pages nobody answers"]
    assert world.history() == ["opened", "paged", "paged", "paged", "paged"]


def test_the_catch_all_is_paged_every_half_hour_until_somebody_answers(
    world: World, chain: Chain, olga: Person
) -> None:
    ada, *_, monitoring = chain
    monitoring.fires()
    world.forward(minutes=15)
    world.network.arrived.clear()
    world.forward(minutes=29)
    world.nothing_else()
    world.forward(minutes=1)
    olga.expect_page("checkout")
    world.forward(minutes=30)
    olga.expect_page("checkout")
    ada.acknowledges()
    world.forward(minutes=29)
    world.nothing_else()
    assert list(open_problems()) == []


def test_steps_repeat_before_the_catch_all(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    world.monitoring(world.policy([ada], repeats=2)).fires()
    world.forward(minutes=10)
    for _ in range(3):
        ada.expect_page("checkout")
    world.nothing_else()
    world.forward(minutes=5)
    olga.expect_page("checkout")
    world.nothing_else()


def test_an_acknowledgement_stops_the_steps(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires()
    ada.expect_page("checkout")
    assert ada.acknowledges().reason is Reason.ACKNOWLEDGED
    world.forward(minutes=29)
    world.nothing_else()
    assert world.group().state == GroupState.ACKNOWLEDGED
    assert world.group().acknowledged_by == ada.user


def test_a_second_acknowledgement_says_that_there_was_a_first(world: World, chain: Chain) -> None:
    ada, grace, _, monitoring = chain
    monitoring.fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    version = world.escalation().version
    assert grace.acknowledges().reason is Reason.ALREADY_ACKNOWLEDGED
    assert world.escalation().version == version
    assert world.group().acknowledged_by == ada.user


def test_an_acknowledgement_runs_out_and_pages_again(world: World, chain: Chain) -> None:
    ada, grace, _, monitoring = chain
    monitoring.fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    world.forward(minutes=30)
    ada.expect_page("checkout")
    assert world.group().state == GroupState.TRIGGERED
    world.forward(minutes=5)
    grace.expect_page("checkout")
    world.nothing_else()
    assert "timed_out" in world.history()


def test_a_resolve_ends_it(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires("checkout is down")
    ada.expect_page("checkout")
    monitoring.recovers("checkout is down")
    world.forward(minutes=60)
    world.nothing_else()
    assert world.group().state == GroupState.RESOLVED
    assert world.escalation().status == Status.ENDED


def test_a_resolve_by_hand_ends_it(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires()
    ada.expect_page("checkout")
    assert actions.resolve(world.group().pk, ada.actor, world.now).reason is Reason.ENDED
    assert actions.resolve(world.group().pk, ada.actor, world.now).reason is Reason.ALREADY_ENDED
    world.forward(minutes=60)
    world.nothing_else()


def test_a_rise_in_severity_pages_again_also_when_acknowledged(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires("checkout is slow", "error")
    ada.expect_page("slow")
    ada.acknowledges()
    world.forward(minutes=1)
    monitoring.fires("checkout is slow", "critical")
    assert ada.expect_page("slow").severity == "critical"
    assert world.group().state == GroupState.TRIGGERED
    world.nothing_else()


def test_it_gets_worse_while_the_only_step_waits_for_an_answer(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]))
    monitoring.fires("checkout is slow", "error")
    ada.expect_page("slow")
    world.forward(minutes=4)
    monitoring.fires("checkout is slow", "critical")
    assert ada.expect_page("slow").severity == "critical"
    world.nothing_else()  # the catch-all not yet: Ada has her five minutes again
    world.forward(minutes=4, seconds=59)
    world.nothing_else()
    world.forward(seconds=1)
    olga.expect_page("slow")
    world.nothing_else()


def test_it_gets_worse_when_the_catch_all_has_been_paged(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]))
    monitoring.fires("checkout is slow", "error")
    world.forward(minutes=5)
    ada.expect_page("slow")
    olga.expect_page("slow")
    monitoring.fires("checkout is slow", "critical")
    assert olga.expect_page("slow").severity == "critical"
    world.nothing_else()


def test_the_same_alert_again_pages_nobody_twice(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires()
    monitoring.fires()
    ada.expect_page("checkout")
    world.nothing_else()


def test_a_trigger_after_a_resolve_is_a_new_page(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires("checkout is down")
    monitoring.recovers("checkout is down")
    monitoring.fires("checkout is down")
    ada.expect_page("checkout")
    ada.expect_page("checkout")
    world.nothing_else()


def test_a_new_alert_in_an_acknowledged_group_pages_again(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]), group_minutes=30)
    monitoring.fires("disk is full", "error")
    ada.expect_page("disk")
    ada.acknowledges()
    monitoring.fires("database is down", "error")
    ada.expect_page("checkout")
    world.nothing_else()
    assert world.escalation().status == Status.RUNNING


def test_taking_an_acknowledgement_back_pages_again(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    assert actions.unacknowledge(world.group().pk, ada.actor, world.now).reason is Reason.RETRIGGERED
    world.settle()
    ada.expect_page("checkout")
    assert world.group().state == GroupState.TRIGGERED
    world.nothing_else()


def test_escalating_by_hand_pages_the_next_step_now(world: World, chain: Chain) -> None:
    ada, grace, linus, monitoring = chain
    monitoring.fires()
    ada.expect_page("checkout")
    actions.escalate(world.group().pk, ada.actor, world.now)
    world.settle()
    grace.expect_page("checkout")
    world.forward(minutes=5)
    linus.expect_page("checkout")
    world.nothing_else()


def test_what_is_only_recorded_pages_nobody_until_somebody_escalates_it(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires("certificate renewed", "info")
    world.forward(minutes=60)
    world.nothing_else()
    actions.escalate(world.group().pk, ada.actor, world.now)
    world.settle()
    ada.expect_page("certificate")
    world.nothing_else()


def test_an_acknowledgement_by_the_monitoring_tool_counts(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    monitoring.fires("checkout is down")
    ada.expect_page("checkout")
    monitoring.source.acknowledges("checkout is down", at=world.now)
    world.forward(minutes=20)
    world.nothing_else()
    assert world.escalation().status == Status.ACKNOWLEDGED


def test_a_running_escalation_keeps_the_policy_it_began_with(world: World, chain: Chain) -> None:
    ada, grace, _, monitoring = chain
    monitoring.fires()
    ada.expect_page("checkout")
    monitoring.service.policy.steps.all().delete()
    world.forward(minutes=5)
    grace.expect_page("checkout")
    world.nothing_else()


def test_delays_of_a_persons_rules_are_kept_and_cancelled_by_an_answer(world: World, olga: Person) -> None:
    ada = world.person("Ada", methods=(0, 60, 180))
    world.monitoring(world.policy([ada])).fires()
    ada.expect_page("checkout")
    world.forward(seconds=59)
    world.nothing_else()
    world.forward(seconds=1)
    ada.expect_page("checkout", at=1)
    ada.acknowledges()
    world.forward(minutes=10)
    world.nothing_else()
    states = world.escalation().notifications.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["sent", "sent", "cancelled"]


def test_an_answer_takes_back_what_waits_for_a_provider(world: World, chain: Chain) -> None:
    ada, *_, monitoring = chain
    ada.provider_is_down()
    monitoring.fires()
    ada.acknowledges()
    ada.provider_is_back()
    world.forward(minutes=20)
    world.nothing_else()
    assert [n.state for n in world.escalation().notifications.all()] == ["cancelled"]

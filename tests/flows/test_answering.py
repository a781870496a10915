"""What people do with a page beside acknowledging it: later, mine, yours, and one more."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.world import SETUP, Monitoring, Person, World
from tocsin.core.escalation import Reason, Status
from tocsin.core.lifecycle import GroupState
from tocsin.paging import actions, handing, timeouts
from tocsin.paging.models import Escalation
from tocsin.people import actions as people
from tocsin.people.problems import Refused
from tocsin.rules import routing, silences

HOUR = timedelta(hours=1)


@pytest.fixture
def ada(world: World) -> Person:
    world.owner()
    return world.person("Ada")


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


@pytest.fixture
def monitoring(world: World, ada: Person, grace: Person) -> Monitoring:
    return world.monitoring(world.policy([ada], [grace], repeats=1))


def snoozes(world: World, person: Person, time: timedelta = HOUR) -> Reason:
    return handing.snooze(world.group().pk, world.now + time, person.actor, world.now).reason


def test_a_snoozed_page_comes_back_when_the_snooze_is_over(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires()
    ada.expect_page("checkout is down")

    # she is on it, but the deploy that mends it takes an hour: longer than an acknowledgement lasts
    assert snoozes(world, ada) is Reason.SNOOZED
    assert snoozes(world, ada) is Reason.ALREADY_ACKNOWLEDGED  # pressed twice
    assert world.history().count("snoozed") == 1
    world.forward(minutes=59)
    world.nothing_else()
    assert world.group().acknowledged_by == ada.user

    # it was not mended: the steps run again
    world.forward(minutes=1)
    ada.expect_page("checkout is down")
    assert world.group().state == GroupState.TRIGGERED
    assert world.group().entries.filter(text__contains="snooze is over").exists()


def test_a_snooze_of_what_somebody_else_acknowledged_is_mine(
    world: World, ada: Person, grace: Person, monitoring: Monitoring
) -> None:
    monitoring.fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    assert snoozes(world, grace, 2 * HOUR) is Reason.SNOOZED
    assert world.group().acknowledged_by == grace.user
    world.forward(minutes=119)  # her acknowledgement would have run out after half an hour
    world.nothing_else()


@pytest.mark.parametrize("time", [timedelta(0), -HOUR, timedelta(days=8)], ids=["now", "past", "too-long"])
def test_a_snooze_without_an_end_in_sight_is_refused(
    world: World, ada: Person, monitoring: Monitoring, time: timedelta
) -> None:
    monitoring.fires()
    ada.expect_page("checkout")
    with pytest.raises(Refused, match="lasts from a minute to a week"):
        snoozes(world, ada, time)
    assert world.group().state == GroupState.TRIGGERED


def test_grace_takes_over_from_ada(world: World, ada: Person, grace: Person, monitoring: Monitoring) -> None:
    monitoring.fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    world.forward(minutes=20)
    took = handing.take_over(world.group().pk, grace.actor, world.now)
    assert took.reason is Reason.TAKEN_OVER
    assert world.group().acknowledged_by == grace.user
    again = handing.take_over(world.group().pk, grace.actor, world.now)
    assert again.reason is Reason.ALREADY_ACKNOWLEDGED
    assert world.history().count("taken_over") == 1

    # her half hour begins when she took it
    world.forward(minutes=29)
    world.nothing_else()
    world.forward(minutes=1)
    ada.expect_page("checkout")


def test_taking_over_what_nobody_has_is_acknowledging_it(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.fires()
    ada.expect_page("checkout")
    assert handing.take_over(world.group().pk, ada.actor, world.now).reason is Reason.ACKNOWLEDGED


def test_a_page_is_given_to_somebody_else(world: World, ada: Person, grace: Person, monitoring: Monitoring) -> None:
    linus = world.person("Linus")
    monitoring.fires()
    ada.expect_page("checkout")
    group = world.group().pk
    ada.acknowledges()

    # it is the database: she gives it to Linus, who is paged at once, and she is not any more
    assert handing.reassign_to_person(group, linus.user.pk, ada.actor, world.now).reason is Reason.REASSIGNED
    assert handing.reassign_to_person(group, linus.user.pk, ada.actor, world.now).reason is Reason.NOT_DUE
    world.settle()
    linus.expect_page("checkout")
    assert world.group().state == GroupState.TRIGGERED
    assert list(Escalation.objects.order_by("pk").values_list("status", "reason")) == [
        (Status.ENDED, Reason.REASSIGNED),
        (Status.RUNNING, Reason.STEP_PAGED),
    ]

    # he does not answer; it never ends in silence
    world.forward(minutes=10)
    linus.expect_page("checkout")
    linus.expect_page("checkout")
    world.forward(minutes=5)
    ((address, _),) = world.network.takes_all()
    assert address.startswith("olga")


def test_a_page_is_given_to_another_team_s_policy(world: World, ada: Person, monitoring: Monitoring) -> None:
    linus = world.person("Linus")
    databases = world.policy([linus])
    monitoring.fires()
    ada.expect_page("checkout")
    assert handing.reassign_to_policy(world.group().pk, databases, ada.actor, world.now).reason is Reason.REASSIGNED
    world.settle()
    linus.expect_page("checkout")
    world.nothing_else()
    linus.acknowledges()
    world.forward(minutes=29)
    world.nothing_else()


def test_nobody_is_given_a_page_that_would_not_reach_them(world: World, ada: Person, monitoring: Monitoring) -> None:
    gone = world.person("Gone")
    people.set_active(world.owner("Root").actor, gone.user, world.now, active=False)
    monitoring.fires()
    ada.expect_page("checkout")
    with pytest.raises(Refused, match="not active"):
        handing.reassign_to_person(world.group().pk, gone.user.pk, ada.actor, world.now)
    with pytest.raises(Refused, match="not active"):
        handing.add_responder(world.group().pk, gone.user.pk, ada.actor, world.now)
    assert world.escalation().status == Status.RUNNING


def test_one_more_responder_is_asked_beside_the_escalation(
    world: World, ada: Person, grace: Person, monitoring: Monitoring
) -> None:
    linus = world.person("Linus")
    monitoring.fires()
    ada.expect_page("checkout")
    ada.acknowledges()

    # she has it, and wants help: Linus is paged, and asked again, while her acknowledgement stands
    group = world.group().pk
    assert handing.add_responder(group, linus.user.pk, ada.actor, world.now).reason is Reason.RESPONDER_ADDED
    assert handing.add_responder(group, linus.user.pk, ada.actor, world.now).reason is Reason.ALREADY_ACKNOWLEDGED
    world.settle()
    linus.expect_page("checkout")
    world.forward(minutes=5)
    page = linus.expect_page("checkout")
    assert world.group().acknowledged_by == ada.user

    # he presses the button; it stays hers, and nobody asks him again
    linus.follows(page)
    assert world.group().acknowledged_by == ada.user
    assert "joined" in world.history()
    world.forward(minutes=20)
    world.nothing_else()


def test_a_responder_who_answers_before_the_page_leaves_is_not_paged(
    world: World, ada: Person, grace: Person, monitoring: Monitoring
) -> None:
    monitoring.fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    handing.add_responder(world.group().pk, grace.user.pk, ada.actor, world.now)
    grace.acknowledges()
    assert world.history()[-1] == "joined"
    world.forward(minutes=20)
    world.nothing_else()


def test_who_it_is_given_to_does_not_answer_then_the_catch_all_of_its_route_is_paged(
    world: World, ada: Person, grace: Person, monitoring: Monitoring
) -> None:
    rita = world.person("Rita")
    type(monitoring.source.integration).objects.update(is_routed=True)
    routed = world.policy([ada], catch_all=[rita])
    routing.save_route(SETUP, None, world.now, name="Critical", matchers='severity="critical"', policy=routed)
    silences.create_silence(SETUP, 'severity="critical"', world.now, world.now + 10 * HOUR, "Moving.", world.now)
    monitoring.fires()
    handing.reassign_to_person(world.group().pk, grace.user.pk, ada.actor, world.now)
    world.forward(minutes=14)
    for _ in range(3):
        grace.expect_page("checkout")
    world.forward(minutes=1)
    rita.expect_page("checkout")
    world.nothing_else()


def test_a_responder_who_does_not_answer_is_not_asked_for_ever(
    world: World, ada: Person, monitoring: Monitoring
) -> None:
    linus = world.person("Linus")
    monitoring.fires()
    ada.expect_page("checkout")
    ada.acknowledges()
    handing.add_responder(world.group().pk, linus.user.pk, ada.actor, world.now)
    world.forward(minutes=20)
    for _ in range(3):
        linus.expect_page("checkout")
    world.nothing_else()
    assert world.history()[-1] == "unanswered"


def test_when_it_is_over_nobody_is_asked_to_help(world: World, ada: Person, monitoring: Monitoring) -> None:
    linus = world.person("Linus")
    for ends in (monitoring.recovers, lambda: actions.resolve(world.group().pk, ada.actor, world.now)):
        monitoring.fires()
        ada.expect_page("checkout")
        handing.add_responder(world.group().pk, linus.user.pk, ada.actor, world.now)
        world.settle()
        linus.expect_page("checkout")
        ends()
        world.forward(minutes=30)
        world.nothing_else()
        assert not Escalation.objects.exclude(status=Status.ENDED).exists()


ACTS: dict[str, Callable[[int, Person, Person, World], Reason]] = {
    "snooze": lambda pk, me, _other, world: handing.snooze(pk, world.now + HOUR, me.actor, world.now).reason,
    "take_over": lambda pk, me, _other, world: handing.take_over(pk, me.actor, world.now).reason,
    "reassign": lambda pk, me, other, world: handing.reassign_to_person(pk, other.user.pk, me.actor, world.now).reason,
    "responder": lambda pk, me, other, world: handing.add_responder(pk, other.user.pk, me.actor, world.now).reason,
    "escalate": lambda pk, me, _other, world: actions.escalate(pk, me.actor, world.now).reason,
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_done_to_what_is_over(
    world: World, ada: Person, grace: Person, monitoring: Monitoring, act: str
) -> None:
    monitoring.fires()
    ada.expect_page("checkout")
    actions.resolve(world.group().pk, ada.actor, world.now)
    before = world.history()
    assert ACTS[act](world.group().pk, ada, grace, world) is Reason.ALREADY_ENDED
    world.forward(minutes=30)
    world.nothing_else()
    assert world.history() == before


@pytest.mark.parametrize("how", ["acknowledged", "snoozed"])
def test_what_somebody_answered_who_is_not_active_any_more_pages_again(world: World, how: str) -> None:
    olga, ada, grace = world.owner(), world.person("Ada"), world.person("Grace")
    world.monitoring(world.policy([ada], [grace], ack_timeout=0)).fires()
    ada.expect_page("checkout")
    group = world.group()
    if how == "snoozed":
        handing.snooze(group.pk, world.now + timedelta(days=1), ada.actor, world.now)
    else:
        ada.acknowledges()
    world.forward(minutes=60)
    assert timeouts.orphan(world.now) == 0
    people.set_active(olga.actor, ada.user, world.now, active=False)
    assert timeouts.orphan(world.now) == 1
    world.settle()
    grace.expect_page("checkout")  # the first step reaches nobody any more
    assert timeouts.orphan(world.now) == 0
    assert "Ada acknowledged it and is not active any more" in world.group().entries.get(kind="timed_out").text

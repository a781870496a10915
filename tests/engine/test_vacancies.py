"""Somebody leaves, and a policy still names them."""

import pytest

from tests.world import SETUP, Monitoring, Person, World
from tocsin.engine import vacancies
from tocsin.health.problems import open_problems
from tocsin.people import actions as people
from tocsin.policies.actions import StepSpec, save_steps
from tocsin.policies.models import EscalationPolicy


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


@pytest.fixture
def policy(world: World, ada: Person, grace: Person) -> EscalationPolicy:
    return world.policy([ada], [grace])


@pytest.fixture
def checkout(world: World, policy: EscalationPolicy) -> Monitoring:
    return world.monitoring(policy)


def shown(world: World) -> list[tuple[str, str]]:
    vacancies.tell(world.now)
    return [(p.title, p.detail) for p in open_problems()]


def leaves(person: Person, how: str) -> None:
    if how == "deleted":
        person.user.delete()
    else:
        type(person.user).objects.filter(pk=person.user.pk).update(is_active=False)


@pytest.mark.parametrize("how", ["deleted", "deactivated"])
def test_a_policy_in_use_that_names_somebody_who_left_is_shown_until_it_is_repaired(
    world: World, ada: Person, grace: Person, policy: EscalationPolicy, checkout: Monitoring, how: str
) -> None:
    assert shown(world) == []
    leaves(ada, how)
    ((title, detail),) = shown(world)
    assert policy.name in title
    assert "Step 1" in detail
    assert shown(world) == [(title, detail)]
    steps = [StepSpec(delay_minutes=5, targets=(grace.target,))]
    save_steps(SETUP, policy, steps, (), world.now)
    assert shown(world) == []


@pytest.mark.parametrize("how", ["deleted", "deactivated"])
def test_so_is_an_escalation_that_runs_until_it_ends(
    world: World, ada: Person, grace: Person, policy: EscalationPolicy, checkout: Monitoring, how: str
) -> None:
    checkout.fires()
    ada.expect_page("checkout")
    leaves(grace, how)
    save_steps(
        SETUP, policy, [StepSpec(delay_minutes=5, targets=(ada.target,))], (), world.now
    )  # too late for that one
    ((title, detail),) = shown(world)
    assert "is escalated to somebody who is gone" in title
    assert "Grace is not active any more" in detail
    checkout.recovers()
    assert shown(world) == []


def test_a_policy_that_nothing_uses_may_name_anybody(world: World, ada: Person, policy: EscalationPolicy) -> None:
    leaves(ada, "deactivated")
    assert shown(world) == []


def test_a_team_without_members_is_shown(world: World, ada: Person) -> None:
    team = world.team("Night")
    world.monitoring(world.policy([team], [ada]))
    ((_, detail),) = shown(world)
    assert "the team Night has no active members" in detail
    people.set_members(SETUP, team, [ada.user.pk], world.now)
    assert shown(world) == []

"""Two people who edit one thing at once: neither undoes what the other has saved without knowing."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.apps import domain
from tests.pages.desk import at_the_desk, living, text_of
from tests.world import Person, World
from tocsin.people import actions as people
from tocsin.policies.actions import StepSpec, save_steps
from tocsin.policies.models import EscalationPolicy
from tocsin.policies.snapshots import snapshot_of

pytestmark = pytest.mark.django_db
OVERTAKEN = "after you had opened it"


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.owner("Ada")


@pytest.fixture
def grace(world: World) -> Person:
    return world.owner("Grace")


def opened(desk: Client, url: str) -> str:
    found = re.search(r'name="standing" value="(\d*)"', text_of(desk.get(url)))
    assert found
    return found[1]


def typed(person: Person, standing: str, act: str = "save") -> dict[str, str]:
    return {
        "name": "Policy 1", "repeats": "1", "ack_timeout_high_minutes": "30", "ack_timeout_low_minutes": "0",
        "act": act, "step-0-delay": "5", "step-0-target-0-target": f"user:{person.user.pk}", "standing": standing,
    }  # fmt: skip


def first_step(policy: EscalationPolicy) -> list[str]:
    return [target.name for target in snapshot_of(policy).steps[0].targets]


def test_what_somebody_else_saved_meanwhile_is_not_undone(world: World, ada: Person, grace: Person) -> None:
    policy, desk = world.policy([ada]), at_the_desk(ada)
    url = reverse("policy_edit", args=[policy.slug])
    mark = opened(desk, url)
    save_steps(grace.actor, policy, [StepSpec(delay_minutes=5, targets=(grace.target,))], (), world.now)
    answer = desk.post(url, typed(ada, mark))
    assert answer.status_code == 422
    assert "Grace changed this at" in text_of(answer)
    assert OVERTAKEN in text_of(answer)
    assert first_step(policy) == ["Grace"]
    again = re.search(r'name="standing" value="(\d+)"', text_of(answer))
    assert again
    assert desk.post(url, typed(ada, again[1])).status_code == 302
    assert first_step(policy) == ["Ada"]


def test_a_page_whose_rows_were_moved_still_knows_when_it_was_opened(world: World, ada: Person, grace: Person) -> None:
    policy, desk = world.policy([ada]), at_the_desk(ada)
    url = reverse("policy_edit", args=[policy.slug])
    mark = opened(desk, url)
    save_steps(grace.actor, policy, [StepSpec(delay_minutes=5, targets=(grace.target,))], (), world.now)
    assert f'name="standing" value="{mark}"' in text_of(desk.post(url, typed(ada, mark, act="add")))


def test_a_button_that_is_pressed_twice_is_no_somebody_else(world: World, ada: Person) -> None:
    policy, desk = world.policy([ada]), at_the_desk(ada)
    url = reverse("policy_edit", args=[policy.slug])
    mark = opened(desk, url)
    for _ in range(2):
        assert desk.post(url, typed(ada, mark)).status_code == 302


def test_a_team_that_got_a_member_meanwhile_keeps_it(world: World, ada: Person, grace: Person) -> None:
    team, desk = world.team("Platform", ada), at_the_desk(ada)
    url = reverse("team_edit", args=[team.slug])
    mark = opened(desk, url)
    people.set_members(grace.actor, team, [ada.user.pk, grace.user.pk], world.now)
    posted = {"name": "Platform", "description": "", f"place-{ada.user.pk}": "member", "standing": mark}
    assert OVERTAKEN in text_of(desk.post(url, posted))
    assert team.memberships.count() == 2


def test_every_page_that_edits_says_how_the_row_stood(world: World, ada: Person) -> None:
    schedule = domain.schedule("Primary", domain.weekly(ada.user), zone="UTC")
    service = world.monitoring(world.policy([ada])).service
    pages = reverse("schedule_edit", args=[schedule.slug]), reverse("service_edit", args=[service.slug])
    for url in pages:
        assert opened(at_the_desk(ada), url)


@pytest.mark.parametrize("odd", ["", "x", "²", "9" * 30, "-1"])
def test_an_odd_mark_counts_as_none(world: World, ada: Person, odd: str) -> None:
    policy = world.policy([ada])
    url = reverse("policy_edit", args=[policy.slug])
    assert at_the_desk(ada).post(url, typed(ada, odd)).status_code == 302

"""Acknowledging by the link in a page, without signing in."""

import pytest
from django.urls import reverse

from tests.world import Person, World
from tocsin.core.escalation import Reason, Status
from tocsin.core.lifecycle import GroupState
from tocsin.core.permissions import Role
from tocsin.paging import actions, links, messages, queries
from tocsin.people.models import User


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner("Olga")


def token_of(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[1]


def test_the_link_in_a_page_acknowledges(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    world.monitoring(world.policy([ada])).fires()
    answer = ada.follows(ada.expect_page("checkout"))
    assert answer is not None
    assert answer.reason is Reason.ACKNOWLEDGED
    assert world.group().acknowledged_by == ada.user
    assert world.group().entries.get(kind="acknowledged").via == "link"
    world.forward(minutes=20)
    world.nothing_else()


def test_a_link_followed_twice_says_so(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    world.monitoring(world.policy([ada, grace])).fires()
    ada.follows(ada.expect_page("checkout"))
    second = grace.follows(grace.expect_page("checkout"))
    assert second is not None
    assert second.reason is Reason.ALREADY_ACKNOWLEDGED
    assert world.group().acknowledged_by == ada.user


def test_looking_at_a_link_acknowledges_nothing(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    world.monitoring(world.policy([ada])).fires()
    linked = links.look_at_link(token_of(ada.expect_page("checkout").ack_url), world.now)
    assert linked is not None
    assert linked.group == world.group()
    assert linked.user == ada.user
    assert linked.is_open
    assert world.group().state == GroupState.TRIGGERED


@pytest.mark.parametrize("token", ["", "made-up", "x" * 500])
def test_a_made_up_link_leads_nowhere(world: World, token: str) -> None:
    assert links.look_at_link(token, world.now) is None
    assert links.acknowledge_by_link(token, world.now) is None


def test_a_link_of_somebody_who_left_no_longer_works(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    world.monitoring(world.policy([ada])).fires()
    page = ada.expect_page("checkout")
    User.objects.filter(pk=ada.user.pk).update(is_active=False)
    assert ada.follows(page) is None
    assert world.group().state == GroupState.TRIGGERED


def test_whoever_is_paged_may_answer_even_an_observer(world: World, olga: Person) -> None:
    ada = world.person("Ada", Role.OBSERVER)
    world.monitoring(world.policy([ada])).fires()
    assert ada.follows(ada.expect_page("checkout")) is not None
    assert world.group().state == GroupState.ACKNOWLEDGED


def test_the_link_of_a_resolved_alert_says_that_it_is_over(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]))
    monitoring.fires()
    page = ada.expect_page("checkout")
    monitoring.recovers()
    answer = ada.follows(page)
    assert answer is not None
    assert answer.reason is Reason.ALREADY_ENDED


def test_a_test_of_a_pager_is_answered_by_its_link_and_escalates_to_nobody(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    test = actions.test_pager(ada.user.pk, ada.actor, world.now)
    world.settle()
    page = ada.expect_page("test of your pager")
    assert page.purpose == "test"
    answer = ada.follows(page)
    assert answer is not None
    assert answer.reason is Reason.ACKNOWLEDGED
    assert answer.group is None
    test.refresh_from_db()
    assert (test.status, test.acknowledged_by) == (Status.ENDED, ada.user)
    world.forward(minutes=60)
    world.nothing_else()


def test_a_test_that_nobody_answers_ends_by_itself(world: World, olga: Person) -> None:
    ada = world.person("Ada", methods=(0, 60))
    test = actions.test_pager(ada.user.pk, ada.actor, world.now)
    world.settle()
    ada.expect_page("test of your pager")
    world.forward(minutes=1)
    ada.expect_page("test of your pager", at=1)
    world.forward(minutes=60)
    world.nothing_else()
    test.refresh_from_db()
    assert (test.status, test.acknowledged_by) == (Status.ENDED, None)
    assert [t.pk for t in queries.tests_of(ada.actor, ada.user.pk)] == [test.pk]


def test_the_paths_in_a_page_are_those_of_the_views() -> None:
    assert messages.ACK_PATH.format(token="abc") == reverse("ack_link", args=["abc"])
    assert messages.GROUP_PATH.format(pk=7) == reverse("group", args=[7])
    assert reverse("profile") == messages.PROFILE_PATH
    assert messages.TEST_PATH.format(pk=7) == reverse("pager_test", args=[7])

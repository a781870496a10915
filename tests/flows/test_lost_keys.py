"""Rows that were sealed with a key that is lost: each is left out by itself, and nobody else goes without a page."""

import pytest
from django.db import connection
from django.test import Client

from tests.world import SETUP, Person, World
from tocsin.channels.contract import Content
from tocsin.core.escalation import Target, TargetKind
from tocsin.core.permissions import Role
from tocsin.home.queries import is_reachable
from tocsin.people import actions as people
from tocsin.people import notices, queries
from tocsin.people.models import ContactMethod
from tocsin.policies import places
from tocsin.policies.actions import StepSpec, save_steps
from tocsin.policies.models import Place


@pytest.fixture
def olga(world: World) -> Person:
    return world.person("Olga", Role.OWNER, methods=(0, 0))


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


def lose_the_key_of(row: ContactMethod | Place) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET address = 'gibberish' WHERE id = %s", [row.pk])


def test_who_is_paged_by_two_methods_is_paged_by_the_one_that_can_be_opened(world: World, olga: Person) -> None:
    lose_the_key_of(ContactMethod.objects.filter(user=olga.user).order_by("pk")[1:2].get())
    world.monitoring(world.policy([olga])).fires()
    olga.expect_page("checkout")
    world.nothing_else()
    assert world.history() == ["opened", "paged", "failed"]


def test_the_others_of_a_step_are_paged_as_planned(world: World, olga: Person, ada: Person) -> None:
    grace = world.person("Grace")
    lose_the_key_of(ContactMethod.objects.get(user=ada.user))
    world.monitoring(world.policy([ada, grace])).fires()
    grace.expect_page("checkout")
    world.nothing_else()
    assert not world.escalation().error


def test_when_nobody_of_a_step_can_be_opened_the_next_step_comes_at_once(
    world: World, olga: Person, ada: Person
) -> None:
    grace = world.person("Grace")
    lose_the_key_of(ContactMethod.objects.get(user=ada.user))
    world.monitoring(world.policy([ada], [grace])).fires()
    grace.expect_page("checkout")
    world.nothing_else()


def test_a_place_is_left_out_and_the_history_says_so(world: World, olga: Person, ada: Person) -> None:
    chat = places.create(SETUP, "#checkout", "webhook", "https://chat.example.org/hooks/abc", world.now)
    told = Target(kind=TargetKind.PLACE, id=chat.pk, name=chat.name)
    policy = world.policy()
    save_steps(SETUP, policy, [StepSpec(delay_minutes=5, targets=(told, ada.target))], (), world.now)
    lose_the_key_of(chat)
    world.monitoring(policy).fires()
    ada.expect_page("checkout")
    world.nothing_else()
    texts = list(world.group().entries.values_list("text", flat=True))
    assert "#checkout could not be told: it was removed, or was sealed with another secret key." in texts


def test_a_notice_reaches_the_others(world: World, ada: Person) -> None:
    grace = world.person("Grace")
    lose_the_key_of(ContactMethod.objects.get(user=ada.user))
    said = Content(purpose="notice", title="Can you take Linus’s shift?", text="")
    assert notices.tell([ada.user.pk, grace.user.pk], said, "swap 1 asked", world.now) == 1


def test_it_can_be_seen_and_removed_and_counts_as_no_way_to_be_reached(
    world: World, olga: Person, ada: Person, client: Client
) -> None:
    method = ContactMethod.objects.get(user=ada.user)
    lose_the_key_of(method)
    client.force_login(ada.user)
    assert "sealed with another secret key" in client.get("/profile/").content.decode()
    assert not is_reachable(ada.actor)
    people.remove_method(olga.actor, queries.contact_method(olga.actor, method.pk), world.now)
    assert not ContactMethod.objects.filter(user=ada.user).exists()

"""People: the list, one of them, inviting and being invited."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.pages.desk import at_the_desk, living, text_of
from tests.world import Person, World
from tocsin.core.permissions import Role
from tocsin.people.models import User

pytestmark = pytest.mark.django_db
INVITE = reverse("person_invite")


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner()


def link_in(page: str) -> str:
    found = re.search(r"/invitation/[^<\"]+/", page)
    assert found
    return found[0]


def test_list_finds_by_name_and_address(world: World, olga: Person) -> None:
    world.person("Ada")
    browser = at_the_desk(olga)
    assert "ada@example.org" in text_of(browser.get(reverse("people")))
    found = text_of(browser.get(reverse("people"), {"search": "olga@"}))
    assert "ada@example.org" not in found


def test_responder_sees_people_and_no_way_to_change_them(world: World, olga: Person) -> None:
    ada = at_the_desk(world.person("Ada"))
    assert "Invite people" not in text_of(ada.get(reverse("people")))
    page = text_of(ada.get(reverse("person", args=[olga.user.pk])))
    assert "Change the role" not in page
    assert "olga.0@example.org" not in page


@pytest.mark.parametrize("name", ["person_role", "person_active", "person_link"])
def test_responder_changes_nobody(world: World, olga: Person, name: str) -> None:
    ada = world.person("Ada")
    grace = world.person("Grace")
    assert at_the_desk(ada).post(reverse(name, args=[grace.user.pk]), {"role": "observer"}).status_code == 403
    assert User.objects.get(pk=grace.user.pk).role == Role.RESPONDER


def test_responder_cannot_open_the_invitation_form(world: World) -> None:
    assert at_the_desk(world.person("Ada")).get(INVITE).status_code == 403


def test_whole_team_comes_in_from_one_form_and_chooses_passwords(world: World, olga: Person) -> None:
    team = world.team("Payments")
    typed = {"people": "Ada Lovelace <ada@example.org>\ngrace@example.org", "role": "responder", "team": team.pk}
    answer = at_the_desk(olga).post(INVITE, typed)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert team.memberships.count() == 2
    ada = Client()
    link = link_in(text_of(answer))
    assert "Welcome, Ada Lovelace" in text_of(ada.get(link))
    assert ada.post(link, {"password": "correct horse battery"}).url == reverse("profile")
    assert ada.get(reverse("profile")).status_code == 200
    assert User.objects.get(email="ada@example.org").check_password("correct horse battery")


def test_invitation_works_once(olga: Person) -> None:
    page = text_of(at_the_desk(olga).post(INVITE, {"people": "ada@example.org", "role": "responder"}))
    link = link_in(page)
    Client().post(link, {"password": "correct horse battery"})
    again = Client().post(link, {"password": "another horse battery"})
    assert "invitation is over" in text_of(again)
    assert User.objects.get(email="ada@example.org").check_password("correct horse battery")


def test_weak_password_is_refused_with_the_reason(olga: Person) -> None:
    link = link_in(text_of(at_the_desk(olga).post(INVITE, {"people": "ada@example.org", "role": "responder"})))
    answer = Client().post(link, {"password": "short"})
    assert answer.status_code == 422
    assert "too short" in text_of(answer)


def test_unknown_invitation_says_what_to_do(world: World) -> None:
    world.owner()
    assert "Ask who invited you" in text_of(Client().get(reverse("invitation", args=["nonsense"])))


def test_form_sent_twice_invites_once_and_keeps_what_was_typed(olga: Person) -> None:
    typed = {"people": "ada@example.org", "role": "responder"}
    browser = at_the_desk(olga)
    browser.post(INVITE, typed)
    again = browser.post(INVITE, typed)
    assert again.status_code == 422
    assert "ada@example.org</textarea>" in text_of(again)
    assert User.objects.filter(email="ada@example.org").count() == 1


def test_refused_line_does_not_stop_the_others(world: World, olga: Person) -> None:
    world.person("Ada")
    answer = at_the_desk(olga).post(INVITE, {"people": "ada@example.org\ngrace@example.org", "role": "responder"})
    assert "was not invited" in text_of(answer)
    assert User.objects.filter(email="grace@example.org").exists()


def test_admin_is_not_offered_to_make_owners(world: World) -> None:
    world.owner()
    admin = at_the_desk(world.person("Anna", Role.ADMIN))
    assert 'value="owner"' not in text_of(admin.get(INVITE))
    assert admin.post(INVITE, {"people": "eve@example.org", "role": "owner"}).status_code == 422


def test_role_is_changed(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    at_the_desk(olga).post(reverse("person_role", args=[ada.user.pk]), {"role": "admin"})
    assert User.objects.get(pk=ada.user.pk).role == Role.ADMIN


def test_last_owner_stays_and_the_page_says_why(olga: Person) -> None:
    where = reverse("person", args=[olga.user.pk])
    answer = at_the_desk(olga).post(
        f"{where}role/", {"role": "admin"}, follow=True, headers={"referer": f"http://testserver{where}"}
    )
    assert "last owner" in text_of(answer)
    assert User.objects.get(pk=olga.user.pk).role == Role.OWNER


def test_account_is_switched_off_and_on(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    where = reverse("person_active", args=[ada.user.pk])
    browser = at_the_desk(olga)
    browser.post(where, {"active": "no"})
    assert not User.objects.get(pk=ada.user.pk).is_active
    assert "Switch the account on" in text_of(browser.get(reverse("person", args=[ada.user.pk])))
    browser.post(where, {"active": "yes"})
    assert User.objects.get(pk=ada.user.pk).is_active


def test_new_link_is_shown_once(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    answer = at_the_desk(olga).post(reverse("person_link", args=[ada.user.pk]))
    assert "/invitation/" in text_of(answer)
    assert answer["Cache-Control"] == "no-store"
    assert "/invitation/" not in text_of(at_the_desk(olga).get(reverse("person", args=[ada.user.pk])))

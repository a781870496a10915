"""Teams."""

import pytest
from django.urls import reverse

from tests.pages.desk import at_the_desk, living, text_of
from tests.world import Person, World
from tocsin.people.models import Team

pytestmark = pytest.mark.django_db
TEAMS, NEW = reverse("teams"), reverse("team_new")


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner()


def test_without_teams_the_page_says_what_they_are_for(olga: Person) -> None:
    assert "Make the first team" in text_of(at_the_desk(olga).get(TEAMS))


def test_team_is_made_with_its_people(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    typed = {"name": "Payments", f"place-{ada.user.pk}": "lead", f"place-{grace.user.pk}": "member"}
    browser = at_the_desk(olga)
    answer = browser.post(NEW, typed)
    team = Team.objects.get()
    assert answer.url == reverse("team", args=[team.slug])
    assert list(team.memberships.order_by("user__name").values_list("user__name", "is_lead")) == [
        ("Ada", True),
        ("Grace", False),
    ]
    assert "Ada" in text_of(browser.get(answer.url))


def test_form_sent_twice_makes_one_team_and_keeps_what_was_typed(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    browser = at_the_desk(olga)
    for status in (302, 422):
        answer = browser.post(NEW, {"name": "Payments", f"place-{ada.user.pk}": "lead"})
        assert answer.status_code == status
    assert 'value="Payments"' in text_of(answer)
    assert '<option value="lead" selected>' in text_of(answer)
    assert Team.objects.count() == 1


def test_team_is_changed(world: World, olga: Person) -> None:
    team = world.team("Payments", world.person("Ada"))
    answer = at_the_desk(olga).post(reverse("team_edit", args=[team.slug]), {"name": "Money", "description": "all"})
    assert answer.url == reverse("team", args=[team.slug])
    team.refresh_from_db()
    assert (team.name, team.memberships.count()) == ("Money", 0)


def test_name_of_another_team_is_refused(world: World, olga: Person) -> None:
    world.team("Payments")
    team = world.team("Search")
    answer = at_the_desk(olga).post(reverse("team_edit", args=[team.slug]), {"name": "Payments"})
    assert answer.status_code == 422
    assert Team.objects.get(pk=team.pk).name == "Search"


def test_team_that_a_policy_pages_is_not_deleted(world: World, olga: Person) -> None:
    team = world.team("Payments", world.person("Ada"))
    world.policy([team])
    where = reverse("team_edit", args=[team.slug])
    answer = at_the_desk(olga).post(
        reverse("team_delete", args=[team.slug]), follow=True, headers={"referer": f"http://testserver{where}"}
    )
    assert "still used by Policy 1" in text_of(answer)
    assert Team.objects.exists()


def test_responder_sees_teams_and_changes_none(world: World, olga: Person) -> None:
    team = world.team("Payments")
    ada = at_the_desk(world.person("Ada"))
    assert "Payments" in text_of(ada.get(TEAMS))
    assert ada.get(NEW).status_code == 403
    assert ada.post(reverse("team_edit", args=[team.slug]), {"name": "Mine"}).status_code == 403
    assert ada.post(reverse("team_delete", args=[team.slug])).status_code == 403
    assert Team.objects.get().name == "Payments"

"""The audit log."""

import pytest
from django.urls import reverse

from tests.pages.desk import at_the_desk, living, text_of
from tests.world import Person, World
from tocsin.audit.actions import record
from tocsin.people import actions

pytestmark = pytest.mark.django_db
AUDIT = reverse("audit")


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner()


def test_change_is_there_with_before_and_after(world: World, olga: Person) -> None:
    team = world.team("Payments")
    actions.change_team(olga.actor, team, world.now, name="Money")
    page = text_of(at_the_desk(olga).get(AUDIT, {"verb": "changed", "search": "Money"}))
    assert "Payments</td>" in page
    assert "Money</td>" in page


def test_filters_narrow_the_log_and_stay_in_the_form(world: World, olga: Person) -> None:
    world.team("Payments")
    world.team("Search")
    page = text_of(at_the_desk(olga).get(AUDIT, {"search": "Search", "object_kind": "team"}))
    assert "Payments" not in page
    assert '<option value="team" selected>' in page


def test_days_are_the_viewers_and_the_last_one_is_included(world: World, olga: Person) -> None:
    world.team("Payments")
    today = world.now.date().isoformat()
    browser = at_the_desk(olga)
    assert "Payments" in text_of(browser.get(AUDIT, {"since": today, "until": today}))
    assert "Nothing matches" in text_of(browser.get(AUDIT, {"until": "2020-01-01"}))


@pytest.mark.parametrize("query", [{"since": "soon"}, {"verb": "nonsense"}, {"until": "9999-12-31"}, {"page": "x"}])
def test_filters_that_make_no_sense_are_left_out(olga: Person, query: dict[str, str]) -> None:
    assert at_the_desk(olga).get(AUDIT, query).status_code == 200


def test_responder_may_not_read_it(world: World) -> None:
    assert at_the_desk(world.person("Ada")).get(AUDIT).status_code == 403


def test_who_signed_in_is_said_once(world: World, olga: Person) -> None:
    record(olga.actor, "signed in", olga.user, world.now)
    page = text_of(at_the_desk(olga).get(AUDIT, {"verb": "signed in"}))
    rows = page.split('<ol class="list framed">')[1].split("</ol>")[0]
    assert rows.count("Olga") == 1

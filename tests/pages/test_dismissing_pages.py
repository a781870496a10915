"""A problem of Tocsin's own, put away by who administers the place."""

from datetime import timedelta

import pytest

from tests.api.caller import Caller
from tests.pages.desk import at_the_desk, living, text_of
from tests.world import World
from tocsin.audit.models import Record
from tocsin.core.permissions import Role, Scope
from tocsin.health import problems

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = living()
    problems.report("heartbeat", "No heartbeat", "It did not arrive.", "", made.now)
    return made


def test_an_admin_puts_it_away_and_it_comes_back_when_it_is_seen_again(world: World) -> None:
    desk = at_the_desk(world.person("Ada", Role.ADMIN))
    (problem,) = problems.open_problems()
    url = f"/problems/{problem.pk}/dismiss/"
    assert url in text_of(desk.get("/services/"))
    answer = desk.post(url, {"next": "/services/"})
    assert answer.headers["Location"] == "/services/"
    assert "No heartbeat" not in text_of(desk.get("/services/"))
    assert [(r.verb, r.object_name) for r in Record.objects.filter(verb="dismissed")] == [("dismissed", "No heartbeat")]
    desk.post(url, {"next": "https://elsewhere.example/"})  # again: nothing is written, nobody led away
    assert Record.objects.filter(verb="dismissed").count() == 1
    problems.report("heartbeat", "No heartbeat", "It did not arrive.", "", world.now + timedelta(minutes=1))
    assert "No heartbeat" in text_of(desk.get("/services/"))


def test_who_does_not_administer_it_sees_it_and_cannot_put_it_away(world: World) -> None:
    desk = at_the_desk(world.person("Linus"))
    (problem,) = problems.open_problems()
    page = text_of(desk.get("/services/"))
    assert "No heartbeat" in page
    assert "/dismiss/" not in page
    assert desk.post(f"/problems/{problem.pk}/dismiss/").status_code == 403
    assert problems.open_problems().exists()


def test_the_api_tells_its_number_and_puts_it_away(world: World) -> None:
    ada = world.person("Ada", Role.ADMIN).user
    (told,) = Caller(ada).get("/status")["problems"]
    path = f"/problems/{told['id']}/dismiss"
    assert Caller(ada, Scope.CONFIGURE).call("POST", path).status == 403
    assert Caller(ada).call("POST", path).status == 204
    assert Caller(ada).get("/status")["problems"] == []

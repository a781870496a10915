"""The “More” menu of an alert, and the same over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.pages.desk import at_the_desk, checkout, living, observer, text_of
from tests.world import Monitoring, Person, World
from tocsin.clock import now
from tocsin.people.actions import create_token

pytestmark = pytest.mark.django_db

Cast = tuple[Person, Person, Monitoring]
Post = Callable[[str, dict[str, Any]], HttpResponse]


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> Cast:
    made = checkout(world)
    made[2].fires("checkout is down")
    return made


@pytest.fixture
def api(world: World, cast: Cast) -> Post:
    _, raw = create_token(cast[0].actor, "script", ["respond"], cast[0].user, None, now())
    path = f"/api/v1/alert-groups/{world.group().pk}/"
    return lambda verb, body: Client().post(
        f"{path}{verb}", body, "application/json", headers={"Authorization": f"Bearer {raw}"}
    )


def test_the_menu_offers_people_and_policies(world: World, cast: Cast) -> None:
    page = text_of(at_the_desk(cast[0]).get(world.group().get_absolute_url()))
    for words in ("1 hour", "Take it over", "Give it to", "Ask one more", f'value="person:{cast[1].user.pk}"'):
        assert words in page
    assert "Take it over" not in text_of(at_the_desk(observer(world)).get(world.group().get_absolute_url()))


@pytest.mark.parametrize(
    ("verb", "data", "said", "kind"),
    [
        # each does what its button says, and is in the history
        ("snooze", {"minutes": "60"}, "Snoozed.", "snoozed"),
        ("take-over", {}, "it is yours now", "acknowledged"),
        ("reassign", {"to": "person:{grace}"}, "Given on", "reassigned"),
        ("reassign", {"to": "policy:policy-1"}, "It is so already", "paged"),
        ("responder", {"person": "{grace}"}, "Asked:", "responder"),
        # what was not chosen changes nothing
        ("snooze", {"minutes": "soon"}, "Choose how long", "paged"),
        ("reassign", {"to": ""}, "Choose whom", "paged"),
        ("reassign", {"to": "person:999999"}, "Choose whom", "paged"),
        ("responder", {}, "Choose whom", "paged"),
    ],
    ids=["snooze", "take over", "person", "policy", "responder", "soon", "nobody", "no such", "no one"],
)
def test_each_button_answers_in_words(
    world: World, cast: Cast, verb: str, data: dict[str, str], said: str, kind: str
) -> None:
    url = world.group().get_absolute_url()
    data = {name: text.format(grace=cast[1].user.pk) for name, text in data.items()}
    client = at_the_desk(cast[0])
    response = client.post(f"{url}{verb}/", data, follow=True, headers={"Referer": f"http://testserver{url}"})
    assert said in text_of(response)
    assert world.history()[-1] == kind


@pytest.mark.parametrize("verb", ["snooze", "take-over", "reassign", "responder"])
def test_an_observer_may_not(world: World, cast: Cast, verb: str) -> None:
    data = {"minutes": "5", "to": f"person:{cast[0].user.pk}", "person": str(cast[0].user.pk)}
    assert at_the_desk(observer(world)).post(f"{world.group().get_absolute_url()}{verb}/", data).status_code == 403
    assert world.history()[-1] == "paged"


def test_a_program_can_do_the_same(world: World, cast: Cast, api: Post) -> None:
    grace = cast[1].user.pk
    answers: list[tuple[str, dict[str, Any], str]] = [
        ("snooze", {"minutes": 30}, "snoozed"),
        ("take-over", {}, "already acknowledged"),
        ("responders", {"person": grace}, "responder added"),
        ("reassign", {"person": grace}, "reassigned"),
        ("reassign", {"policy": "policy-1"}, "reassigned"),
    ]
    for verb, body, reason in answers:
        assert api(verb, body).json()["reason"] == reason, verb  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        # too long, nobody, two at once, somebody who is not there
        ("snooze", {"minutes": 99999}, 422),
        ("reassign", {}, 422),
        ("reassign", {"person": 1, "policy": "policy-1"}, 422),
        ("reassign", {"person": 999999}, 409),
        ("reassign", {"policy": "none-such"}, 404),
        ("responders", {"person": 999999}, 409),
    ],
    ids=["long", "nobody", "both", "gone", "no policy", "gone too"],
)
def test_what_makes_no_sense_is_refused(world: World, api: Post, verb: str, body: dict[str, Any], status: int) -> None:
    assert api(verb, body).status_code == status
    assert world.history()[-1] == "paged"


def test_whoever_is_asked_to_help_answers_on_the_page_or_by_the_link(world: World, cast: Cast) -> None:
    ada, grace, _ = cast
    ada.acknowledges()
    url = world.group().get_absolute_url()
    for answers in ("page", "link"):
        at_the_desk(ada).post(f"{url}responder/", {"person": str(grace.user.pk)})
        world.now = now()
        world.settle()
        page = grace.expect_page("asked to help")
        assert "I am helping" in text_of(at_the_desk(grace).get(url))
        if answers == "page":
            at_the_desk(grace).post(f"{url}acknowledge/")
        else:
            path = "/" + page.ack_url.split("/", 3)[3]
            assert "Acknowledge" in text_of(Client().get(path))
            Client().post(path)
        assert world.history()[-1] == "joined"
        assert world.group().acknowledged_by == ada.user
        assert "I am helping" not in text_of(at_the_desk(grace).get(url))

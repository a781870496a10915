"""Conditions, answers, turns and places: in the editor, on the page of a policy, and over the API."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.pages.desk import at_the_desk, living, observer, text_of
from tests.pages.test_policies_pages import NEW, form, user
from tests.world import SETUP, Person, World
from tocsin import clock
from tocsin.core.conditions import ALWAYS, Condition
from tocsin.core.escalation import Snapshot, TargetKind
from tocsin.core.signals import Severity, Urgency
from tocsin.people.actions import create_token
from tocsin.policies import places
from tocsin.policies.models import EscalationPolicy, Place
from tocsin.policies.snapshots import snapshot_of

pytestmark = pytest.mark.django_db

Call = Callable[..., HttpResponse]


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def chat(world: World) -> Place:
    return places.create(SETUP, "#checkout", "webhook", "https://chat.example.org/hooks/abc", world.now)


@pytest.fixture
def api(ada: Person) -> Call:
    _, raw = create_token(ada.actor, "script", ["configure"], ada.user, None, clock.now())
    client = Client(headers={"Authorization": f"Bearer {raw}"})
    return lambda verb, path, body=None: getattr(client, verb)(f"/api/v1{path}", body, "application/json")


def saved() -> Snapshot:
    return snapshot_of(EscalationPolicy.objects.get(name="Checkout"))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        # nothing
        ({}, ALWAYS),
        # what it is about
        ({"urgency": "low", "severity": "error"}, Condition(urgency=Urgency.LOW, severity=Severity.ERROR)),
        # hours of some days, in a zone
        (
            {"hours": "Mon-Fri 9-17", "zone": "Europe/Vienna"},
            Condition(weekdays=(0, 1, 2, 3, 4), starts=time(9), ends=time(17), zone="Europe/Vienna"),
        ),
        # whole days
        ({"hours": "Sat-Sun 0-24"}, Condition(weekdays=(5, 6))),
        # every night
        ({"hours": "22:00-06:00"}, Condition(starts=time(22), ends=time(6))),
    ],
    ids=["nothing", "about", "office", "days", "night"],
)
def test_a_condition_is_typed_and_shown_again(ada: Person, typed: dict[str, str], expected: Condition) -> None:
    posted = form((user(ada),), **{f"step-0-{name}": text for name, text in typed.items()})
    browser = at_the_desk(ada)
    page = browser.post(NEW, {**posted, "step-0-answers": "2"}, follow=True)
    step = saved().steps[0]
    assert (step.when, step.answers) == (expected, 2)
    assert expected.in_words in text_of(page)
    assert "2 people have to acknowledge" in text_of(page)
    editor = browser.get(reverse("policy_edit", args=["checkout"])).context["editor"]
    again = {name: editor.steps[0].form.initial.get(name, "") for name in typed if name != "hours"}
    assert again == {name: text for name, text in typed.items() if name != "hours"}


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("hours", "sometimes", "cannot be read"),
        ("hours", "Mon 9-12, Tue 9-12", "One span of hours only"),
        ("zone", "Mars/Olympus", "not a time zone"),
        ("answers", "0", "greater than or equal to 1"),
        ("severity", "awful", "Select a valid choice"),
    ],
    ids=["hours", "two", "zone", "answers", "severity"],
)
def test_what_cannot_be_meant_is_said_beside_it(ada: Person, name: str, text: str, error: str) -> None:
    answer = at_the_desk(ada).post(NEW, form((user(ada),), **{f"step-0-{name}": text}))
    assert answer.status_code == 422
    assert error in text_of(answer)
    assert not EscalationPolicy.objects.exists()


def test_turns_and_places_are_offered_and_kept(world: World, ada: Person, chat: Place) -> None:
    team = world.team("Platform", ada)
    posted = form((f"turn:{team.pk}", f"place:{chat.pk}"), repeat_from="1", hold_low_hours="12")
    page = text_of(at_the_desk(ada).post(NEW, posted, follow=True))
    assert [t.kind for t in saved().steps[0].targets] == [TargetKind.TURN, TargetKind.PLACE]
    for words in ("one in turn", "#checkout", "waits up to 12 h"):
        assert words in page


def test_a_place_is_never_the_catch_all(ada: Person, chat: Place) -> None:
    answer = at_the_desk(ada).post(NEW, form((user(ada),), last=(f"place:{chat.pk}",)))
    assert "has to reach people" in text_of(answer)


def test_a_step_that_only_tells_is_a_defect(ada: Person, chat: Place) -> None:
    page = at_the_desk(ada).post(NEW, form((f"place:{chat.pk}",), (user(ada),)), follow=True)
    assert "It only tells chat channels" in text_of(page)


def test_places_are_added_and_deleted_and_their_addresses_not_shown(world: World, ada: Person) -> None:
    browser, url = at_the_desk(ada), reverse("places")
    typed = {"name": "#ops", "kind": "webhook", "address": "https://chat.example.org/hooks/secret"}
    page = text_of(browser.post(url, typed, follow=True))
    assert "#ops" in page
    assert "hooks/secret" not in page
    assert browser.post(url, {**typed, "name": "#other", "address": "not one"}).status_code == 422
    made = Place.objects.get()
    assert at_the_desk(observer(world)).get(url).status_code == 403
    browser.post(reverse("place_delete", args=[made.pk]))
    assert not Place.objects.exists()


def test_a_place_in_use_is_not_deleted(ada: Person, chat: Place) -> None:
    browser = at_the_desk(ada)
    browser.post(NEW, form((user(ada), f"place:{chat.pk}")))
    browser.post(reverse("place_delete", args=[chat.pk]))
    assert Place.objects.exists()


def test_a_program_sets_and_reads_all_of_it(world: World, ada: Person, api: Call) -> None:
    team = world.team("Platform", ada)
    place = api("post", "/places", {"name": "#ops", "kind": "ntfy", "address": "https://ntfy.example.org/ops"}).json()
    made = api("post", "/escalation-policies", {"name": "Checkout", "repeat_from": 1, "hold_low_hours": 8}).json()
    when = {"urgency": "high", "weekdays": [5, 6], "starts": "09:00:00", "ends": "17:00:00", "zone": "Europe/Vienna"}
    targets = [{"kind": "turn", "id": team.pk}, {"kind": "place", "id": place["id"]}]
    body: dict[str, Any] = {"steps": [{"delay_minutes": 7, "targets": targets, "when": when, "answers": 2}]}
    answer = api("put", f"/escalation-policies/{made['slug']}/steps", body).json()
    assert answer["hold_low_hours"] == 8
    assert answer["steps"] == [{**body["steps"][0], "when": {**when, "severity": None}}]
    assert api("delete", f"/places/{place['id']}").status_code == 409
    wrong = {"steps": [{**body["steps"][0], "when": {"starts": "09:00"}}]}
    assert api("put", f"/escalation-policies/{made['slug']}/steps", wrong).status_code == 409

"""Handoffs in the browser and over the API."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.api.caller import Caller
from tests.pages.desk import at_the_desk, living, observer, queries_of, text_of
from tests.world import Person, World
from tocsin.handoffs.models import Handoff
from tocsin.schedules.models import Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


def made(world: World, ada: Person, grace: Person, number: int = 1) -> Handoff:
    """An hour ahead."""
    at = world.now + timedelta(hours=1)
    schedule = Schedule.objects.create(name=f"Primary {number}", slug=f"primary-{number}", time_zone="UTC")
    return Handoff.objects.create(
        schedule=schedule,
        outgoing=ada.user,
        incoming=grace.user,
        leaves_at=at,
        begins_at=at,
        body="Active now:\n- Nothing.",
        created_at=world.now,
    )


def test_home_leads_from_the_draft_to_the_accepted_handoff(world: World, ada: Person, grace: Person) -> None:
    handoff = made(world, ada, grace)
    edit, page = reverse("handoff_edit", args=[handoff.pk]), reverse("handoff", args=[handoff.pk])
    hers = at_the_desk(ada)
    assert edit in text_of(hers.get("/"))
    assert "- Nothing." in text_of(hers.get(edit))
    assert hers.post(edit, {"act": "save", "body": "The disk of db-1."}).url == page
    assert hers.post(edit, {"act": "sign", "body": "The disk of db-1."}).url == page

    next_one = at_the_desk(grace)
    assert "Read and accept" in text_of(next_one.get("/"))
    shown = text_of(next_one.get(page))
    assert "The disk of db-1." in shown
    assert "Test my pager" in shown
    next_one.post(reverse("handoff_accept", args=[handoff.pk]))
    handoff.refresh_from_db()
    assert handoff.accepted_by == grace.user
    assert "Read and accept" not in text_of(next_one.get("/"))


def test_empty_note_is_shown_again_with_its_mistake(world: World, ada: Person, grace: Person) -> None:
    handoff = made(world, ada, grace)
    answer = at_the_desk(ada).post(reverse("handoff_edit", args=[handoff.pk]), {"act": "sign", "body": " "})
    assert answer.status_code == 422


def test_note_that_comes_too_late_keeps_what_was_typed(world: World, ada: Person, grace: Person) -> None:
    handoff = made(world, ada, grace)
    edit, hers = reverse("handoff_edit", args=[handoff.pk]), at_the_desk(ada)
    hers.post(edit, {"act": "sign", "body": "First."})
    answer = hers.post(edit, {"act": "sign", "body": "Second."})
    assert answer.status_code == 422
    assert "Second." in text_of(answer)
    assert "signed already" in text_of(answer)


def test_what_has_lapsed_meanwhile_offers_nothing_to_sign(world: World, ada: Person, grace: Person) -> None:
    handoff = made(world, ada, grace)
    edit, hers = reverse("handoff_edit", args=[handoff.pk]), at_the_desk(ada)
    assert 'value="sign"' in text_of(hers.get(edit))
    Handoff.objects.filter(pk=handoff.pk).update(state="lapsed", lapsed_why="The schedule was changed.")
    answer = hers.post(edit, {"act": "sign", "body": "Too late."})
    assert answer.status_code == 422
    assert "Too late." in text_of(answer)
    assert "This handoff is over." in text_of(answer)
    assert 'value="sign"' not in text_of(answer)
    assert "Edit and sign" not in text_of(hers.get(reverse("handoff", args=[handoff.pk])))


def test_others_read_and_do_not_write(world: World, ada: Person, grace: Person) -> None:
    handoff = made(world, ada, grace)
    edit, page = reverse("handoff_edit", args=[handoff.pk]), reverse("handoff", args=[handoff.pk])
    assert "Edit and sign" not in text_of(at_the_desk(grace).get(page))
    assert at_the_desk(grace).get(edit).url == page
    assert at_the_desk(grace).post(edit, {"act": "sign", "body": "Mine."}).status_code == 403
    assert at_the_desk(observer(world)).get(page).status_code == 200


def test_list_is_searched(world: World, ada: Person, grace: Person) -> None:
    made(world, ada, grace)
    browser = at_the_desk(ada)
    assert "Primary 1" in text_of(browser.get(reverse("handoffs")))
    assert "Primary 1" in text_of(browser.get(reverse("handoffs") + "?search=nothing&state=draft"))
    assert "Nothing matches" in text_of(browser.get(reverse("handoffs") + "?search=database"))


def test_list_asks_no_more_for_more_rows(world: World, ada: Person, grace: Person) -> None:
    browser = at_the_desk(ada)
    made(world, ada, grace)
    before = queries_of(browser, reverse("handoffs"))
    for number in range(2, 6):
        made(world, ada, grace, number)
    assert queries_of(browser, reverse("handoffs")) == before


def test_without_handoffs_the_page_says_what_they_are_for(ada: Person) -> None:
    assert "No handoff yet" in text_of(at_the_desk(ada).get(reverse("handoffs")))


def test_the_api_does_the_same(world: World, ada: Person, grace: Person) -> None:
    handoff = made(world, ada, grace)
    path, hers = f"/handoffs/{handoff.pk}", Caller(ada.user)
    assert [h["id"] for h in hers.get("/handoffs?search=nothing")["items"]] == [handoff.pk]
    assert hers.put(path, {"body": "Draft."})["body"] == "Draft."
    assert hers.post(f"{path}/sign", {"body": "Signed."}, expect=200)["state"] == "signed"
    assert hers.call("POST", f"{path}/accept").status == 403
    assert Caller(grace.user).post(f"{path}/accept", expect=200)["accepted_by"] == grace.user.pk
    assert hers.call("PUT", path, {"body": "Again."}).status == 409

"""Deliveries and tests of pagers over the API."""

import pytest

from tests.api.asking import by_cursor, refused, twice
from tests.api.caller import Caller
from tests.pages.desk import checkout, living, observer
from tests.world import Monitoring, Person, World
from tocsin.core.permissions import Scope
from tocsin.outbox.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world)


def test_a_failed_message_is_found_with_its_reason_and_sent_again(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    ada, grace, monitoring = cast
    ada.cannot_be_reached()
    monitoring.fires()
    api = Caller(grace.user)
    (failed,) = api.get("/messages?state=failed&kind=email&purpose=page")["items"]
    assert (failed["person"], failed["group"]) == (ada.user.pk, world.group().pk)
    detail = api.get(f"/messages/{failed['id']}")
    assert [(tried["outcome"], tried["detail"]) for tried in detail["tries"]] == [("failed", "550 no such mailbox")]
    ada.provider_is_back()
    twice(api, f"/messages/{failed['id']}/retry", expect=202)
    world.forward(minutes=1)
    assert api.get(f"/messages/{failed['id']}")["state"] == "sent"
    assert api.get("/messages?state=failed")["items"] == []
    assert api.call("POST", f"/messages/{failed['id']}/retry").status == 409
    assert api.call("GET", "/messages/4711").status == 404


def test_all_messages_are_listed_by_cursor(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    ada, _, monitoring = cast
    monitoring.fires("one")
    Caller(ada.user).post(f"/people/{ada.user.pk}/test-page", expect=202)
    world.forward(minutes=1)
    found = by_cursor(Caller(ada.user), "/messages")
    assert {(message["purpose"], message["group"] is None) for message in found} == {("page", False), ("test", True)}
    assert by_cursor(Caller(ada.user), "/messages?purpose=invitation") == []


def test_addresses_are_for_their_person_and_who_manages_people(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    ada, grace, monitoring = cast
    monitoring.fires()
    path = f"/messages/{Message.objects.get().pk}"
    shown = [Caller(who.user).get(path)["address"] for who in (ada, grace, world.owner("Orla"))]
    assert shown == [ada.addresses[0], "", ada.addresses[0]]


def test_what_a_message_says_is_not_told(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    cast[2].fires()
    token = cast[0].expect_page("checkout").ack_url.rstrip("/").rsplit("/", 1)[1]
    api = Caller(world.owner("Orla").user)
    assert token not in str((api.get("/messages"), api.get(f"/messages/{Message.objects.get().pk}")))


def test_who_only_looks_sends_nothing_again(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    ada, _, monitoring = cast
    ada.cannot_be_reached()
    monitoring.fires()
    failed = Message.objects.get(state="failed")
    for caller in (Caller(observer(world).user), Caller(ada.user, Scope.RESPOND)):
        assert "not allowed to retry" in refused(caller, "POST", f"/messages/{failed.pk}/retry")


def test_a_pager_is_tested_and_the_test_acknowledged(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    ada, grace, _ = cast
    api, path = Caller(ada.user), f"/people/{ada.user.pk}/test-pages"
    made = api.post(f"/people/{ada.user.pk}/test-page", expect=202)
    world.forward(minutes=1)
    found = api.get(f"{path}/{made['id']}")
    assert [(m["kind"], m["label"], m["state"]) for m in found["methods"]] == [("email", ada.addresses[0], "sent")]
    assert found["seconds"] is None
    answered = twice(api, f"{path}/{made['id']}/acknowledge")
    assert (answered["acknowledged_by"], answered["seconds"] is not None) == (ada.user.pk, True)
    api.post(f"/people/{ada.user.pk}/test-page", expect=202)
    assert [test["acknowledged_by"] for test in by_cursor(api, path)] == [None, ada.user.pk]
    assert api.call("GET", f"/people/{grace.user.pk}/test-pages").status == 403


def test_a_test_is_answered_by_whom_it_was_for_or_who_manages_people(
    world: World, cast: tuple[Person, Person, Monitoring]
) -> None:
    ada, grace, _ = cast
    test = Caller(ada.user).post(f"/people/{ada.user.pk}/test-page", expect=202)
    world.forward(minutes=1)
    path = f"/people/{ada.user.pk}/test-pages/{test['id']}/acknowledge"
    for caller in (Caller(ada.user, Scope.READ), Caller(grace.user)):
        refused(caller, "POST", path)
    assert Caller(world.owner("Orla").user).call("POST", f"/people/{grace.user.pk}{path[9:]}").status == 404
    assert Caller(ada.user, Scope.RESPOND).post(path, expect=200)["acknowledged_by"] == ada.user.pk

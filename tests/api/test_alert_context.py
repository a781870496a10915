"""What the page of an alert, the list and the page of a message show, over the API."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.asking import by_cursor, refused, twice
from tests.api.caller import Caller
from tests.apps.hearing import Source, make_integration, set_aside
from tests.pages.desk import checkout, living, observer
from tests.world import Monitoring, Person, World
from tocsin.alerts.models import AlertGroup, Event, SavedView
from tocsin.core.permissions import Scope
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def cast(world: World) -> tuple[Person, Person, Monitoring]:
    return checkout(world)


@pytest.fixture
def ada(cast: tuple[Person, Person, Monitoring]) -> Caller:
    return Caller(cast[0].user)


@pytest.fixture
def monitoring(cast: tuple[Person, Person, Monitoring]) -> Monitoring:
    return cast[2]


def test_many_are_acknowledged_and_resolved_at_once(ada: Caller, monitoring: Monitoring) -> None:
    for key in ("one", "two", "three"):
        monitoring.fires(key)
    ids = list(AlertGroup.objects.order_by("pk").values_list("pk", flat=True))
    ada.post(f"/alert-groups/{ids[0]}/acknowledge", expect=200)
    found = twice(ada, "/alert-groups/acknowledge", {"groups": [*ids[::-1], 99_999]})["answers"]
    assert [(answer["group"], answer["reason"]) for answer in found] == [
        (ids[0], "already acknowledged"),
        (ids[1], "acknowledged"),
        (ids[2], "acknowledged"),
    ]
    found = ada.post("/alert-groups/resolve", {"groups": ids[:2]}, expect=200)["answers"]
    assert [answer["state"] for answer in found] == ["resolved", "resolved"]
    assert [group["id"] for group in ada.get("/alert-groups")["items"]] == [ids[2]]
    for body in ({"groups": []}, {"groups": list(range(1, 202))}, {}):
        assert ada.call("POST", "/alert-groups/resolve", body).status == 422


def test_who_only_looks_answers_none_of_many(world: World, cast: tuple[Person, Person, Monitoring]) -> None:
    cast[2].fires()
    for caller in (Caller(observer(world).user), Caller(cast[0].user, Scope.READ)):
        for verb in ("acknowledge", "resolve"):
            refused(caller, "POST", f"/alert-groups/{verb}", {"groups": [world.group().pk]})
            refused(caller, "POST", f"/alert-groups/{verb}", {"groups": [99_999]})
    assert world.group().state == "triggered"


def test_those_that_page_me_until_somebody_answers(
    world: World, cast: tuple[Person, Person, Monitoring], ada: Caller
) -> None:
    cast[2].fires("one")
    cast[2].fires("two")
    assert [group["title"] for group in by_cursor(ada, "/alert-groups/mine")] == ["two", "one"]
    assert Caller(cast[1].user).get("/alert-groups/mine")["items"] == []
    Caller(cast[1].user).post(f"/alert-groups/{world.group().pk}/acknowledge", expect=200)
    assert [group["title"] for group in ada.get("/alert-groups/mine")["items"]] == ["one"]


def test_who_is_next(world: World, ada: Caller, monitoring: Monitoring) -> None:
    monitoring.fires()
    path = f"/alert-groups/{world.group().pk}"
    found = ada.get(f"{path}/next")
    assert (found["status"], found["people"], found["step"]) == ("running", ["Grace"], 2)
    ada.post(f"{path}/resolve", expect=200)
    answer = ada.call("GET", f"{path}/next")
    assert (answer.status, "its escalation is over" in answer.body["detail"]) == (404, True)


def test_what_came_in_for_a_group_and_for_an_integration(world: World, ada: Caller, monitoring: Monitoring) -> None:
    monitoring.fires("disk")
    monitoring.fires("disk")
    monitoring.fires("memory")
    group = AlertGroup.objects.get(title="disk")
    found = by_cursor(ada, f"/alert-groups/{group.pk}/events")
    assert [[o["reason"] for o in event["outcomes"]] for event in found] == [["deduplicated"], ["opened"]]
    integration = monitoring.source.integration
    heard = by_cursor(ada, f"/integrations/{integration.pk}/events")
    assert [event["outcomes"][0]["dedup_key"] for event in heard] == ["memory", "disk", "disk"]
    assert heard[0]["outcomes"][0]["sentence"]
    assert ada.call("GET", "/integrations/4711/events").status == 404


def test_a_message_is_shown_as_it_came_without_its_key(ada: Caller, monitoring: Monitoring) -> None:
    monitoring.fires("disk")
    event = Event.objects.get()
    found = ada.get(f"/receipts/{event.receipt}/message")
    assert (found["kind"], found["integration"]) == ("pagerduty", event.integration_id)
    assert '"dedup_key": "disk"' in found["body"]
    assert "0" * 32 not in found["body"]
    assert ada.call("GET", f"/receipts/{uuid.uuid4()}/message").status == 404


def test_earlier_groups_about_the_same_say_how_they_ended(ada: Caller, monitoring: Monitoring) -> None:
    monitoring.fires("disk")
    earlier = AlertGroup.objects.get()
    ada.post(f"/alert-groups/{earlier.pk}/notes", {"text": "The log filled it."})
    ada.post(f"/alert-groups/{earlier.pk}/resolve", expect=200)
    monitoring.fires("disk")
    (found,) = ada.get(f"/alert-groups/{AlertGroup.objects.latest('pk').pk}/similar")
    assert (found["group"], found["ended"], found["last_note"]) == (
        earlier.pk,
        "Ada resolved it.",
        "The log filled it.",
    )


def test_changes_before_it_are_suspected(world: World, ada: Caller, monitoring: Monitoring) -> None:
    ada.post("/changes", {"summary": "Deploy 4.2", "service": "checkout", "rollback": "Deploy 4.1."})
    world.forward(minutes=1)
    monitoring.fires()
    found = ada.get(f"/alert-groups/{world.group().pk}/suspects")
    (suspect,) = found["suspects"]
    assert (suspect["change"]["rollback"], suspect["is_same_service"]) == ("Deploy 4.1.", True)
    assert (found["window_minutes"], bool(suspect["reasons"])) == (120, True)


def test_a_view_is_saved_found_and_removed(ada: Caller, cast: tuple[Person, Person, Monitoring]) -> None:
    made = twice(ada, "/saved-views", {"name": " Bad  ones ", "query": "severity=critical&x=1"}, expect=201)
    assert (made["name"], made["query"]) == ("Bad ones", "severity=critical")
    ada.post("/saved-views", {"name": "Low", "query": "urgency=low"})
    assert [view["name"] for view in by_cursor(ada, "/saved-views")] == ["Low", "Bad ones"]
    grace = Caller(cast[1].user)
    assert (grace.get("/saved-views")["items"], grace.call("DELETE", f"/saved-views/{made['id']}").status) == ([], 404)
    assert ada.call("DELETE", f"/saved-views/{made['id']}").status == 204
    assert ada.call("POST", "/saved-views", {"name": "x" * 41}).status == 409
    refused(Caller(cast[0].user, Scope.RESPOND), "POST", "/saved-views", {"name": "Mine"})
    refused(Caller(cast[0].user, Scope.RESPOND), "DELETE", f"/saved-views/{SavedView.objects.get().pk}")


def test_a_view_belongs_to_a_person() -> None:
    answer = Caller(None).call("POST", "/saved-views", {"name": "Mine"})
    assert (answer.status, "belongs to a person" in answer.body["detail"]) == (409, True)


def test_a_test_alert_is_sent_and_pages(
    world: World, cast: tuple[Person, Person, Monitoring], ada: Caller, monitoring: Monitoring
) -> None:
    integration = monitoring.source.integration
    path = f"/integrations/{integration.pk}/test"
    receipt = twice(ada, path, expect=202)["receipt"]
    world.forward(minutes=1)
    assert ada.get(f"/receipts/{receipt}")["state"] == "absorbed"
    cast[0].expect_page("Test alert from Tocsin")
    for caller in (Caller(observer(world).user), Caller(cast[0].user, Scope.RESPOND)):
        refused(caller, "POST", path)
    Integration.objects.update(is_enabled=False)
    assert "switched off" in ada.call("POST", path).body["detail"]
    assert ada.call("POST", "/integrations/4711/test").status == 404


def test_a_mapping_is_tried_on_a_sample_and_on_what_came_in(
    world: World, cast: tuple[Person, Person, Monitoring], ada: Caller
) -> None:
    integration = make_integration(cast[2].service, kind="generic", name="Scripts")
    path = f"/integrations/{integration.pk}/mapping/try"
    body = {"mapping": {"summary": "title", "dedup_key": "title"}, "sample": '{"title": "Disk full"}'}
    (found,) = ada.post(path, body, expect=200)["alerts"]
    assert (found["summary"], found["action"]) == ("Disk full", "trigger")
    stored = Source(integration).sends(b'{"title": "Memory"}', world.now)
    set_aside(stored, "no summary")
    tried = {"mapping": body["mapping"], "receipt": str(stored.receipt)}
    assert ada.post(path, tried, expect=200)["alerts"][0]["summary"] == "Memory"
    assert ada.post(path, {"mapping": {}}, expect=200)["alerts"]
    wrong = [ada.call("POST", path, {**body, "mapping": {"summary": "]["}}), ada.call("POST", path, {**body, **tried})]
    assert [answer.status for answer in wrong] == [409, 422]
    assert ada.call("POST", path, {**tried, "receipt": str(uuid.uuid4())}).status == 404
    integration.refresh_from_db()
    assert integration.mapping == {}
    refused(Caller(observer(world).user), "POST", path, body)


def test_a_list_needs_the_same_number_of_queries_however_long(ada: Caller, monitoring: Monitoring) -> None:
    monitoring.fires("one")
    monitoring.fires("one")
    group, integration = AlertGroup.objects.get().pk, monitoring.source.integration.pk
    paths = ("/messages", f"/alert-groups/{group}/events", f"/integrations/{integration}/events", "/alert-groups/mine")
    few = [queries_for(ada, path) for path in paths]
    for _ in range(4):
        monitoring.fires("one")
        monitoring.fires(f"another {AlertGroup.objects.count()}")
    assert [queries_for(ada, path) for path in paths] == few


def queries_for(caller: Caller, path: str) -> int:
    caller.get(path)
    with CaptureQueriesContext(connection) as asked:
        caller.get(path)
    return len(asked)

"""What is looked at or tried before it is saved, over the API."""

from collections.abc import Iterator

import pytest

from tests.api.asking import refused, twice
from tests.api.caller import Caller
from tests.apps import domain
from tests.apps.domain import person
from tests.apps.hearing import Source, make_integration
from tests.apps.test_ical import calendar, event
from tests.channels import servers
from tests.channels.servers import Receiver
from tocsin import clock
from tocsin.core.permissions import Role, Scope
from tocsin.people.models import User
from tocsin.schedules.models import ImportedCalendar
from tocsin.slos.models import Objective

pytestmark = pytest.mark.django_db
SLO = {"service": "checkout", "name": "Availability", "objective": 99.9, "kind": "errors"}
QUERIES = {"part": 'rate(http_requests_total{code=~"5.."}[$window])', "total": "rate(http_requests_total[$window])"}


@pytest.fixture
def ada() -> User:
    return person("Ada", Role.RESPONDER)


@pytest.fixture
def api(ada: User) -> Caller:
    return Caller(ada)


@pytest.fixture
def observer() -> Caller:
    return Caller(person("Oscar", Role.OBSERVER))


@pytest.fixture
def server() -> Iterator[Receiver]:
    with servers.receiver() as made:
        yield made


def test_how_a_tool_is_pointed_here(api: Caller, observer: Caller) -> None:
    integration = make_integration(kind="alertmanager")
    found = observer.get(f"/integrations/{integration.pk}/setup")
    assert "YOUR-KEY" in str(found["parts"])
    assert any(part["is_code"] for part in found["parts"])
    assert (found["url"].startswith("http"), found["is_deaf"]) == (True, False)
    mails = make_integration(integration.service, kind="email")
    assert "YOUR-KEY@" in api.get(f"/integrations/{mails.pk}/setup")["url"]
    assert api.call("GET", "/integrations/4711/setup").status == 404


def test_the_topics_of_sns_are_set(api: Caller) -> None:
    integration = make_integration(kind="sns")
    path, arn = f"/integrations/{integration.pk}", "arn:aws:sns:eu-central-1:123456789012:alarms"
    assert api.call("PATCH", path, {"topics": [arn, arn]}).body["topics"] == [arn]
    assert "is not the ARN" in api.call("PATCH", path, {"topics": ["alarms"]}).body["detail"]
    assert api.call("PATCH", path, {"name": "CloudWatch"}).body["topics"] == [arn]
    other = make_integration(integration.service, name="Other")
    assert api.call("PATCH", f"/integrations/{other.pk}", {"topics": [arn]}).status == 409


def test_a_change_of_a_probe_is_tried_with_the_headers_it_has(
    api: Caller, observer: Caller, server: Receiver, ada: User
) -> None:
    make_integration()
    said = {"kind": "http", "config": {"url": server.url}, "headers": "X-Key: s3cret"}
    made = api.post("/checks", {**said, "service": "checkout", "name": "Shop"})
    path = f"/checks/{made['id']}/try"
    tried = api.post(path, {"config": {"url": server.url, "status": "204"}}, expect=200)
    assert (tried["is_ok"], tried["facts"]["status"]) == (False, 200)
    assert [heard.headers.get("x-key") for heard in server.heard] == ["s3cret"]
    api.post(path, {"config": {"url": server.url}, "headers": ""}, expect=200)
    assert server.heard[-1].headers.get("x-key") is None
    other = server.url.replace("127.0.0.1", "localhost")
    api.post(path, {"config": {"url": other}}, expect=200)
    assert server.heard[-1].headers.get("x-key") is None
    assert api.get(f"/checks/{made['id']}")["config"]["status"] != "204"
    for caller in (observer, Caller(ada, Scope.RESPOND)):
        refused(caller, "POST", path, {"config": {"url": server.url}})


def test_layers_are_tried_before_they_are_saved(api: Caller, observer: Caller, ada: User) -> None:
    grace = person("Grace")
    layer = {"name": "Weekly", "starts_on": "2026-03-02", "handoff_at": "09:00", "turns": [[ada.pk], [grace.pk]]}
    window = {"start": "2026-03-03T00:00:00Z", "end": "2026-03-12T00:00:00Z"}
    found = api.post("/layers/try", {**window, "layers": [layer]}, expect=200)
    assert [(segment["people"], segment["starts_at"]) for segment in found] == [
        ([ada.pk], "2026-03-03T00:00:00Z"),
        ([grace.pk], "2026-03-09T09:00:00Z"),
    ]
    berlin = api.post("/layers/try", {**window, "layers": [layer], "time_zone": "Europe/Berlin"}, expect=200)
    assert berlin[1]["starts_at"] == "2026-03-09T08:00:00Z"
    made = domain.schedule("Primary", domain.weekly(ada))
    span = {"starts_at": "2126-03-04T00:00:00Z", "ends_at": "2126-03-05T00:00:00Z"}
    api.post("/schedules/primary/overrides", {"person": grace.pk, **span})
    later = {"start": "2126-03-04T00:00:00Z", "end": "2126-03-06T00:00:00Z", "schedule": "primary"}
    found = api.post("/layers/try", {**later, "layers": [{**layer, "turns": [[ada.pk]]}]}, expect=200)
    assert [segment["people"] for segment in found] == [[grace.pk], [ada.pk]]
    assert made.layers.count() == 1
    wrong = [{**layer, "turns": [[]]}, {**layer, "turns": [[4711]]}, {**layer, "name": " "}]
    assert [api.call("POST", "/layers/try", {**window, "layers": [w]}).status for w in wrong] == [409, 409, 409]
    for body, status in (
        ({**window, "layers": [layer], "time_zone": "Mars/Olympus"}, 409),
        ({**window, "end": "2029-01-01T00:00:00Z", "layers": []}, 422),
        ({**window, "layers": [], "schedule": "nothing"}, 404),
    ):
        assert api.call("POST", "/layers/try", body).status == status
    refused(observer, "POST", "/layers/try", {**window, "layers": [layer]})


def test_an_imported_calendar_is_read_again(api: Caller, observer: Caller, ada: User, server: Receiver) -> None:
    domain.schedule("Primary", domain.weekly(ada))
    nights = calendar(event("DTSTART:20260304T120000Z", "DURATION:PT3H", summary="Ada"))
    good = (200, {"Content-Type": "text/calendar"}, nights.encode())
    server.answers = [good, (503, {}, b""), good]
    made = api.post("/schedules/primary/calendars", {"name": "Nights", "url": server.url})
    path = f"/calendars/{made['id']}/refresh"
    assert "answered 503" in twice(api, path)["error"]
    assert api.post(path, expect=200)["error"] == ""
    refused(observer, "POST", path)
    assert api.call("POST", "/calendars/4711/refresh").status == 404
    assert ImportedCalendar.objects.get().error == ""


def test_the_rules_of_an_slo_are_seen_before_it_is_made(api: Caller, observer: Caller) -> None:
    make_integration()
    tried = api.post("/slos/rules/try", {**SLO, **QUERIES}, expect=200)
    assert ("groups:" in tried["rules"], tried["pairs"][0]["severity"], tried["untestable"]) == (True, "critical", "")
    assert tried["detections"][0]["page_after_seconds"] < 3600
    assert not Objective.objects.exists()
    made = api.post("/slos", {**SLO, **QUERIES})
    assert api.get(f"/slos/{made['slug']}/detection")["pairs"] == tried["pairs"]
    assert api.call("POST", "/slos/rules/try", {**SLO, **QUERIES, "objective": 100}).status == 409
    refused(observer, "POST", "/slos/rules/try", {**SLO, **QUERIES})


def test_a_silence_of_a_group_is_proposed(api: Caller) -> None:
    source = Source(make_integration())
    source.triggers("disk", alertname="DiskFull", at=clock.now())
    source.absorbed(clock.now())
    group = api.get("/alert-groups")["items"][0]["id"]
    assert api.get(f"/alert-groups/{group}/matchers") == {"matchers": 'service="checkout", alertname="DiskFull"'}
    assert api.call("GET", "/alert-groups/4711/matchers").status == 404


def test_where_a_message_that_came_in_would_go(api: Caller, observer: Caller) -> None:
    source = Source(make_integration())
    stored = source.triggers("disk", team="shop")
    made = api.post("/routes", {"name": "Shop", "matchers": "team=shop", "urgency": "low"})
    asked = {"receipt": str(stored.receipt)}
    assert observer.post("/routes/destination", asked, expect=200)["routes"] == [made["id"]]
    typed = {**asked, "labels": {"team": "ops"}}
    assert api.post("/routes/destination", typed, expect=200)["routes"] == []
    empty = source.resolves("disk")
    assert api.call("POST", "/routes/destination", {"receipt": str(empty.receipt)}).status == 200
    unreadable = source.sends(b"}{")
    assert api.call("POST", "/routes/destination", {"receipt": str(unreadable.receipt)}).status == 409
    unknown = {"receipt": "00000000-0000-4000-8000-000000000000"}
    assert api.call("POST", "/routes/destination", unknown).status == 404


def test_rules_are_read_one_by_one(api: Caller, observer: Caller) -> None:
    rules = {
        "/routes": {"name": "Shop", "matchers": "team=shop", "urgency": "low"},
        "/inhibitions": {"name": "Node", "source": "a=b", "target": "c=d"},
        "/urgency-rules": {"name": "Night", "urgency": "low"},
    }
    for path, body in rules.items():
        made = api.post(path, body)
        assert observer.get(f"{path}/{made['id']}") == made
        assert observer.call("GET", f"{path}/4711").status == 404

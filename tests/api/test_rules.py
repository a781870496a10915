"""Silences, maintenance and alert rules over the API, tried before they are made."""

import pytest

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.apps.hearing import Source, make_integration
from tocsin import clock
from tocsin.core.permissions import Role, Scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    """A disk of checkout is full."""
    integration = make_integration()
    integration.is_routed = True
    integration.save()
    source = Source(integration)
    source.triggers("disk", team="shop", at=clock.now())
    source.absorbed(clock.now())
    return source


@pytest.fixture
def api(source: Source) -> Caller:
    return Caller(person("Ada", Role.RESPONDER))


def test_a_silence_is_looked_at_made_extended_changed_and_ended(api: Caller) -> None:
    said = {"matchers": "service=checkout", "reason": "Known", "minutes": 30}
    seen = api.post("/silences/preview", {"matchers": said["matchers"]}, expect=200)
    assert (seen["open"], seen["last_day"], seen["last_day_total"], seen["is_cut"]) == (1, 1, 1, False)
    assert seen["trial"]["counts"] == {"would be silenced": 1}
    made = api.post("/silences", said)
    assert (made["state"], made["creator"], made["matchers"]) == ("active", "Ada (token test)", 'service="checkout"')
    path = f"/silences/{made['id']}"
    longer = api.post(f"{path}/extension", {"minutes": 60}, expect=200)
    assert longer["ends_at"] > made["ends_at"]
    assert api.put(path, {**said, "reason": "Other"})["reason"] == "Other"
    assert [s["id"] for s in api.get("/silences?text=other")["items"]] == [made["id"]]
    assert api.call("DELETE", path).status == 204
    assert api.get("/silences")["items"] == []
    assert api.get("/silences?state=expired")["items"][0]["state"] == "expired"
    assert api.call("DELETE", path).status == 409
    assert api.call("POST", "/silences", {"matchers": "a=b", "reason": "x"}).status == 422
    assert api.call("POST", "/silences", {**said, "matchers": ""}).status == 409


def test_maintenance_is_tried_planned_changed_and_ended_early(api: Caller) -> None:
    now = clock.now()
    once = {
        "name": "Upgrade",
        "services": ["checkout"],
        "starts_at": now.isoformat(),
        "ends_at": "2999-01-01T00:00:00Z",
    }
    assert api.post("/maintenance/trial", once, expect=200)["counts"] == {"would be in maintenance": 1}
    made = api.post("/maintenance", once)
    path = f"/maintenance/{made['id']}"
    weekly = {"name": "Nightly", "matchers": "team=shop", "weekdays": [6], "opens": "02:00", "minutes": 90}
    changed = api.put(path, weekly)
    assert (changed["services"], changed["weekdays"], changed["opens"]) == ([], [6], "02:00:00")
    assert api.post(f"{path}/end", expect=200)["cut_at"] is not None
    assert api.get(path)["name"] == "Nightly"
    assert [m["id"] for m in api.get("/maintenance")["items"]] == [made["id"]]
    assert api.call("DELETE", path).status == 204
    assert api.call("POST", "/maintenance", {**once, "services": ["nowhere"]}).status == 404


def test_an_inhibition_rule_is_tried_made_and_deleted(api: Caller, source: Source) -> None:
    source.triggers("host", at=clock.now())
    source.triggers("disk", at=clock.now())
    rule = {"name": "Host", "source": "dedup_key=host", "target": "dedup_key=disk"}
    assert api.post("/inhibitions/trial", rule, expect=200)["counts"] == {"would be inhibited": 1}
    made = api.post("/inhibitions", rule)
    assert api.put(f"/inhibitions/{made['id']}", {**rule, "is_enabled": False})["is_enabled"] is False
    assert len(api.get("/inhibitions")["items"]) == 1
    assert api.call("DELETE", f"/inhibitions/{made['id']}").status == 204


def test_routes_are_tried_made_moved_and_asked(api: Caller) -> None:
    policy = api.get("/escalation-policies")["items"][0]["slug"]
    api.post("/services", {"name": "Shop", "policy": policy})
    rule = {"name": "Shop", "matchers": "team=shop", "service": "shop", "urgency": "low"}
    assert api.post("/routes/trial", rule, expect=200)["counts"] == {
        "would go to Shop": 1, "would have low urgency": 1
    }  # fmt: skip
    shop, rest = api.post("/routes", rule), api.post("/routes", {"name": "Rest", "policy": policy})
    inner = api.post("/routes", {"name": "Inner", "parent": shop["id"]})
    found = api.post("/routes/destination", {"labels": {"team": "shop"}}, expect=200)
    assert (found["routes"], found["urgency"]) == ([shop["id"], inner["id"]], "low")
    assert api.post(f"/routes/{rest['id']}/move", {"to": "up"}, expect=200)["position"] == 0
    found = api.post("/routes/destination", {"labels": {"team": "shop"}}, expect=200)
    assert found["reason"] == "Routed by “Rest”."
    assert api.put(f"/routes/{shop['id']}", {**rule, "service": None})["service"] is None
    assert api.call("DELETE", f"/routes/{shop['id']}").status == 204
    assert [r["name"] for r in api.get("/routes")["items"]] == ["Rest"]


def test_urgency_rules_are_tried_made_and_moved(api: Caller) -> None:
    rule = {"name": "Wait", "urgency": "low", "otherwise": "none", "starts": "09:00", "ends": "17:00"}
    always = {"name": "All", "urgency": "none"}
    assert api.post("/urgency-rules/trial", always, expect=200)["counts"] == {"would have none urgency": 1}
    first, second = api.post("/urgency-rules", rule), api.post("/urgency-rules", always)
    assert (first["starts"], first["otherwise"], second["otherwise"]) == ("09:00:00", "none", None)
    assert api.post(f"/urgency-rules/{second['id']}/move", {"to": "up"}, expect=200)["position"] == 0
    assert api.put(f"/urgency-rules/{first['id']}", {**rule, "name": "Days"})["name"] == "Days"
    assert api.call("DELETE", f"/urgency-rules/{first['id']}").status == 204
    assert len(api.get("/urgency-rules")["items"]) == 1


def test_a_token_that_may_respond_silences_and_writes_no_rules(source: Source) -> None:
    api = Caller(person("Ada", Role.RESPONDER), Scope.RESPOND)
    api.post("/silences", {"matchers": "a=b", "reason": "Known", "minutes": 5})
    for path, body in (
        ("/maintenance", {"name": "x"}),
        ("/inhibitions", {"name": "x", "source": "a=b", "target": "a=c"}),
        ("/routes", {"name": "x"}),
        ("/urgency-rules", {"name": "x", "urgency": "low"}),
    ):
        assert api.call("POST", path, body).status == 403
    reader = Caller(person("Oscar", Role.OBSERVER), Scope.READ)
    assert reader.call("POST", "/silences", {"matchers": "a=b", "reason": "x", "minutes": 5}).status == 403
    assert len(reader.get("/silences")["items"]) == 1


def test_the_noise_of_a_service_and_the_routing_of_an_integration_are_set(api: Caller, source: Source) -> None:
    service = api.get("/services/checkout")
    assert (service["group_hours"], service["calms_flapping"], service["storm_threshold"]) == (24, True, 0)
    changed = api.put("/services/checkout", {**service, "group_by": ["team"], "pause_minutes": 3})
    assert (changed["group_by"], changed["pause_minutes"]) == (["team"], 3)
    path = f"/integrations/{source.integration.pk}"
    assert api.call("PATCH", path, {"is_routed": False}).body["is_routed"] is False

"""Silences, maintenance and alert rules over the API, tried before they are made."""

import pytest

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.apps.hearing import Source, make_integration
from tocsin import clock
from tocsin.audit.models import Record
from tocsin.core.permissions import Role, Scope
from tocsin.rules import editions
from tocsin.rules.models import Maintenance

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
    assert (made["state"], made["changes_at"]) == ("active", "2999-01-01T00:00:00Z")
    path = f"/maintenance/{made['id']}"
    weekly = {"name": "Nightly", "matchers": "team=shop", "weekdays": [6], "opens": "02:00", "minutes": 90}
    changed = api.put(path, weekly)
    assert (changed["services"], changed["weekdays"], changed["opens"]) == ([], [6], "02:00:00")
    assert changed["changes_at"] is not None
    assert api.post(f"{path}/end", expect=200)["cut_at"] is not None
    assert api.get(path)["name"] == "Nightly"
    assert [m["id"] for m in api.get("/maintenance")["items"]] == [made["id"]]
    assert api.call("DELETE", path).status == 204
    assert api.call("POST", "/maintenance", {**once, "services": ["nowhere"]}).status == 404
    broken = api.post("/maintenance", weekly)
    Maintenance.objects.update(zone="Mars/Olympus")
    assert (broken["state"], api.get(f"/maintenance/{broken['id']}")["state"]) == ("upcoming", "over")


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59Z", "3000-01-01T00:00:00Z"])
def test_times_near_the_ends_of_the_calendar_are_refused_in_words(api: Caller, end: str) -> None:
    said = {"matchers": "service=checkout", "reason": "Known", "ends_at": end}
    refused = api.call("POST", "/silences", said)
    assert refused.status == 422
    assert "a time between 1970-01-02 and 2999-12-31" in str(refused.body)
    weekly = {"name": "N", "matchers": "a=b", "weekdays": [6], "opens": "02:00", "minutes": 90}
    for field in ("starts_at", "ends_at"):
        assert api.call("POST", "/maintenance", {**weekly, field: end}).status == 422
    assert api.call("POST", "/silences", {**said, "ends_at": "0001-01-01T00:00:00+14:00"}).status == 422


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
    assert api.post("/urgency-rules/trial", always, expect=200)["counts"] == {"would have no urgency": 1}
    first, second = api.post("/urgency-rules", rule), api.post("/urgency-rules", always)
    assert (first["starts"], first["otherwise"], second["otherwise"]) == ("09:00:00", "none", None)
    assert api.post(f"/urgency-rules/{second['id']}/move", {"to": "up"}, expect=200)["position"] == 0
    assert api.put(f"/urgency-rules/{first['id']}", {**rule, "name": "Days"})["name"] == "Days"
    assert api.call("DELETE", f"/urgency-rules/{first['id']}").status == 204
    assert len(api.get("/urgency-rules")["items"]) == 1


ROUTE = {"name": "Shop", "matchers": "team=shop", "urgency": "low"}
URGENCY_RULE = {"name": "Wait", "matchers": "team=shop", "urgency": "low"}
INHIBITION = {"name": "Host", "source": "dedup_key=host", "target": "dedup_key=disk", "equal": ["team"]}
SILENCE = {"matchers": "dedup_key=disk", "reason": "Known", "minutes": 30}
ONCE = {"weekdays": [], "starts_at": "2998-01-01T00:00Z", "ends_at": "2999-01-01T00:00Z"}
WINDOW = {"name": "Nightly", "services": ["checkout"], "weekdays": list(range(7)), "opens": "00:00", "minutes": 1440}


@pytest.mark.parametrize(
    ("path", "rule", "change", "said"),
    [
        ("/silences", SILENCE, {"matchers": "dedup_key=other"}, {"would page": 1}),
        ("/silences", {**SILENCE, "matchers": "a=b"}, {"matchers": "team=shop"}, {"would be silenced": 1}),
        ("/maintenance", WINDOW, {"services": [], "matchers": "team=other"}, {"would page": 1}),
        ("/maintenance", WINDOW, ONCE, {}),
        ("/inhibitions", INHIBITION, {"equal": []}, {"would be inhibited": 1}),
        ("/inhibitions", {**INHIBITION, "equal": []}, {"is_enabled": False}, {"would page": 1}),
        ("/routes", ROUTE, {"urgency": "none"}, {"would have no urgency": 1}),
        ("/urgency-rules", URGENCY_RULE, {"matchers": "team=other"}, {"would have high urgency": 1}),
    ],
    ids=str,
)
def test_a_change_is_tried_and_changes_nothing(
    api: Caller, source: Source, path: str, rule: dict[str, object], change: dict[str, object], said: dict[str, int]
) -> None:
    if path == "/inhibitions":
        source.triggers("host", team="another", at=clock.now())
        source.triggers("disk", team="shop", at=clock.now())
    made = api.post(path, rule)
    before = editions.mark(), Record.objects.count(), api.get(path)["items"]
    one = f"{path}/{made['id']}"
    assert api.post(f"{one}/trial", rule, expect=200)["counts"] == {}
    assert api.post(f"{one}/trial", {**rule, **change}, expect=200)["counts"] == said
    assert (editions.mark(), Record.objects.count(), api.get(path)["items"]) == before
    api.put(one, {**rule, **change})


def test_a_route_that_is_tried_elsewhere_counts_as_the_last_there(api: Caller) -> None:
    moved, first = api.post("/routes", ROUTE), api.post("/routes", {"name": "First"})
    api.post("/routes", {"name": "Inner", "urgency": "none", "parent": first["id"]})
    assert api.post(f"/routes/{moved['id']}/trial", {**ROUTE, "parent": first["id"]}, expect=200)["counts"] == {
        "would have no urgency": 1
    }


def test_a_route_is_not_tried_below_itself(api: Caller) -> None:
    outer = api.post("/routes", ROUTE)
    inner = api.post("/routes", {"name": "Inner", "parent": outer["id"]})
    for parent in (outer, inner):
        below = {**ROUTE, "parent": parent["id"]}
        refused = api.call("POST", f"/routes/{outer['id']}/trial", below)
        assert (refused.status, refused.body["detail"]) == (409, "A route cannot be below itself.")
        assert api.call("PUT", f"/routes/{outer['id']}", below).body == refused.body


@pytest.mark.parametrize(
    ("path", "rule", "wrong", "status"),
    [
        ("/silences", SILENCE, {"matchers": ""}, 409),
        ("/silences", SILENCE, {"reason": " "}, 409),
        ("/silences", SILENCE, {"minutes": None}, 422),
        ("/silences", SILENCE, {"minutes": None, "ends_at": "2000-01-01T00:00Z"}, 409),
        ("/maintenance", WINDOW, {"services": []}, 409),
        ("/maintenance", WINDOW, {"opens": None}, 409),
        ("/maintenance", WINDOW, {"weekdays": []}, 409),
        ("/maintenance", WINDOW, {"zone": "Mars/Olympus"}, 409),
        ("/maintenance", WINDOW, {"services": ["nowhere"]}, 404),
        ("/inhibitions", INHIBITION, {"name": "Taken"}, 409),
        ("/inhibitions", INHIBITION, {"target": ""}, 409),
        ("/routes", ROUTE, {"matchers": "team=~("}, 409),
        ("/routes", ROUTE, {"name": " "}, 409),
        ("/routes", ROUTE, {"parent": 12345}, 404),
        ("/urgency-rules", URGENCY_RULE, {"starts": "09:00"}, 409),
        ("/urgency-rules", URGENCY_RULE, {"urgency": "loud"}, 422),
    ],
    ids=str,
)
def test_a_trial_refuses_what_saving_refuses(
    api: Caller, path: str, rule: dict[str, object], wrong: dict[str, object], status: int
) -> None:
    if path == "/inhibitions":
        api.post(path, {**INHIBITION, "name": "Taken"})
    one = f"{path}/{api.post(path, rule)['id']}"
    tried, saved = api.call("POST", f"{one}/trial", {**rule, **wrong}), api.call("PUT", one, {**rule, **wrong})
    assert (tried.status, tried.body) == (status, saved.body)
    assert api.call("POST", f"{path}/12345/trial", rule).status == 404


def test_a_silence_that_is_over_is_not_tried(api: Caller) -> None:
    path = f"/silences/{api.post('/silences', SILENCE)['id']}"
    api.call("DELETE", path)
    assert "over already" in api.call("POST", f"{path}/trial", SILENCE).body["detail"]


def test_whoever_may_save_may_try(api: Caller) -> None:
    responder = Caller(person("Bea", Role.RESPONDER), Scope.RESPOND)
    observer = Caller(person("Oscar", Role.OBSERVER))
    silence = f"/silences/{api.post('/silences', SILENCE)['id']}/trial"
    assert responder.call("POST", silence, SILENCE).status == 200
    assert observer.call("POST", silence, SILENCE).status == 403
    for path, rule in (
        ("/maintenance", WINDOW),
        ("/inhibitions", INHIBITION),
        ("/routes", ROUTE),
        ("/urgency-rules", URGENCY_RULE),
    ):
        one = f"{path}/{api.post(path, rule)['id']}/trial"
        for caller in (responder, observer):
            assert caller.call("POST", one, rule).status == caller.call("POST", f"{path}/trial", rule).status == 403


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


def test_noise_settings_are_tried_before_they_are_saved(api: Caller) -> None:
    trial = api.post("/services/checkout/noise/trial", {"pause_minutes": 5}, expect=200)
    assert trial["counts"] == {"would wait before it pages": 1}  # it waits still
    assert trial["before"] == {"alerts": 1, "groups": 1, "held": 0, "pages": 1}
    assert trial["after"] == {"alerts": 1, "groups": 1, "held": 1, "pages": 0}
    (told,) = trial["differences"]
    assert told["before"] == "Opened a new alert and a new alert group, which is paged. Error alerts have high urgency."
    assert told["after"].startswith("Recorded as a new alert, which pages if it does not resolve by itself soon.")
    assert api.get(f"/receipts/{told['receipt']}")["state"] == "absorbed"
    assert api.get("/services/checkout")["pause_minutes"] == 0
    assert api.call("POST", "/services/checkout/noise/trial", {"pause_minutes": 61}).status == 422
    for wrong in ({"group_by": [""]}, {"group_by": [" "]}, {"group_minutes": 1441}, {"storm_threshold": 100_001}):
        assert api.call("POST", "/services/checkout/noise/trial", wrong).status == 422
        assert api.call("PUT", "/services/checkout", {**api.get("/services/checkout"), **wrong}).status == 422
    assert api.call("POST", "/services/nowhere/noise/trial", {}).status == 404

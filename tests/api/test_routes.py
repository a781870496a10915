"""Everything that can be done in the browser can be done over the API."""

import json
import re
import uuid

import pytest

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.conftest import NOON
from tocsin.alerts.absorbing import absorb
from tocsin.alerts.models import Event
from tocsin.core.permissions import Role
from tocsin.outbox.models import Message
from tocsin.paging import running
from tocsin.people.models import User
from tocsin.services.models import Integration

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return person("Ada", Role.OWNER)


@pytest.fixture
def api(ada: User) -> Caller:
    return Caller(ada)


def layer(*turns: list[int]) -> dict[str, object]:
    return {"name": "Weekly", "starts_on": "2026-03-02", "handoff_at": "09:00", "turns": list(turns)}


def organisation(api: Caller, ada: User) -> tuple[User, str]:
    """A second person, and the slug of a policy that pages a schedule of both, then the team."""
    grace = User.objects.get(pk=api.post("/people", {"email": "g@example.org", "name": "Grace"})["person"]["id"])
    api.post("/teams", {"name": "Platform"})
    api.put("/teams/platform/members", [{"person": ada.pk, "is_lead": True}, {"person": grace.pk}])
    api.post("/schedules", {"name": "Primary", "time_zone": "Europe/Berlin", "team": "platform"})
    api.put("/schedules/primary/layers", [layer([ada.pk], [grace.pk])])
    policy = api.post("/escalation-policies", {"name": "Default", "team": "platform"})
    user = {"kind": "user", "id": grace.pk}
    api.put(f"/escalation-policies/{policy['slug']}/steps", {"steps": [{"delay_minutes": 5, "targets": [user]}]})
    return grace, policy["slug"]


def event(integration: dict[str, object], key: str = "disk") -> uuid.UUID:
    """As `ingest` writes it, and absorbed."""
    receipt = uuid.uuid4()
    payload = {"summary": "Disk is full", "source": "db-1", "severity": "critical"}
    body = {"routing_key": integration["key"], "event_action": "trigger", "dedup_key": key, "payload": payload}
    Event.objects.create(
        receipt=receipt,
        integration=Integration.objects.get(pk=integration["id"]),
        kind="pagerduty",
        body=json.dumps(body).encode(),
        received_at=NOON,
    )
    absorb(NOON, running.follow)
    running.advance_due(NOON)
    return receipt


def test_from_nothing_to_an_answered_page(api: Caller, ada: User) -> None:
    grace, policy = organisation(api, ada)
    api.post("/services", {"name": "Checkout", "policy": policy, "team": "platform", "tier": 1})
    integration = api.post("/services/checkout/integrations", {"kind": "pagerduty", "name": "Monitoring"})
    assert integration["url"].endswith("/v2/enqueue")

    receipt = api.get(f"/receipts/{event(integration)}")
    assert receipt["state"] == "absorbed"
    (signal,) = receipt["signals"]
    assert "alerts have high urgency." in signal["sentence"]
    assert signal["grouping"] == "It is a new group because every alert of the service is a group of its own."
    (notified,) = signal["notified"]
    assert notified["text"].startswith("Paged step 1 of")

    (group,) = api.get("/alert-groups")["items"]
    assert (group["id"], group["state"], group["title"]) == (signal["group"], "triggered", "Disk is full")
    path = f"/alert-groups/{group['id']}"
    assert {n["person"] for n in api.get(f"{path}/notifications")["items"]} == {grace.pk}
    assert api.get(f"{path}/escalation")["status"] == "running"
    assert [a["dedup_key"] for a in api.get(f"{path}/alerts")["items"]] == ["disk"]

    api.post(f"{path}/notes", {"text": "Looking into it."})
    assert api.post(f"{path}/acknowledge", expect=200)["state"] == "acknowledged"
    assert api.get(f"{path}/escalation")["status"] == "acknowledged"
    assert api.post(f"{path}/acknowledge", expect=200)["state"] == "acknowledged"
    assert api.post(f"{path}/unacknowledge", expect=200)["state"] == "triggered"
    assert api.post(f"{path}/escalate", expect=200)["state"] == "triggered"
    assert api.post(f"{path}/resolve", expect=200)["state"] == "resolved"
    assert api.get("/alert-groups")["items"] == []
    assert len(api.get("/alert-groups?state=all")["items"]) == 1
    kinds = [entry["kind"] for entry in api.get(f"{path}/history")["items"]]
    assert kinds[-1] == "opened"
    assert {"note", "acknowledged", "resolved"} <= set(kinds)


def test_a_schedule_with_an_override(api: Caller, ada: User) -> None:
    grace, _ = organisation(api, ada)
    window = "start=2026-03-03T00:00:00Z&end=2026-03-05T00:00:00Z"
    assert [s["people"] for s in api.get(f"/schedules/primary/final?{window}")] == [[ada.pk]]
    body = {"person": grace.pk, "starts_at": "2126-03-04T00:00:00Z", "ends_at": "2126-03-04T12:00:00Z"}
    made = api.post("/schedules/primary/overrides", body)
    assert [o["id"] for o in api.get("/schedules/primary/overrides")["items"]] == [made["id"]]
    later = api.get("/schedules/primary/final?start=2126-03-04T00:00:00Z&end=2126-03-04T12:00:00Z")
    assert [s["people"] for s in later] == [[grace.pk]]
    assert api.call("DELETE", f"/overrides/{made['id']}").status == 204
    assert api.get("/schedules/primary/overrides") == {"items": [], "next": None}
    assert [row["schedule"] for row in api.get("/on-call")] == ["primary"]


def test_layers_come_back_as_they_were_set(api: Caller, ada: User) -> None:
    organisation(api, ada)
    rich = {
        **layer([ada.pk]),
        "name": "Nights",
        "unit": "day",
        "every": 2,
        "until": "2027-01-01T00:00:00Z",
        "restrictions": [{"weekdays": [5, 6], "starts": "22:00:00", "ends": "06:00:00"}],
        "is_shadow": True,
        "handoff_at": "09:00:00",
    }
    assert api.put("/schedules/primary/layers", [rich])["layers"] == [rich]


def test_a_policy_names_its_defects_and_who_would_be_paged(api: Caller, ada: User) -> None:
    grace, slug = organisation(api, ada)
    path = f"/escalation-policies/{slug}"
    assert api.get(path)["catch_all"] == [{"kind": "stewards", "id": 0}]
    assert any("open Tocsin tab" in defect["text"] for defect in api.get(f"{path}/defects"))
    lines = api.get(f"{path}/simulation?at=2026-03-04T12:00:00Z")
    assert (lines[0]["people"], lines[0]["after_seconds"]) == ([grace.pk], 0)
    assert lines[-1]["where"] == "Catch-all"


def test_hours_are_on_the_wall_and_have_no_offset(api: Caller) -> None:
    rule = {"name": "Night", "urgency": "low", "weekdays": [], "ends": "06:00", "zone": "Europe/Berlin"}
    for path in ("/urgency-rules", "/urgency-rules/trial"):
        refused = api.call("POST", path, {**rule, "starts": "22:00:00Z"})
        assert refused.status == 422
        assert "a time on the wall has no offset" in str(refused.body["errors"])
    assert api.call("POST", "/urgency-rules", {**rule, "starts": "22:00", "weekdays": [7]}).status == 422
    api.post("/urgency-rules", {**rule, "starts": "22:00"})


def test_what_is_in_use_is_not_deleted(api: Caller, ada: User) -> None:
    _, slug = organisation(api, ada)
    api.post("/services", {"name": "Checkout", "policy": slug})
    assert api.call("DELETE", f"/escalation-policies/{slug}").status == 409
    assert api.call("DELETE", "/services/checkout").status == 204
    assert api.call("DELETE", f"/escalation-policies/{slug}").status == 204


def test_an_integration_gets_a_new_key_and_is_switched_off(api: Caller, ada: User) -> None:
    _, slug = organisation(api, ada)
    api.post("/services", {"name": "Checkout", "policy": slug})
    made = api.post("/services/checkout/integrations", {"kind": "generic", "name": "Scripts"})
    rotated = api.call("POST", f"/integrations/{made['id']}/key")
    assert rotated.status == 200
    assert rotated.body["key"] != made["key"]
    assert rotated.body["key"] in rotated.body["url"]
    changed = api.call("PATCH", f"/integrations/{made['id']}", {"is_enabled": False})
    assert changed.body["is_enabled"] is False
    assert "key" not in api.get(f"/integrations/{made['id']}")
    assert api.call("DELETE", f"/integrations/{made['id']}").status == 204
    assert api.get("/integrations")["items"] == []


def test_contact_methods_are_verified_before_use(api: Caller, ada: User) -> None:
    path = f"/people/{ada.pk}/contact-methods"
    made = api.post(path, {"kind": "email", "label": "Work", "address": "ada@example.org"})
    assert made["is_verified"] is False
    assert api.call("POST", f"/contact-methods/{made['id']}/send-code").status == 202
    verify = f"/contact-methods/{made['id']}/verify"
    assert api.call("POST", verify, {"code": "wrong"}).status == 409
    assert api.call("POST", verify, {"code": code_in_the_outbox()}).body["is_verified"] is True
    rule = {"method": made["id"], "delay_seconds": 60}
    assert api.put(f"/people/{ada.pk}/rules/high", [rule]) == [rule]
    assert api.get(f"/people/{ada.pk}/rules/high") == [rule]
    assert api.call("DELETE", f"/contact-methods/{made['id']}").status == 204
    assert {m["kind"] for m in api.get(path)} == {"inapp"}


def code_in_the_outbox() -> str:
    message = Message.objects.get(purpose="verification")
    found = re.search(r"\b\d{6}\b", json.dumps(message.payload))
    assert found
    return found[0]


def test_addresses_of_others_are_not_shown(ada: User) -> None:
    grace = Caller(person("Grace"))
    assert grace.call("GET", f"/people/{ada.pk}/contact-methods").status == 403


def test_people_are_changed_and_leave(api: Caller) -> None:
    grace = api.post("/people", {"email": "g@example.org", "name": "Grace"})["person"]["id"]
    body = {"name": "Grace Hopper", "time_zone": "America/New_York", "role": "admin", "is_active": False}
    changed = api.call("PATCH", f"/people/{grace}", body).body
    assert {name: changed[name] for name in body} == body
    assert api.get("/people?search=hopper")["items"][0]["id"] == grace


def test_tokens_are_made_shown_once_and_revoked(api: Caller, ada: User) -> None:
    made = api.post("/tokens", {"name": "CI", "scopes": ["read"], "person": ada.pk})
    listed = next(t for t in api.get("/tokens")["items"] if t["id"] == made["id"])
    assert "token" not in listed
    assert api.call("DELETE", f"/tokens/{made['id']}").status == 204
    listed = next(t for t in api.get("/tokens")["items"] if t["id"] == made["id"])
    assert listed["revoked_at"]


def test_the_pager_is_tested_and_the_audit_log_tells_who_did_what(api: Caller, ada: User) -> None:
    test = api.post(f"/people/{ada.pk}/test-page", expect=202)
    assert test["status"] == "running"
    api.post("/teams", {"name": "Platform"})
    newest = api.get("/audit?limit=1")["items"][0]
    assert (newest["verb"], newest["object_name"], newest["via"]) == ("created", "Platform", "api")


def test_the_status_counts_what_is_open(api: Caller) -> None:
    found = api.get("/status")
    assert found["groups_triggered"] == 0
    assert found["problems"] == []


def test_me_is_who_the_token_acts_as(api: Caller, ada: User) -> None:
    assert api.get("/me")["id"] == ada.pk
    assert Caller(None).call("GET", "/me").status == 404


def test_a_person_is_changed_as_a_whole_or_not_at_all() -> None:
    person("Olga", Role.OWNER)
    admin, linus = Caller(person("Ada", Role.ADMIN)), person("Linus")
    before = linus.name, linus.email
    body = {"name": "Linus T.", "email": "lt@example.org", "role": "owner"}  # only an owner makes owners
    assert admin.call("PATCH", f"/people/{linus.pk}", body).status == 403
    linus.refresh_from_db()
    assert (linus.name, linus.email) == before

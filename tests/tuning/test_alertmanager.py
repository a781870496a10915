"""Alertmanager's API below an integration's URL says and does what Alertmanager's own does."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.apps.hearing import Source, make_service
from tocsin import clock
from tocsin.alerts.models import Quarantine
from tocsin.audit.models import Record
from tocsin.core.permissions import TOCSIN
from tocsin.rules import inhibitions, silences
from tocsin.rules.models import Silence
from tocsin.services.actions import change_integration, create_integration
from tocsin.services.models import Integration
from tocsin.tuning.alertmanager import wire

pytestmark = pytest.mark.django_db
SOON, LATER = "2099-01-01T00:00:00.000Z", "2099-01-02T00:00:00Z"


class Tool:
    """A client with the key of an integration in its URL."""

    def __init__(self, integration: Integration, key: str) -> None:
        self.integration, self.base, self.client = integration, f"/in/alertmanager/{key}", Client()
        self.key = key

    def get(self, path: str, expect: int = 200) -> Any:
        answer = self.client.get(self.base + path)
        assert answer.status_code == expect, answer.content
        return json.loads(answer.content) if answer.content else None

    def post(self, expect: int = 200, **changes: object) -> Any:
        matchers = [{"name": "alertname", "value": "Down", "isRegex": False}]
        sent = {
            "matchers": matchers,
            "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": SOON,
            "createdBy": "me",
            "comment": "c",
        }
        body = json.dumps({**sent, **changes})
        answer = self.client.post(f"{self.base}/api/v2/silences", body, content_type="application/json")
        assert answer.status_code == expect, answer.content
        return json.loads(answer.content)

    def delete(self, key: str, expect: int = 200) -> Any:
        answer = self.client.delete(f"{self.base}/api/v2/silence/{key}")
        assert answer.status_code == expect, answer.content
        return json.loads(answer.content) if answer.content else None

    def fires(self, **labels: str) -> None:
        at = clock.now()
        alert = {"labels": labels, "annotations": {"summary": "s"}, "generatorURL": "http://p.example/g"}
        source = Source(self.integration)
        source.sends(json.dumps([{**alert, "endsAt": LATER}]).encode(), at)
        source.absorbed(at)


@pytest.fixture
def tool() -> Tool:
    return Tool(*create_integration(TOCSIN, make_service(), "alertmanager", "Prometheus", clock.now()))


def matcher(name: str, value: str, is_regex: bool = False, is_equal: bool = True) -> dict[str, object]:
    return {"name": name, "value": value, "isRegex": is_regex, "isEqual": is_equal}


def test_a_silence_is_made_read_and_ended(tool: Tool) -> None:
    key = tool.post()["silenceID"]
    found = tool.get(f"/api/v2/silence/{key}")
    assert set(found) == {"id", "status", "updatedAt", "comment", "createdBy", "endsAt", "matchers", "startsAt"}
    assert (found["id"], found["status"], found["endsAt"]) == (key, {"state": "active"}, SOON)
    assert found["matchers"] == [{"isEqual": True, "isRegex": False, "name": "alertname", "value": "Down"}]
    assert tool.get("/api/v2/silences") == [found]
    tool.delete(key)
    tool.delete(key)  # as Alertmanager: once more says the same
    assert tool.get(f"/api/v2/silence/{key}")["status"] == {"state": "expired"}
    row = Silence.objects.get()
    assert (row.integration, row.creator, row.reason) == (tool.integration, "me", "c")
    assert [(r.actor, r.verb) for r in Record.objects.filter(object_kind="silence").order_by("id")] == [
        ("me", "created"), ("Prometheus", "expired")
    ]  # fmt: skip


def test_one_that_only_ends_later_keeps_its_id_and_another_one_replaces_it(tool: Tool) -> None:
    key = tool.post()["silenceID"]
    starts = tool.get(f"/api/v2/silence/{key}")["startsAt"]
    assert tool.post(id=key, endsAt=LATER, startsAt=starts)["silenceID"] == key
    assert tool.get(f"/api/v2/silence/{key}")["endsAt"] == "2099-01-02T00:00:00.000Z"
    other = tool.post(id=key, startsAt=starts, matchers=[matcher("alertname", "Up")])["silenceID"]
    assert other != key
    assert {s["id"]: s["status"]["state"] for s in tool.get("/api/v2/silences")} == {key: "expired", other: "active"}
    again = tool.post(id=key)["silenceID"]  # what is over is not brought back to life
    assert again not in (key, other)


def test_one_that_has_not_begun_can_be_moved(tool: Tool) -> None:
    key = tool.post(startsAt=SOON, endsAt=LATER)["silenceID"]
    assert tool.get(f"/api/v2/silence/{key}")["status"] == {"state": "pending"}
    assert tool.post(id=key, endsAt=SOON)["silenceID"] == key
    assert tool.get(f"/api/v2/silence/{key}")["status"] == {"state": "active"}


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"matchers": []}, 422, {"code": 612, "message": "matchers in body should have at least 1 items"}),
        ({"createdBy": None}, 422, {"code": 602, "message": "createdBy in body is required"}),
        (
            {"matchers": [matcher("a", "")]},
            400,
            "silence invalid: at least one matcher must not match the empty string",
        ),
        ({"matchers": [matcher("a", "(", is_regex=True)]}, 400, "silence invalid: "),
        ({"endsAt": "2026-01-01T00:00:01Z"}, 400, "Failed to create silence: "),
        ({"endsAt": "tomorrow"}, 400, "parsing silence body"),
        ({"endsAt": "2099-01-01T00:00:00"}, 400, "a time without a zone"),
        ({"id": "6b3b1f1e-0000-4000-8000-000000000000"}, 404, "silence not found"),
        ({"id": "nothing"}, 404, "silence not found"),
    ],
)
def test_what_is_no_silence_is_refused_in_alertmanagers_words(
    tool: Tool, changes: dict[str, object], status: int, said: object
) -> None:
    answer = tool.post(expect=status, **changes)
    if isinstance(said, dict):
        assert answer == said
    else:
        assert said in (answer if isinstance(answer, str) else answer["message"])
    assert not Silence.objects.exists()


def test_matchers_of_tools_are_about_labels(tool: Tool) -> None:
    """Tocsin's own severity of this alert is error; the tool knows its label only."""
    tool.fires(alertname="Down", severity="page")
    tool.post(matchers=[matcher("severity", "page")])
    assert Silence.objects.get().matchers == 'labels.severity="page"'
    assert tool.get("/api/v2/silences")[0]["matchers"][0]["name"] == "severity"
    (alert,) = tool.get("/api/v2/alerts")
    assert alert["status"]["state"] == "suppressed"


def test_alerts_are_told_with_what_holds_them_back(tool: Tool) -> None:
    tool.fires(alertname="Down", instance="a")
    tool.fires(alertname="Slow", instance="a")
    key = tool.post()["silenceID"]
    down, slow = sorted(tool.get("/api/v2/alerts"), key=lambda a: a["labels"]["alertname"])
    assert set(down) == {
        "annotations", "endsAt", "fingerprint", "receivers", "startsAt", "status", "updatedAt", "generatorURL", "labels"
    }  # fmt: skip
    assert down["status"] == {"inhibitedBy": [], "silencedBy": [key], "mutedBy": [], "state": "suppressed"}
    assert (down["annotations"], down["generatorURL"]) == ({"summary": "s"}, "http://p.example/g")
    assert (down["endsAt"], down["receivers"]) == ("2099-01-02T00:00:00.000Z", [{"name": "checkout"}])
    assert slow["status"]["state"] == "active"
    inhibitions.save_inhibition(
        TOCSIN, None, clock.now(), name="Down", source="alertname=Down", target="alertname=Slow", equal=["instance"]
    )
    (slow,) = tool.get("/api/v2/alerts?silenced=false")
    assert slow["status"]["inhibitedBy"] == [down["fingerprint"]]
    assert tool.get("/api/v2/alerts?silenced=false&inhibited=false") == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Down", "Slow"]),
        ("?filter=alertname%3DDown", ["Down"]),
        ('?filter=alertname%3D~"D.*"&filter=instance%3Db', []),
        ("?receiver=check.*", ["Down", "Slow"]),
        ("?receiver=other", []),
        ("?active=false", []),
    ],
)
def test_alerts_are_filtered(tool: Tool, query: str, names: list[str]) -> None:
    tool.fires(alertname="Down", instance="a")
    tool.fires(alertname="Slow", instance="a")
    assert sorted(a["labels"]["alertname"] for a in tool.get(f"/api/v2/alerts{query}")) == names


def test_filters_that_are_none_are_refused(tool: Tool) -> None:
    assert "bad matcher format" in tool.get("/api/v2/alerts?filter=foo", 400)
    assert "bad matcher format" in tool.get("/api/v2/silences?filter=foo", 400)
    assert "receiver" in tool.get("/api/v2/alerts?receiver=(", 400)


def test_groups_receivers_and_status(tool: Tool) -> None:
    tool.fires(alertname="Down", instance="a")
    (group,) = tool.get("/api/v2/alerts/groups")
    assert (group["labels"], group["receiver"]) == ({"alertname": "Down", "instance": "a"}, {"name": "checkout"})
    assert [a["labels"] for a in group["alerts"]] == [group["labels"]]
    assert tool.get("/api/v2/receivers") == [{"name": "checkout"}]
    status = tool.get("/api/v2/status")
    assert set(status) == {"cluster", "config", "uptime", "versionInfo"}
    assert status["config"]["original"] == "route:\n  receiver: checkout\nreceivers:\n- name: checkout\n"
    for path in ("/-/healthy", "/-/ready"):
        assert tool.client.get(tool.base + path).content == b"OK"
    assert tool.get("/api/v2/nope", 404) == {"code": 404, "message": "path /api/v2/nope was not found"}


def test_silences_are_filtered_and_in_alertmanagers_order(tool: Tool) -> None:
    over = tool.post()["silenceID"]
    tool.delete(over)
    pending = tool.post(startsAt=SOON, endsAt=LATER)["silenceID"]
    last, first = tool.post(endsAt=LATER)["silenceID"], tool.post(endsAt=SOON)["silenceID"]
    assert [s["id"] for s in tool.get("/api/v2/silences")] == [first, last, pending, over]
    assert len(tool.get("/api/v2/silences?filter=alertname%3DDown")) == 4
    assert tool.get("/api/v2/silences?filter=alertname%3DUp") == []


def test_whoever_has_a_key_changes_only_what_comes_in_by_it(tool: Tool) -> None:
    other = Tool(*create_integration(TOCSIN, make_service("other"), "alertmanager", "Other", clock.now()))
    key = tool.post()["silenceID"]
    assert other.get("/api/v2/silences") == []
    other.get(f"/api/v2/silence/{key}", 404)
    assert other.delete(key, 404) == "silence not found"
    now = clock.now()
    everywhere = silences.create_silence(TOCSIN, "alertname=Down", now, wire.read(BODY).ends_at, "All", now)  # type: ignore[arg-type]
    assert [s["comment"] for s in other.get("/api/v2/silences")] == ["All"]  # it holds for its alerts too
    assert "made in Tocsin" in other.delete(str(everywhere.uuid), 403)
    assert tool.delete("zzz", 422)["code"] == 601


BODY = json.dumps(
    {"matchers": [matcher("a", "b")], "startsAt": SOON, "endsAt": SOON, "createdBy": "me", "comment": ""}
).encode()


def test_a_key_may_also_be_a_bearer_token(tool: Tool) -> None:
    bearer = {"Authorization": f"Bearer {tool.key}"}
    assert Client().get("/in/alertmanager/api/v2/silences", headers=bearer).json() == []
    assert Client().get("/in/alertmanager/-/ready/", headers=bearer).content == b"OK"


@pytest.mark.parametrize("path", ["/api/v2/silences", "/api/v2/alerts", "/api/v2/status", "/-/healthy", "/api/v2/x"])
def test_a_wrong_key_opens_nothing_and_guessing_is_slowed_down(tool: Tool, path: str) -> None:
    change_integration(TOCSIN, tool.integration, clock.now(), is_enabled=False)
    assert tool.client.get(tool.base + path).status_code == 401
    assert tool.client.get(f"/in/alertmanager{path}").status_code == 401
    answers = [tool.client.get(f"/in/alertmanager/guess{n}{path}").status_code for n in range(40)]
    assert set(answers) == {401, 429}
    change_integration(TOCSIN, tool.integration, clock.now(), is_enabled=True)
    assert tool.client.get(tool.base + path).status_code in (200, 404)  # a good key works, whoever guesses beside it


def test_a_method_that_is_none_is_refused(tool: Tool) -> None:
    answer = tool.client.put(f"{tool.base}/api/v2/silences")
    assert answer.json() == {"code": 405, "message": "method PUT is not allowed, but [GET,POST] are"}


@pytest.mark.parametrize("sent", [b"{", b"[]", b"\xff", b'"x"'])
def test_what_is_no_json_of_a_silence_is_a_400(tool: Tool, sent: bytes) -> None:
    answer = tool.client.post(f"{tool.base}/api/v2/silences", sent, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] == 400


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00", "2126-01-01T00:00:00Z"])
def test_a_silence_for_ever_is_taken_and_stops_nothing_else(tool: Tool, end: str) -> None:
    """Operators and scripts say the last day of all calendars, or a hundred years, for what has no end."""
    tool.post(endsAt=end)
    assert tool.get("/api/v2/silences")[0]["endsAt"] == min(f"{end[:19]}.000Z", "2999-12-31T00:00:00.000Z")
    tool.fires(alertname="Down")
    tool.fires(alertname="Other")
    states = {a["labels"]["alertname"]: a["status"]["state"] for a in tool.get("/api/v2/alerts")}
    assert states == {"Down": "suppressed", "Other": "active"}
    assert not Quarantine.objects.exists()


def test_a_silence_that_begins_beyond_all_calendars_is_refused(tool: Tool) -> None:
    said = tool.post(400, startsAt="9999-12-31T23:00:00-01:00", endsAt="9999-12-31T23:59:59-01:00")
    assert said == "Failed to create silence: It ends before it starts."

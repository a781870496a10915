"""Checks over the API."""

from collections.abc import Iterator

import pytest

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.channels import servers
from tests.channels.servers import Receiver
from tests.world import World
from tocsin.checks.models import Check
from tocsin.core.permissions import Role, Scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Caller:
    world = World()
    world.monitoring(world.policy([world.owner()]))
    return Caller(person("Ada", Role.ADMIN))


@pytest.fixture
def server() -> Iterator[Receiver]:
    with servers.receiver() as made:
        yield made


def test_a_heartbeat_from_its_making_to_its_end(api: Caller) -> None:
    body = {"kind": "heartbeat", "service": "checkout", "name": "Backup", "config": {"period": 600, "grace": 60}}
    made = api.post("/checks", body)
    assert "/ping/" in made["ping_url"]
    path = f"/checks/{made['id']}"
    found = api.get(path)
    assert (found["state"], found["config"]["period"], found["uptime"]) == (
        "new",
        600,
        {"24h": None, "7d": None, "30d": None, "90d": None},
    )
    assert "ping_url" not in found
    assert api.post(f"{path}/key", expect=200)["ping_url"] != made["ping_url"]
    assert api.call("PATCH", path, {"severity": "warning"}).body["severity"] == "warning"
    assert api.post(f"{path}/pause", expect=200)["state"] == "paused"
    assert api.post(f"{path}/resume", expect=200)["state"] == "new"
    assert [s["state"] for s in api.get(f"{path}/states")["items"]] == ["new", "paused"]
    assert api.get(f"{path}/pings")["items"] == []
    assert [c["name"] for c in api.get("/checks?kind=heartbeat&service=checkout")["items"]] == ["Backup"]
    assert api.call("DELETE", path).status == 204
    assert api.call("GET", path).status == 404


def test_a_probe_is_tried_and_made_and_never_gives_its_headers_out(api: Caller, server: Receiver) -> None:
    trial = {"kind": "http", "config": {"url": server.url, "contains": "nothing like it"}, "headers": "X-Key: s3cret"}
    tried = api.post("/checks/try", trial, expect=200)
    assert (tried["is_ok"], tried["facts"]["status"]) == (False, 200)
    made = api.post("/checks", {**trial, "service": "checkout", "name": "Shop"})
    assert made["ping_url"] == ""
    assert "s3cret" not in str(made) + str(api.get(f"/checks/{made['id']}"))
    assert Check.objects.get().headers == "X-Key: s3cret"
    assert api.call("POST", f"/checks/{made['id']}/look").status == 202
    assert api.get(f"/checks/{made['id']}/results")["items"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "smoke", "service": "checkout", "name": "X"}, 422),
        ({"kind": "http", "service": "checkout", "name": "X", "config": {}}, 409),
        ({"kind": "heartbeat", "service": "nothing", "name": "X"}, 404),
        (
            {"kind": "tcp", "service": "checkout", "name": "X", "config": {"host": "169.254.169.254", "port": 80}},
            409,
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(api: Caller, body: dict[str, object], status: int) -> None:
    answer = api.call("POST", "/checks", body)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")


def test_a_token_for_reading_makes_no_check(api: Caller) -> None:
    reader = Caller(person("Rita", Role.OWNER), Scope.READ)
    body = {"kind": "heartbeat", "service": "checkout", "name": "Backup"}
    assert reader.call("POST", "/checks", body).status == 403
    assert reader.get("/checks")["items"] == []

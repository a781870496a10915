"""Changes over the API."""

import pytest

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.apps.hearing import make_service
from tocsin.changes.models import Change
from tocsin.core.permissions import Role, Scope

pytestmark = pytest.mark.django_db
DEPLOY = {
    "summary": "Deploy v9",
    "service": "checkout",
    "key": "deploy-9",
    "status": "pending",
    "rollback": "make back",
    "links": [{"href": "https://ci.example.org/9", "text": "Run"}, {"href": "javascript:alert(1)"}],
    "at": "2026-03-04T13:00:00+01:00",
}


@pytest.fixture
def api() -> Caller:
    make_service()
    return Caller(person("Ada", Role.OWNER))


def test_a_script_records_a_deploy_and_its_end(api: Caller) -> None:
    made = api.post("/changes", DEPLOY)
    assert (made["service"], made["outcome"], made["at"]) == ("checkout", "under way", "2026-03-04T12:00:00Z")
    assert made["links"] == [{"href": "https://ci.example.org/9", "text": "Run"}]
    ended = {"summary": "Deploy v9", "key": "deploy-9", "status": "success", "at": "2026-03-04T12:04:00Z"}
    assert api.post("/changes", ended)["id"] == made["id"]
    found = api.get(f"/changes/{made['id']}")
    assert (found["outcome"], found["rollback"], found["at"]) == ("done", "make back", "2026-03-04T12:00:00Z")
    assert [c["id"] for c in api.get("/changes?status=done&service=checkout")["items"]] == [made["id"]]
    assert api.get("/changes?status=failed")["items"] == []


def test_a_repeated_request_records_one(api: Caller) -> None:
    body = {"summary": "Switch replaced"}
    first = api.post("/changes", body, **{"Idempotency-Key": "k1"})
    assert api.post("/changes", body, **{"Idempotency-Key": "k1"}) == first
    assert Change.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"summary": ""}, 422),
        ({"summary": "x" * 1025}, 422),
        ({"at": "2026-03-04T12:00:00"}, 422),
        ({"service": "nothing"}, 404),
    ],
)
def test_what_cannot_be_kept_is_refused(api: Caller, wrong: dict[str, str], status: int) -> None:
    assert api.call("POST", "/changes", {**DEPLOY, **wrong}).status == status
    assert not Change.objects.exists()


def test_a_token_that_only_reads_records_none(api: Caller) -> None:
    assert Caller(person("Grace"), Scope.READ).call("POST", "/changes", DEPLOY).status == 403
    assert api.call("GET", "/changes/4711").status == 404

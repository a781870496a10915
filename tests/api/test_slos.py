"""SLOs over the API, as a CI and a Prometheus beside it use them."""

import pytest
import yaml
from django.test import Client

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.apps.hearing import make_service
from tests.core.slos import ERRORS
from tocsin.core.permissions import Role, Scope
from tocsin.slos.models import Objective, Reading

pytestmark = pytest.mark.django_db

BODY = {
    "service": "shop",
    "name": "Availability",
    "objective": 99.9,
    "kind": "errors",
    "part": ERRORS.part,
    "total": ERRORS.total,
}


@pytest.fixture
def api() -> Caller:
    make_service("shop")
    return Caller(person("Ada", Role.OWNER))


def test_made_read_changed_and_deleted(api: Caller) -> None:
    made = api.post("/slos", BODY)
    assert (made["slug"], made["objective"], made["window_days"], made["budget"]) == (
        "shop-availability", 99.9, 30, None
    )  # fmt: skip
    Reading.objects.create(objective=Objective.objects.get(), left=0.4, burn=2.0)
    assert api.get("/slos?service=shop")["items"][0]["budget"]["left"] == 0.4
    assert api.put("/slos/shop-availability", {**BODY, "objective": 99.5})["objective"] == 99.5
    assert api.call("DELETE", "/slos/shop-availability").status == 204
    assert api.call("GET", "/slos/shop-availability").status == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"objective": 100}, 409),  # a rule
        ({"objective": 12}, 422),  # the schema
        ({"total": "rate(x[5m])"}, 409),
        ({"service": "nothing"}, 404),
        ({"kind": "luck"}, 422),
    ],
)
def test_what_cannot_be_used_is_a_problem(api: Caller, changes: dict[str, object], status: int) -> None:
    answer = api.call("POST", "/slos", {**BODY, **changes})
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_token_for_reading_fetches_the_files(api: Caller) -> None:
    api.post("/slos", BODY)
    token = Caller(None, Scope.READ).token
    for path, key in (
        ("rules.yaml", "groups"),
        ("tests.yaml", "tests"),
        ("shop-availability/rules.yaml", "groups"),
        ("shop-availability/tests.yaml", "tests"),
    ):
        answer = Client().get(f"/api/v1/slos/{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer["Content-Type"] == "application/yaml"
        assert yaml.safe_load(answer.content)[key]
        assert Client().get(f"/api/v1/slos/{path}").status_code == 401


def test_the_server_is_set_and_its_secret_is_not_told(api: Caller) -> None:
    assert api.call("GET", "/slos/prometheus").status == 404
    api.put("/slos/prometheus", {"url": "http://127.0.0.1:9090", "secret": "hush"})
    assert api.get("/slos/prometheus") == {"url": "http://127.0.0.1:9090", "user": ""}
    assert api.call("DELETE", "/slos/prometheus").status == 204
    assert api.call("PUT", "/slos/prometheus", {"url": "gopher://x"}).status == 409

"""What holds for every route: who may call, problems, pages, idempotency keys, and the document that describes it."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from ninja import Schema

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.conftest import NOON
from tocsin.config.api import api
from tocsin.config.api_middleware import PREFIX
from tocsin.core.permissions import TOCSIN, Role, Scope
from tocsin.people.actions import create_token, revoke_token, set_active
from tocsin.people.models import Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Caller:
    person("Olga", Role.OWNER)
    return Caller(person("Ada", Role.ADMIN))


@pytest.mark.parametrize(
    "authorization",
    [
        "",  # none
        "Bearer ",  # empty
        "Bearer toc_unknown",  # never given out
        "Basic YWRhOmFkYQ==",  # another scheme
    ],
)
def test_without_a_valid_token_nothing_is_told(authorization: str) -> None:
    person("Ada")
    answer = Client().get("/api/v1/people", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_session_is_not_a_token() -> None:
    client = Client()
    client.force_login(person("Ada", Role.OWNER))
    assert client.get("/api/v1/people").status_code == 401


def test_a_revoked_token_stops(admin: Caller) -> None:
    token, raw = create_token(TOCSIN, "old", [Scope.READ], None, None, NOON)
    revoke_token(TOCSIN, token, NOON)
    admin.token = raw
    assert admin.call("GET", "/people").status == 401


def test_a_token_past_its_end_stops(admin: Caller) -> None:
    _, admin.token = create_token(TOCSIN, "brief", [Scope.READ], None, NOON + timedelta(seconds=1), NOON)
    assert admin.call("GET", "/people").status == 401


def test_the_token_of_somebody_inactive_stops(admin: Caller) -> None:
    gone = person("Gone")
    caller = Caller(gone)
    set_active(TOCSIN, gone, NOON, active=False)
    assert caller.call("GET", "/people").status == 401


@pytest.mark.parametrize(
    ("role", "scope", "method", "path", "status"),
    [
        # reading is for everybody
        (Role.OBSERVER, Scope.READ, "GET", "/people", 200),
        # an observer may not answer pages, whatever the token says
        (Role.OBSERVER, Scope.ADMIN, "POST", "/alert-groups/1/acknowledge", 403),
        # a token for reading does not write, whoever it acts as
        (Role.OWNER, Scope.READ, "POST", "/teams", 403),
        # a token for answering does not configure
        (Role.OWNER, Scope.RESPOND, "DELETE", "/services/none", 404),
        # people are managed by admins
        (Role.RESPONDER, Scope.ADMIN, "POST", "/people", 403),
        # and the audit log is read by them
        (Role.RESPONDER, Scope.ADMIN, "GET", "/audit", 403),
        (Role.ADMIN, Scope.ADMIN, "GET", "/audit", 200),
    ],
)
def test_role_and_scope_both_must_allow_it(role: Role, scope: Scope, method: str, path: str, status: int) -> None:
    caller = Caller(person("Ada", role), scope)
    body = {"name": "X", "email": "x@example.org"} if method == "POST" else None
    answer = caller.call(method, path, body)
    assert answer.status == status, answer.body


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        # nothing there
        ("GET", "/people/99999", None, 404),
        # a field is missing
        ("POST", "/teams", {}, 422),
        # not JSON at all
        ("POST", "/teams", "}{", 422),
        # a cursor that was never given out
        ("GET", "/people?cursor=nonsense!", None, 422),
        # too many at once
        ("GET", "/people?limit=100000", None, 422),
        # a rule says no
        ("PATCH", "/people/{me}", {"is_active": False}, 409),
        # an unknown zone
        ("POST", "/schedules", {"name": "X", "time_zone": "Mars/Olympus"}, 409),
    ],
)
def test_errors_are_problem_details(method: str, path: str, body: object, status: int) -> None:
    owner = person("Olga", Role.OWNER)
    answer = Caller(owner).call(method, path.format(me=owner.pk), body)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.body["status"] == status
    assert answer.body["title"]
    assert answer.body["detail"]


def test_pages_follow_each_other_without_loss_while_rows_are_added(admin: Caller) -> None:
    Team.objects.bulk_create([Team(name=f"Team {n}", slug=f"team-{n}") for n in range(7)])
    page = admin.get("/teams?limit=3")
    seen = [t["slug"] for t in page["items"]]
    Team.objects.create(name="Late", slug="late")
    while page["next"]:
        page = admin.get(f"/teams?limit=3&cursor={page['next']}")
        seen += [t["slug"] for t in page["items"]]
    assert seen == [f"team-{n}" for n in reversed(range(7))]


WHOLE = {
    "/api/v1/on-call",  # a row a schedule
    "/api/v1/people/{pk}/contact-methods",  # of one person
    "/api/v1/people/{pk}/rules/{urgency}",  # what is set together
    "/api/v1/swaps/asked-of-me",  # what waits for one person
    "/api/v1/schedules/{slug}/final",  # of a window
    "/api/v1/escalation-policies/{slug}/defects",  # of one policy
    "/api/v1/escalation-policies/{slug}/simulation",
    "/api/v1/alert-groups/{pk}/similar",  # five
    "/api/v1/on-call/gaps",  # six
    "/api/v1/find",  # five of a kind
    "/api/v1/people/{pk}/shifts",  # of a window
    "/api/v1/sign-ins",  # of one person
}


def test_every_list_is_read_by_cursor_but_those_that_are_whole_by_nature() -> None:
    document = api.get_openapi_schema(path_prefix=PREFIX)
    answers = {
        path: methods["get"]["responses"][200] for path, methods in document["paths"].items() if "get" in methods
    }
    shapes = {path: answer.get("content", {}).get("application/json", {}) for path, answer in answers.items()}
    assert {path for path, shape in shapes.items() if shape.get("schema", {}).get("type") == "array"} == WHOLE


def test_the_document_describes_every_route_with_a_summary() -> None:
    document = api.get_openapi_schema(path_prefix=PREFIX)
    operations = [op for path in document["paths"].values() for op in path.values()]
    assert len(operations) > 60
    assert all(op.get("summary") and op.get("tags") for op in operations)
    assert all(op.get("security") for op in operations)


def test_the_document_says_how_every_operation_refuses_and_how_a_post_is_done_once() -> None:
    document = api.get_openapi_schema(path_prefix=PREFIX)
    assert {"title", "status", "detail"} <= set(document["components"]["schemas"]["Problem"]["required"])
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            is_once = "Idempotency-Key" in {each["name"] for each in operation.get("parameters", ())}
            assert is_once == (method == "post" and not path.endswith("/try")), path


def test_no_two_shapes_have_one_name() -> None:
    """The document would show the one for the other."""
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(api.get_openapi_schema(path_prefix=PREFIX))))
    shapes: dict[str, list[object]] = {}
    for each in descendants(Schema):
        if each.__module__.startswith("tocsin."):
            shape = each.json_schema()
            for name, part in {**shape.pop("$defs", {}), each.__name__: shape}.items():
                shapes.setdefault(name, []).append(part)
    assert sorted(name for name, of in shapes.items() if name in used and any(s != of[0] for s in of)) == []


def descendants(shape: type[Schema]) -> Iterator[type[Schema]]:
    for each in shape.__subclasses__():
        yield each
        yield from descendants(each)


def test_the_document_is_served_to_whoever_has_a_token_or_not() -> None:
    person("Ada")
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["info"]["title"] == "Tocsin"

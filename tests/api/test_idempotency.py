"""A POST with an Idempotency-Key: once, for its caller alone, and nothing of it lies about."""

from datetime import timedelta

import pytest
from django.db import connection

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.conftest import NOON
from tocsin import clock
from tocsin.audit.models import Answered
from tocsin.core.permissions import TOCSIN, Role, Scope
from tocsin.engine.clearing import clear
from tocsin.people.actions import revoke_token
from tocsin.people.models import ApiToken, Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Caller:
    person("Olga", Role.OWNER)
    return Caller(person("Ada", Role.ADMIN))


def test_a_repeated_post_with_a_key_is_carried_out_once(admin: Caller) -> None:
    key = {"Idempotency-Key": "a-1"}
    first = admin.call("POST", "/teams", {"name": "Platform"}, **key)
    again = admin.call("POST", "/teams", {"name": "Platform"}, **key)
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Team.objects.count() == 1


def test_a_key_is_not_for_two_different_requests(admin: Caller) -> None:
    key = {"Idempotency-Key": "a-1"}
    admin.post("/teams", {"name": "Platform"}, **key)
    assert admin.call("POST", "/teams", {"name": "Payments"}, **key).status == 422
    assert Team.objects.count() == 1


def test_keys_of_different_tokens_never_meet(admin: Caller) -> None:
    key = {"Idempotency-Key": "a-1"}
    admin.post("/teams", {"name": "Platform"}, **key)
    other = Caller(person("Grace", Role.ADMIN))
    assert other.post("/teams", {"name": "Payments"}, **key)["name"] == "Payments"


def test_a_refused_request_is_remembered_too(admin: Caller) -> None:
    key = {"Idempotency-Key": "a-1"}
    for _ in range(2):
        assert admin.call("POST", "/teams", {}, **key).status == 422


def test_nothing_that_is_shown_once_can_be_read_in_the_database(admin: Caller) -> None:
    key = {"Idempotency-Key": "a-1"}
    raw = admin.post("/tokens", {"name": "Robot", "scopes": ["read"]}, **key)["token"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit_answered")
        assert raw not in str(cursor.fetchall())
    assert admin.post("/tokens", {"name": "Robot", "scopes": ["read"]}, **key)["token"] == raw


def test_a_revoked_token_gets_no_answer_of_before(admin: Caller) -> None:
    key = {"Idempotency-Key": "a-1"}
    admin.post("/teams", {"name": "Platform"}, **key)
    revoke_token(TOCSIN, ApiToken.objects.get(), NOON)
    assert admin.call("POST", "/teams", {"name": "Platform"}, **key).status == 401


def test_without_a_token_nothing_is_written(admin: Caller) -> None:
    admin.token = "toc_guessed"
    for n in range(3):
        assert admin.call("POST", "/teams", {"name": "X"}, **{"Idempotency-Key": f"a-{n}"}).status == 401
    assert not Answered.objects.exists()


def test_what_was_too_fast_is_carried_out_when_it_comes_again(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"Idempotency-Key": "a-1"}
    with monkeypatch.context() as busy:
        busy.setattr("ninja.throttling.AuthRateThrottle.allow_request", lambda *_: False)
        assert admin.call("POST", "/teams", {"name": "Platform"}, **key).status == 429
    assert admin.post("/teams", {"name": "Platform"}, **key)["name"] == "Platform"


def test_what_was_not_allowed_is_carried_out_once_it_is(admin: Caller) -> None:
    key, ada = {"Idempotency-Key": "a-1"}, ApiToken.objects.get()
    ApiToken.objects.update(scopes=[Scope.READ])
    assert admin.call("POST", "/teams", {"name": "Platform"}, **key).status == 403
    ApiToken.objects.filter(pk=ada.pk).update(scopes=[Scope.ADMIN])
    assert admin.post("/teams", {"name": "Platform"}, **key)["name"] == "Platform"


def test_answers_are_forgotten_after_a_day(admin: Caller) -> None:
    admin.post("/teams", {"name": "Platform"}, **{"Idempotency-Key": "a-1"})
    assert clear(clock.now() + timedelta(hours=23))["answers"] == 0
    assert clear(clock.now() + timedelta(hours=25))["answers"] == 1
    assert not Answered.objects.exists()

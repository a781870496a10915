"""A client of the API with a token."""

import json
from typing import Any

from django.test import Client

from tests.conftest import NOON
from tocsin.core.permissions import TOCSIN, Scope
from tocsin.people.actions import create_token
from tocsin.people.models import User


class Answered:
    def __init__(self, status: int, body: Any, headers: dict[str, str]) -> None:
        self.status, self.body, self.headers = status, body, headers


class Caller:
    """Calls /api/v1 as `user`, limited by `scopes`."""

    def __init__(self, user: User | None, *scopes: Scope) -> None:
        _, self.token = create_token(TOCSIN, "test", scopes or (Scope.ADMIN,), user, None, NOON)
        self.client = Client()

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Answered:
        answer = self.client.generic(
            method,
            f"/api/v1{path}",
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )
        decoded = json.loads(answer.content) if answer.content else None
        return Answered(answer.status_code, decoded, dict(answer.headers))

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status == 200, answer.body
        return answer.body

    def post(self, path: str, body: object = None, *, expect: int = 201, **headers: str) -> Any:
        answer = self.call("POST", path, body, **headers)
        assert answer.status == expect, answer.body
        return answer.body

    def put(self, path: str, body: object) -> Any:
        answer = self.call("PUT", path, body)
        assert answer.status == 200, answer.body
        return answer.body

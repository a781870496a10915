"""A database that does not answer, or only reads, is nobody's mistake: try again, and nothing was done."""

from typing import NoReturn

import psycopg
import pytest
from django.db import InternalError, OperationalError, connection
from django.test import Client

from tests.databases import IS_POSTGRESQL
from tests.pages.desk import HX, at_the_desk, living
from tocsin.health.edges import contained
from tocsin.health.models import Counter

pytestmark = pytest.mark.django_db


def away(*_: object) -> NoReturn:
    raise OperationalError("the connection is lost")


def read_only(*_: object) -> NoReturn:
    raise InternalError("cannot execute UPDATE in a read-only transaction") from psycopg.errors.ReadOnlySqlTransaction()


def mistaken(*_: object) -> NoReturn:
    raise InternalError("no such thing")


def browser() -> Client:
    client = at_the_desk(living().person("Ada"))
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("mood", [away, read_only])
@pytest.mark.parametrize(
    ("path", "headers", "kind"),
    [
        # a page, a piece of one, and the API
        ("/", {}, "text/html"),
        ("/", HX, "text/plain"),
        ("/api/v1/people", {"Authorization": "Bearer toc_any"}, "application/problem+json"),
        # without a session
        ("/accounts/login/", {}, "text/html"),
    ],
)
def test_is_answered_by_try_again(
    monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str], kind: str, mood: object
) -> None:
    ada = browser()
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's own transaction is on it
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    with connection.execute_wrapper(mood):  # type: ignore[arg-type]
        answer = ada.get(path, headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].partition(";")[0] == kind
    assert "othing of this request was done" in answer.content.decode()


def test_a_mistake_stays_one() -> None:
    ada = browser()
    with connection.execute_wrapper(mistaken):
        assert ada.get("/").status_code == 500


if IS_POSTGRESQL:

    @pytest.mark.django_db(transaction=True)
    def test_a_server_that_only_reads_is_left_for_the_one_that_writes() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        done = contained(lambda: Counter.objects.create(name="x", value=1), "could not count")
        assert done.is_mood
        assert contained(lambda: Counter.objects.create(name="x", value=1), "could not count").error is None

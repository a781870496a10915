"""Answers that were kept unsealed do not outlive the upgrade."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.conftest import NOON
from tocsin.audit.models import Answered

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(name: str = "") -> None:
    executor = MigrationExecutor(connection)
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "audit"]
    executor.migrate([("audit", name)] if name else leaves)


@pytest.fixture
def _brought_back() -> Iterator[None]:
    yield
    migrate()


@pytest.mark.usefixtures("_brought_back")
def test_unsealed_answers_are_forgotten() -> None:
    migrate("0001_initial")
    with connection.cursor() as cursor:
        row = ["k", "a", NOON, 201, "application/json", '{"token": "toc_raw"}']
        cursor.execute(
            "INSERT INTO audit_answered (key, asked, at, status, content_type, body) VALUES (%s, %s, %s, %s, %s, %s)",
            row,
        )
    migrate()
    assert not Answered.objects.exists()

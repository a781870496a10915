"""A silence that nobody can read any more is mended when Tocsin is upgraded, and cannot be made again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from tests.apps.hearing import NOON
from tocsin.core.permissions import TOCSIN
from tocsin.rules import silences
from tocsin.rules.models import Maintenance, Silence

pytestmark = pytest.mark.django_db(transaction=True)
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
BEYOND = FOREVER.replace(tzinfo=timezone(timedelta(hours=-1)))  # in UTC the year 10000


def migrate(name: str = "") -> None:
    executor = MigrationExecutor(connection)
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "rules"]
    executor.migrate([("rules", name)] if name else leaves)


@pytest.fixture
def _brought_back() -> Iterator[None]:
    yield
    migrate()


@pytest.mark.usefixtures("_brought_back")
def test_what_ends_beyond_all_calendars_ends_on_the_last_day_that_is_taken() -> None:
    row = silences.create_silence(TOCSIN, 'a="b"', NOON, NOON + timedelta(hours=1), "why", NOON)
    migrate("0001_initial")
    is_kept = connection.vendor == "postgresql"  # SQLite never took it
    Silence.objects.filter(pk=row.pk).update(ends_at=BEYOND if is_kept else FOREVER)
    Maintenance.objects.create(name="m", starts_at=FOREVER, weekdays=[1], created_at=NOON)
    migrate()
    row.refresh_from_db()
    assert (row.starts_at, row.ends_at.year) == (NOON, 2999)
    window = Maintenance.objects.get()
    assert (window.starts_at.year, window.ends_at) == (2999, None)  # type: ignore[union-attr]
    with pytest.raises(IntegrityError):
        Silence.objects.filter(pk=row.pk).update(ends_at=FOREVER)

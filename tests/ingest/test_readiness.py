"""/readyz says yes when a page would be paged now."""

import asyncio

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.ingest.calling import Reply, call
from tocsin import clock
from tocsin.config import readiness
from tocsin.config.readiness import Readiness
from tocsin.health import beats
from tocsin.health.models import Beat

pytestmark = pytest.mark.django_db(transaction=True)


def ask() -> Reply:
    async def ask_and_close() -> Reply:
        room = Readiness()
        reply = await call(room, "/readyz", method="GET")
        await room.close()
        return reply

    return asyncio.run(ask_and_close())


@pytest.fixture(autouse=True)
def _engine() -> None:
    beats.beat("engine", clock.now())


def test_ready() -> None:
    reply = ask()
    assert (reply.status, reply.json()) == (
        200,
        {"status": "ready", "database": "ok", "migrations": "ok", "engine": "ok"},
    )


def test_without_an_engine_nobody_would_be_paged() -> None:
    Beat.objects.all().delete()
    reply = ask()
    assert reply.status == 503
    assert "no engine is running" in reply.body.decode()


def test_tables_that_are_not_up_to_date_are_said() -> None:
    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="paging").order_by("-pk")[0]
    recorder.record_unapplied("paging", last.name)
    reply = ask()
    recorder.record_applied("paging", last.name)
    assert reply.status == 503
    assert "tocsin migrate" in reply.body.decode()


def test_a_database_that_is_slow_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.0)
    reply = ask()
    assert reply.status == 503
    assert "does not answer" in reply.body.decode()

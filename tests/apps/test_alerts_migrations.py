"""What is in the tables is there after a migration, and after it was taken back."""

import uuid
from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.apps.hearing import NOON, Source, make_integration, make_service
from tocsin.alerts.models import Event, KnownReceipt, Outcome, Quarantine, Waiting

pytestmark = pytest.mark.django_db(transaction=True)
SIGNED = uuid.UUID("12345678-1234-8234-9234-123456789012")


def migrate(name: str = "") -> None:
    executor = MigrationExecutor(connection)
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "alerts"]
    executor.migrate([("alerts", name)] if name else leaves)


@pytest.fixture
def _brought_back() -> Iterator[None]:
    yield
    migrate()


def old_events() -> dict[int, tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, state, error, absorbed_at IS NULL FROM alerts_event")
        return {pk: (state, error, bool(is_unread)) for pk, state, error, is_unread in cursor.fetchall()}


@pytest.mark.usefixtures("_brought_back")
def test_events_are_carried_over_and_back() -> None:
    tool = Source(make_integration(make_service()))
    read = tool.triggers()
    tool.absorbed()
    bad = tool.sends(b"nonsense")
    tool.absorbed()
    Event.objects.filter(kind="checks").delete()  # that it cannot be read is another story
    Waiting.objects.all().delete()
    new = tool.triggers(fields="more")
    Event.objects.filter(pk=read.pk).update(receipt=SIGNED)

    migrate("0004_uid")
    states = {read.pk: ("absorbed", "", False), new.pk: ("new", "", True)}
    before = old_events()
    assert before.pop(bad.pk)[0] == "quarantined"
    assert before == states

    migrate()
    assert {event.pk: event.state for event in Event.objects.all()} == {
        read.pk: "absorbed", bad.pk: "quarantined", new.pk: "new",
    }  # fmt: skip
    assert Event.objects.get(pk=bad.pk).error
    assert bytes(Event.objects.get(pk=new.pk).body) == new.body
    assert list(KnownReceipt.objects.values_list("receipt", flat=True)) == [SIGNED]
    assert (Outcome.objects.get().at, Outcome.objects.get().event) == (NOON, read)

    later = tool.triggers("later")  # numbers go on, and what comes is put into the queue
    assert later.pk > new.pk
    assert Waiting.objects.count() == 2
    assert tool.absorbed().events == 2
    assert Quarantine.objects.get().pk == bad.pk


def outcomes() -> list[tuple[object, ...]]:
    names = "event_id, position, dedup_key, action, reason, why, alert_id, at"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM alerts_outcome ORDER BY event_id, position")
        return [tuple(row) for row in cursor.fetchall()]


@pytest.mark.usefixtures("_brought_back")
def test_outcomes_are_carried_over_and_back_value_by_value() -> None:
    tool = Source(make_integration(make_service()))
    for key in ("disk", "cpu", "disk"):
        tool.triggers(key)
    tool.resolves("disk")
    tool.absorbed()
    there = outcomes()
    assert [(row[2], row[4]) for row in there] == [
        ("disk", "opened"), ("cpu", "opened"), ("disk", "deduplicated"), ("disk", "resolved"),
    ]  # fmt: skip
    migrate("0006_partitions")
    assert outcomes() == there
    migrate()
    assert outcomes() == there
    tool.triggers("later")
    assert tool.absorbed().events == 1
    assert len(outcomes()) == len(there) + 1

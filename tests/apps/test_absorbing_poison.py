"""One bad event never stops the others; an ill database is not the events' fault."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from django.db import DataError, OperationalError, connection, transaction

from tests import databases
from tests.apps.hearing import NOON, Source, group_states, make_integration, make_service, states, switched_off
from tocsin.alerts import actions
from tocsin.alerts.absorbing import Absorbed
from tocsin.alerts.changes import GroupChange
from tocsin.alerts.models import Alert, AlertGroup, Event, Quarantine, Waiting
from tocsin.alerts.quarantine import ALERT
from tocsin.core.permissions import NOBODY, TOCSIN, Denied
from tocsin.health.models import Problem

pytestmark = pytest.mark.django_db
TOLD = 1  # of each that is set aside, a message of Tocsin's own says so


@pytest.fixture
def tool() -> Source:
    return Source(make_integration())


def choking(*titles: str, error: Exception | None = None) -> Callable[..., None]:
    """One who pages, and cannot for some groups."""

    def follow(changes: Sequence[GroupChange], now: datetime) -> None:
        if any(change.group.title in titles for change in changes):
            raise error or LookupError("no such policy")

    return follow


def quarantined() -> list[tuple[int, str]]:
    return list(Quarantine.objects.order_by("pk").values_list("pk", "error"))


def test_what_cannot_be_read_is_set_aside_with_its_reason(tool: Source) -> None:
    tool.triggers("one")
    bad = tool.sends(b"{ this is not JSON")
    tool.triggers("two")
    assert tool.absorbed() == Absorbed(events=2, groups=2, quarantined=1)
    assert group_states() == [("one", "triggered"), ("two", "triggered")]
    ((pk, error),) = quarantined()
    assert pk == bad.pk
    assert error
    problem = Problem.objects.get()
    assert (problem.url, problem.over_at) == ("/events/quarantined/", None)


@pytest.mark.parametrize("place", [0, 1, 20, 39])
def test_what_cannot_be_followed_is_set_aside_wherever_it_stands(tool: Source, place: int) -> None:
    tool.follow = choking("bad")
    events = [tool.triggers("bad" if number == place else f"key {number}") for number in range(40)]
    assert tool.absorbed() == Absorbed(events=39 + TOLD, groups=39 + TOLD, quarantined=1)
    assert quarantined() == [(events[place].pk, "LookupError: no such policy")]
    keys = [key for key, _ in states() if key != ALERT]
    assert keys == [f"key {number}" for number in range(40) if number != place]
    assert not Waiting.objects.exists()


def test_several_bad_ones_and_order_still_holds(tool: Source) -> None:
    tool.follow = choking("bad", "worse")
    for key in ("disk", "bad", "bad"):
        tool.triggers(key)
    tool.resolves("disk")
    tool.triggers("worse")
    tool.triggers("disk")
    assert tool.absorbed() == Absorbed(events=3 + 3 * TOLD, groups=2 + TOLD, quarantined=3)
    assert [s for s in states() if s[0] != ALERT] == [("disk", "resolved"), ("disk", "triggered")]
    assert Problem.objects.get().count == 3


def test_a_text_that_no_database_keeps_does_not_lose_the_alert(tool: Source) -> None:
    tool.triggers("disk", summary="a\0b", log=["x\0y", {"k\0": 1}])
    assert tool.absorbed().quarantined == 0
    assert "\0" not in Alert.objects.get().summary
    assert "\\u0000" not in str(Alert.objects.get().details)


def test_an_unknown_kind_of_source_is_set_aside(tool: Source) -> None:
    Event.objects.filter(pk=tool.triggers("disk").pk).update(kind="telegraph")
    assert tool.absorbed() == Absorbed(quarantined=1)


def test_an_event_of_an_integration_that_was_switched_off_is_kept_and_passed_over(tool: Source) -> None:
    tool.triggers("disk")
    with switched_off(tool.integration):
        assert tool.absorbed() == Absorbed(events=1)
    assert tool.reasons() == ["integration switched off"]
    assert not AlertGroup.objects.exists()


def test_a_quarantined_event_can_be_tried_again(tool: Source) -> None:
    good = tool.follow
    tool.follow = choking("disk")
    event = tool.triggers("disk")
    tool.absorbed()
    tool.follow = good
    assert actions.requeue_event(TOCSIN, event.pk, NOON)
    assert Problem.objects.get().over_at == NOON
    assert tool.absorbed() == Absorbed(events=1 + TOLD, groups=1)
    assert (ALERT, "resolved") in states()
    assert not actions.requeue_event(TOCSIN, event.pk, NOON)
    with pytest.raises(Denied):
        actions.requeue_event(NOBODY, event.pk, NOON)


def passing_error() -> OperationalError:
    error = OperationalError("database is locked")
    error.__cause__ = sqlite3.OperationalError("database is locked")
    error.__cause__.sqlite_errorcode = sqlite3.SQLITE_BUSY  # type: ignore[attr-defined]
    return error


def test_an_ill_database_sets_nothing_aside(tool: Source) -> None:
    tool.follow = choking("two", error=passing_error())
    for key in ("one", "two"):
        tool.triggers(key)
    with pytest.raises(OperationalError, match="locked"):
        tool.absorbed()
    assert Waiting.objects.count() == 2
    assert not AlertGroup.objects.exists()


def test_a_statement_that_the_database_refuses_is_the_events_fault(tool: Source) -> None:
    tool.follow = choking("two", error=DataError("value out of range"))
    for key in ("one", "two", "three"):
        tool.triggers(key)
    assert tool.absorbed() == Absorbed(events=2 + TOLD, groups=2 + TOLD, quarantined=1)


@pytest.mark.django_db(transaction=True)
def test_an_event_whose_writes_fail_only_at_the_commit_is_set_aside() -> None:
    """Foreign keys are checked at the end of a transaction: a page for a person who was deleted a moment ago."""
    tool = Source(make_integration(make_service("late")))

    def follow(changes: Sequence[GroupChange], now: datetime) -> None:
        if any(change.group.title == "bad" for change in changes):
            AlertGroup.objects.filter(title="bad").update(acknowledged_by_id=999_999)

    tool.follow = follow
    for key in ("one", "bad", "two"):
        tool.triggers(key)
    assert tool.absorbed() == Absorbed(events=2 + TOLD, groups=2 + TOLD, quarantined=1)
    assert [s for s in states() if s[0] != ALERT] == [("one", "triggered"), ("two", "triggered")]
    assert len(quarantined()) == 1


if databases.IS_POSTGRESQL:

    @pytest.mark.django_db(transaction=True)
    def test_while_another_node_absorbs_nothing_is_taken() -> None:
        tool = Source(make_integration(make_service("shared")))
        tool.triggers("disk")
        other = connection.copy()
        try:
            with transaction.atomic(), other.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [0x70C51A])
                assert tool.absorbed() == Absorbed()
                cursor.execute("SELECT pg_advisory_unlock(%s)", [0x70C51A])
        finally:
            other.close()
        assert tool.absorbed() == Absorbed(events=1, groups=1)

"""Which events are kept, for how long, and where."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apps.hearing import NOON, Source, make_integration, make_service, set_aside
from tests.databases import IS_POSTGRESQL
from tocsin.alerts import partitions, queries, retention
from tocsin.alerts.models import Event, KnownReceipt, Outcome, Quarantine, Waiting
from tocsin.core.permissions import TOCSIN
from tocsin.ingest.app import Receipts

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
MADE = uuid.UUID("12345678-1234-8234-9234-123456789012")  # of version 8
SLACK = WEEK if IS_POSTGRESQL else timedelta()  # a week is dropped when all of it is old


@pytest.fixture
def tool() -> Source:
    return Source(make_integration(make_service("search")))


def test_everything_that_comes_is_put_into_the_queue(tool: Source) -> None:
    event = tool.triggers()
    waiting = Waiting.objects.get()
    assert (waiting.event, waiting.integration, waiting.received_at) == (event, tool.integration, NOON)
    tool.absorbed()
    assert not Waiting.objects.exists()
    assert Event.objects.get().state == "absorbed"


def test_only_receipts_that_are_made_from_what_was_said_are_remembered(tool: Source) -> None:
    events = [
        Event.objects.create(
            receipt=receipt, integration=tool.integration, kind="pagerduty", body=b"", received_at=NOON
        )
        for receipt in (
            uuid.uuid4(),
            uuid.UUID(Receipts().take(NOON)),
            uuid.UUID("12345678-1234-8234-9234-123456789012"),
        )
    ]
    assert list(KnownReceipt.objects.values_list("receipt", "at")) == [(events[2].receipt, NOON)]


def test_a_receipt_is_found_in_whatever_week_it_is(tool: Source) -> None:
    receipts = Receipts()
    for weeks in range(6):
        at = NOON - WEEK * weeks
        odd = uuid.UUID(receipts.take(NOON + 400 * DAY))  # does not tell when the event came
        for receipt in (uuid.UUID(receipts.take(at)), uuid.uuid4(), odd):
            event = tool.triggers(at=at)
            Event.objects.filter(pk=event.pk).update(receipt=receipt)
            assert queries.event(TOCSIN, receipt) == event
    forget(NOON - 40 * DAY, NOON)
    for event in Event.objects.all():
        assert queries.receipt(TOCSIN, event.receipt).event == event
    with pytest.raises(Event.DoesNotExist):
        queries.event(TOCSIN, uuid.UUID(receipts.take(NOON)))
    with pytest.raises(Event.DoesNotExist):  # a time in a year that will not be
        queries.event(TOCSIN, uuid.UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))


@dataclass(frozen=True)
class Came:
    days: int  # ago
    fate: str


CAME = st.lists(st.builds(Came, st.integers(0, 40), st.sampled_from(["absorbed", "absorbed", "waiting", "set aside"])))


def forget(before: datetime, now: datetime) -> int:
    """As in a transaction of its own: what came is committed by then."""
    connection.check_constraints()
    return retention.forget(before, now)


class Undone(Exception):
    """Takes everything back, so that the next example begins with nothing."""


@settings(max_examples=15)
@given(came=CAME, days=st.integers(7, 30), is_seen_before=st.booleans())
def test_what_waits_is_kept_and_what_is_young(came: list[Came], days: int, is_seen_before: bool) -> None:
    try:
        with transaction.atomic():
            _forget_and_look(came, days, is_seen_before=is_seen_before)
            raise Undone
    except Undone:
        pass


def _forget_and_look(came: list[Came], days: int, *, is_seen_before: bool) -> None:
    tool = Source(make_integration(make_service("anything")))
    before = NOON - days * DAY
    if is_seen_before:  # the weeks are there already
        forget(NOON - 60 * DAY, NOON - 20 * DAY)
    fates = _happen(tool, came)
    must = {pk for pk, one in fates.items() if one.fate != "absorbed" or NOON - one.days * DAY >= before}
    may = must | {pk for pk, one in fates.items() if NOON - one.days * DAY >= before - SLACK}
    forget(before, NOON)
    left = set(Event.objects.values_list("pk", flat=True))
    assert must <= left <= may
    assert set(Waiting.objects.values_list("pk", flat=True)) == {
        pk for pk, one in fates.items() if one.fate == "waiting"
    }
    assert Quarantine.objects.count() == sum(one.fate == "set aside" for one in came)
    done = {pk for pk in left if fates[pk].fate == "absorbed"}
    assert set(Outcome.objects.filter(event__in=left).values_list("event_id", flat=True)) == done


def _happen(tool: Source, came: list[Came]) -> dict[int, Came]:
    fates = {}
    for one in sorted(came, key=lambda one: -one.days):
        event = tool.triggers(f"{one.days}", at=NOON - one.days * DAY)
        fates[event.pk] = one
        if one.fate == "set aside":
            set_aside(event, "odd")
        elif one.fate == "absorbed":
            others = list(Waiting.objects.exclude(pk=event.pk))
            Waiting.objects.exclude(pk=event.pk).delete()
            tool.absorbed(NOON - one.days * DAY)
            Waiting.objects.bulk_create(others)
    return fates


def test_many_go_in_small_bites(tool: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BITE", 2)
    for _ in range(7):
        tool.triggers(at=NOON)
    set_aside(Event.objects.earliest("pk"), "odd")
    tool.absorbed()
    forget(NOON + 7 * DAY, NOON + 7 * DAY)
    assert Event.objects.get().state == "quarantined"
    assert not Outcome.objects.exists()


if IS_POSTGRESQL:

    def tables() -> list[str]:
        """In which each event is, in their order."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text FROM alerts_event ORDER BY id")
            return [name for (name,) in cursor.fetchall()]

    def starts(table: str = "alerts_event") -> set[datetime]:
        return {week.since for week in partitions.weeks(table)}

    def test_weeks_are_made_ahead_once() -> None:
        before = starts()
        monday = partitions.monday(NOON)
        assert (monday.weekday(), monday.hour) == (0, 0)
        assert partitions.make_ahead(NOON, NOON) == 8
        for table in partitions.TABLES:
            assert {monday + WEEK * number for number in range(4)} <= starts(table)
        assert starts() > before
        assert partitions.make_ahead(NOON, NOON) == 0
        assert partitions.make_ahead(NOON + WEEK, NOON) == 2

    def test_an_event_of_no_week_is_taken_and_moved_when_its_week_is_made(tool: Source) -> None:
        tool.triggers(at=NOON)
        tool.absorbed()
        tool.triggers(at=NOON)
        tool.triggers(at=NOON - 500 * DAY)
        assert tables() == ["alerts_event_default"] * 3
        partitions.make_ahead(NOON, NOON - 90 * DAY)
        assert tables() == ["alerts_event_20260302"] * 2 + ["alerts_event_default"]
        assert Waiting.objects.count() == 2  # nothing is read twice for having been moved
        tool.triggers(at=NOON)
        assert tables()[-1] == "alerts_event_20260302"
        assert Outcome.objects.count() == 1

    def test_a_week_that_was_forgotten_to_be_made_is_made_later(tool: Source) -> None:
        """Of an engine that stood still, events and receipts go where they belong when it comes back."""
        for days in (30, 20, 0):
            tool.triggers(at=NOON - days * DAY)
        partitions.make_ahead(NOON, NOON - 90 * DAY)
        assert tables() == ["alerts_event_20260202", "alerts_event_20260209", "alerts_event_20260302"]

    def test_a_week_that_is_over_is_dropped_whole(tool: Source) -> None:
        forget(NOON - 90 * DAY, NOON)
        tool.triggers(at=NOON)
        tool.absorbed()
        assert forget(NOON + 4 * DAY, NOON + 4 * DAY) == 0
        assert partitions.monday(NOON) in starts()  # its Sunday is still young
        assert forget(NOON + 6 * DAY, NOON + 6 * DAY) == 0  # none was deleted by itself
        assert partitions.monday(NOON) not in starts() | starts("alerts_outcome")
        assert not Event.objects.exists()
        assert not Outcome.objects.exists()

    def test_a_week_with_something_in_quarantine_stays_until_that_is_read(tool: Source) -> None:
        forget(NOON - 90 * DAY, NOON)
        tool.triggers(at=NOON)
        tool.absorbed()
        bad = tool.triggers("bad", at=NOON)
        set_aside(bad, "odd")
        assert forget(NOON + 60 * DAY, NOON + 60 * DAY) == 1
        assert list(Event.objects.all()) == [bad]
        assert partitions.monday(NOON) in starts()
        Quarantine.objects.all().delete()
        forget(NOON + 60 * DAY, NOON + 60 * DAY)
        assert partitions.monday(NOON) not in starts()

    def test_a_claim_looks_into_its_weeks_only(tool: Source) -> None:
        forget(NOON - 90 * DAY, NOON)
        with connection.cursor() as cursor:
            cursor.execute(
                "EXPLAIN SELECT id FROM alerts_event WHERE id = ANY(%s) AND received_at BETWEEN %s AND %s",
                [[1, 2], NOON, NOON],
            )
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "alerts_event_20260302" in plan
        assert plan.count("alerts_event_") <= 3  # by name, by its index, nothing else

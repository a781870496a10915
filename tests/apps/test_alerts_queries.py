"""What lists, pages and receipts of alerts show."""

import uuid
from collections.abc import Callable

import pytest

from tests.apps.hearing import NOON, Source, make_integration, make_service, make_user, minutes
from tocsin.alerts import actions, filters, queries
from tocsin.alerts.filters import GroupFilters
from tocsin.alerts.models import Alert, AlertGroup, Event
from tocsin.core.permissions import NOBODY, TOCSIN, Actor, Denied
from tocsin.people.models import Team
from tocsin.services.models import Service

pytestmark = pytest.mark.django_db


@pytest.fixture
def tool() -> Source:
    return Source(make_integration())


@pytest.fixture
def several(tool: Source) -> Source:
    """One group of every kind that lists tell apart."""
    tool.triggers("disk", "critical", "Disk full on db1")
    tool.triggers("slow", "warning", "Slow queries", at=NOON - minutes(90))
    tool.triggers("deploy", "info", "Deployed")
    search = Source(make_integration(make_service("search")))
    search.triggers("index", "error", "Index is stale")
    Service.objects.filter(slug="search").update(team=Team.objects.create(name="Finders", slug="finders"))
    tool.triggers("gone", "error", "Gone again")
    tool.resolves("gone")
    tool.acknowledges("slow")
    tool.absorbed()
    return tool


EVERYTHING = ["Gone again", "Index is stale", "Deployed", "Slow queries", "Disk full on db1"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, EVERYTHING[1:]),  # open ones, newest first
        ({"state": "all"}, EVERYTHING),
        ({"state": "triggered"}, ["Index is stale", "Deployed", "Disk full on db1"]),
        ({"state": "acknowledged"}, ["Slow queries"]),
        ({"state": "resolved"}, ["Gone again"]),
        ({"state": "nonsense"}, EVERYTHING[1:]),  # an old link still opens a list
        ({"urgency": "high"}, ["Index is stale", "Disk full on db1"]),
        ({"urgency": "none"}, ["Deployed"]),
        ({"severity": "warning"}, ["Slow queries"]),
        ({"service": "search"}, ["Index is stale"]),
        ({"team": "finders"}, ["Index is stale"]),
        ({"text": "DISK"}, ["Disk full on db1"]),  # title, whatever the case
        ({"text": "search"}, ["Index is stale"]),  # service
        ({"text": "slow"}, ["Slow queries"]),  # and dedup key, once
        ({"text": "db1", "state": "all"}, EVERYTHING),  # source of the alerts
        ({"text": "nothing like it"}, []),
        ({"since": "1h"}, ["Index is stale", "Deployed", "Slow queries", "Disk full on db1"]),
        ({"since": "2026-03-04T12:00:01"}, []),
        ({"since": "yesterday"}, EVERYTHING[1:]),  # not understood: not said
        ({"state": "all", "service": "checkout", "severity": "error"}, ["Gone again"]),
    ],
    ids=str,
)
def test_a_list_shows_what_its_filters_say(several: Source, query: dict[str, str], titles: list[str]) -> None:
    assert [g.title for g in queries.groups(TOCSIN, filters.read(query), NOON)] == titles


def test_filters_come_back_as_the_shortest_query_string() -> None:
    assert GroupFilters().query() == ""
    assert filters.read({"state": "all", "text": "a b", "urgency": "loud"}).query() == "state=all&text=a+b"


def test_a_receipt_tells_what_became_of_each_signal_and_why(tool: Source) -> None:
    first = tool.triggers("disk")
    again = tool.triggers("disk")
    assert queries.receipt(TOCSIN, first.receipt).sentence == "It is on disk and waits for its turn."
    tool.absorbed()
    receipt = queries.receipt(TOCSIN, again.receipt)
    (signal,) = receipt.signals
    assert (signal.action, signal.reason, signal.dedup_key) == ("trigger", "deduplicated", "disk")
    assert signal.sentence == "An alert with this key was open already. It was updated and counted."
    assert receipt.groups == (AlertGroup.objects.get(),)


def test_a_receipt_of_what_could_not_be_read_says_so(tool: Source) -> None:
    event = tool.sends(b"nonsense")
    tool.absorbed()
    receipt = queries.receipt(TOCSIN, event.receipt)
    assert receipt.sentence == "It could not be read. It is kept, and whoever is on call is told of it."
    assert receipt.event.error
    assert list(queries.quarantined(TOCSIN)) == [event]


def test_no_receipt_without_an_event() -> None:
    with pytest.raises(Event.DoesNotExist):
        queries.receipt(TOCSIN, uuid.uuid4())


def test_the_page_of_a_group_finds_its_alerts_history_and_events() -> None:
    tool = Source(make_integration(make_service("search", group_minutes=10)))
    events = [tool.triggers("one"), tool.triggers("two"), tool.triggers("one")]
    tool.absorbed()
    group = queries.group(TOCSIN, AlertGroup.objects.get().pk)
    assert [a.dedup_key for a in queries.alerts_of(TOCSIN, group)] == ["two", "one"]
    assert [e.kind for e in queries.entries_of(TOCSIN, group)] == ["opened", "joined"]
    assert list(queries.events_of(TOCSIN, group)) == events[::-1]


def test_similar_groups_are_earlier_ones_of_the_service_about_the_same(tool: Source) -> None:
    other = Source(make_integration(make_service("search")))
    other.triggers("disk", summary="elsewhere")
    tool.triggers("disk", summary="90 % full")
    tool.resolves("disk", NOON + minutes(5))
    tool.triggers("cpu", summary="Busy")
    tool.triggers("disk", summary="95 % full", at=NOON + minutes(10))
    tool.absorbed()
    first, second = AlertGroup.objects.filter(title__endswith="full").order_by("id")
    actions.add_note(TOCSIN, first.pk, "Removed old logs", NOON)
    (found,) = queries.similar(TOCSIN, second)
    assert (found.group, found.lasted, found.last_note) == (first, minutes(5), "Removed old logs")
    assert found.ended == "It resolved when its alerts did."
    assert not queries.similar(TOCSIN, first)


def test_similar_says_who_resolved_it(tool: Source) -> None:
    ada = Actor(user_id=make_user("Ada").pk, name="Ada", via="web")
    tool.triggers("disk", summary="Full")
    tool.absorbed()
    actions.mark_resolved(AlertGroup.objects.get().pk, ada, NOON)
    tool.triggers("another key", summary="Full")
    tool.absorbed()
    (found,) = queries.similar(TOCSIN, AlertGroup.objects.latest("id"))
    assert found.ended == "Ada resolved it."


def test_counts_are_of_what_waits_for_somebody(several: Source) -> None:
    several.sends(b"nonsense")
    several.absorbed()
    counts = queries.counts(TOCSIN)
    assert (counts.triggered, counts.acknowledged, counts.open, counts.quarantined) == (3, 1, 4, 1)


READS: list[Callable[[AlertGroup], object]] = [
    lambda g: queries.groups(NOBODY, GroupFilters(), NOON),
    lambda g: queries.group(NOBODY, g.pk),
    lambda g: queries.alerts_of(NOBODY, g),
    lambda g: queries.entries_of(NOBODY, g),
    lambda g: queries.events_of(NOBODY, g),
    lambda g: queries.event(NOBODY, uuid.uuid4()),
    lambda g: queries.receipt(NOBODY, uuid.uuid4()),
    lambda g: queries.similar(NOBODY, g),
    lambda g: queries.counts(NOBODY),
    lambda g: queries.quarantined(NOBODY),
    lambda g: queries.recent_events(NOBODY, g.alerts.get().integration),
    lambda g: actions.add_note(NOBODY, g.pk, "hello", NOON),
]


@pytest.mark.parametrize("read", READS, ids=[str(n) for n in range(len(READS))])
def test_nobody_reads_nothing(tool: Source, read: Callable[[AlertGroup], object]) -> None:
    tool.triggers("disk")
    tool.absorbed()
    with pytest.raises(Denied):
        read(AlertGroup.objects.get())


def test_marking_happens_once_and_takes_the_alerts_along(tool: Source) -> None:
    tool.triggers("disk")
    tool.absorbed()
    pk = AlertGroup.objects.get().pk
    ada = Actor(user_id=make_user("Ada").pk, name="Ada", via="web")
    for mark, state in (
        (actions.mark_acknowledged, "acknowledged"),
        (actions.mark_triggered, "triggered"),
        (actions.mark_resolved, "resolved"),
    ):
        marked = mark(pk, ada, NOON)
        assert marked is not None
        assert (marked.state, Alert.objects.get().state) == (state, state)
        assert mark(pk, ada, NOON) is None
    group = AlertGroup.objects.get()
    assert (group.version, group.resolved_by_id, group.acknowledged_by_id) == (3, ada.user_id, None)
    assert Alert.objects.get().resolved_at == NOON
    assert actions.mark_acknowledged(pk, ada, NOON) is None
    assert actions.mark_triggered(pk, ada, NOON) is None

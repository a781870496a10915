"""Calendars as layers: read from an address or a text, refreshed, kept while the source breaks."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection

from tests.apps.domain import ADMIN, NOW, as_, hours, person, role, schedule, weekly
from tests.apps.test_ical import calendar, event
from tests.channels import servers
from tocsin.audit.models import Record
from tocsin.core import rota
from tocsin.core.permissions import Denied, Role
from tocsin.health.problems import open_problems
from tocsin.people.actions import set_active
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.schedules import actions, feeds, importing, queries
from tocsin.schedules.models import ImportedCalendar, ImportedShift, Schedule
from tocsin.schedules.stretches import stretches

pytestmark = pytest.mark.django_db
QUARTER = importing.EVERY


@pytest.fixture
def source() -> Iterator[servers.Receiver]:
    with servers.receiver() as made:
        yield made


@pytest.fixture
def made() -> Schedule:
    return schedule("Primary", weekly(person("Ada")))


def serves(source: servers.Receiver, *answers: tuple[int, str]) -> None:
    source.answers = [(status, {"Content-Type": "text/calendar"}, body.encode()) for status, body in answers]


def at_noon(name: str, *lines: str) -> str:
    """A shift of three hours from NOW, every day."""
    return calendar(event("DTSTART:20260304T120000Z", "DURATION:PT3H", "RRULE:FREQ=DAILY", *lines, summary=name))


def on_call(made: Schedule, count: float = 1) -> list[str]:
    people = queries.on_call([made.pk], hours(count))[made.pk].people
    return [User.objects.get(pk=p).name for p in people]


def test_a_pasted_calendar_is_a_layer_above(made: Schedule) -> None:
    person("Linus")
    row = importing.add_calendar(ADMIN, made, "Nights", NOW, text=at_noon("Linus"))
    assert [on_call(made, h) for h in (1, 4, 25)] == [["Linus"], ["Ada"], ["Linus"]]
    (segment, *_) = queries.final(made, NOW, hours(4))
    assert segment.sources == ("layer Nights",)
    importing.remove_calendar(ADMIN, row, NOW)
    assert on_call(made) == ["Ada"]


def test_or_below_where_the_layers_have_nobody() -> None:
    linus = person("Linus")
    made = schedule("Primary", weekly(person("Ada"), until=hours(2)))
    row = importing.add_calendar(ADMIN, made, "Rest", NOW, text=at_noon("Linus"), is_above=False)
    assert [on_call(made, h) for h in (1, 2.5)] == [["Ada"], ["Linus"]]
    importing.change_calendar(ADMIN, row, NOW, is_above=True)
    assert on_call(made, 1) == ["Linus"]
    assert [shift.schedule for shift in queries.shifts_of(linus.pk, NOW, hours(3))] == [made]


def test_somebody_inactive_of_a_calendar_is_passed_over(made: Schedule) -> None:
    linus = person("Linus")
    importing.add_calendar(ADMIN, made, "Nights", NOW, text=at_noon("Linus"))
    set_active(ADMIN, linus, NOW, active=False)
    assert on_call(made) == ["Ada"]


def test_what_names_nobody_is_listed(made: Schedule) -> None:
    row = importing.add_calendar(ADMIN, made, "Nights", NOW, text=at_noon("Eve from the agency"))
    assert row.unmatched[0]["summary"] == "Eve from the agency"
    assert on_call(made) == ["Ada"]


def test_an_address_is_read_again_when_a_quarter_of_an_hour_is_over(made: Schedule, source: servers.Receiver) -> None:
    person("Linus")
    person("Grace")
    serves(source, (200, at_noon("Linus")), (200, at_noon("Grace")))
    importing.add_calendar(ADMIN, made, "Theirs", NOW, url=source.url)
    assert on_call(made) == ["Linus"]
    assert importing.refresh_due(NOW + QUARTER / 2) == 0
    assert importing.refresh_due(NOW + QUARTER) == 1
    assert on_call(made) == ["Grace"]
    assert importing.refresh_due(NOW + QUARTER) == 0
    assert source.url not in str(list(Record.objects.values()))  # such addresses are secrets


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        # the server is ill
        (500, "oops", "answered 500"),
        # it wants a login now
        (302, "", "answered 302"),
        # a page instead of a calendar
        (200, "<html>sign in</html>", "not an iCalendar"),
    ],
)
def test_while_its_source_breaks_the_last_good_copy_counts_and_it_is_shown(
    made: Schedule, source: servers.Receiver, status: int, body: str, sentence: str
) -> None:
    person("Linus")
    serves(source, (200, at_noon("Linus")), (status, body), (200, at_noon("Linus")))
    row = importing.add_calendar(ADMIN, made, "Theirs", NOW, url=source.url)
    assert importing.refresh_due(NOW + QUARTER) == 0
    assert on_call(made) == ["Linus"]
    (problem,) = open_problems()
    assert "Theirs" in problem.title
    assert sentence in problem.detail
    row.refresh_from_db()
    assert sentence in row.error
    assert importing.refresh_due(NOW + 2 * QUARTER) == 1
    assert not open_problems()


def test_a_slow_calendar_holds_up_no_other(made: Schedule, source: servers.Receiver) -> None:
    person("Linus")
    with servers.receiver() as slow:
        for each in (slow, source):
            serves(each, (200, at_noon("Linus")))
            importing.add_calendar(ADMIN, made, each.url, NOW, url=each.url)
        slow.hold.clear()  # it answers when the other has been asked
        asked = threading.Thread(target=lambda: (source.wait_for(2), slow.hold.set()))
        asked.start()
        assert importing.refresh_due(NOW + QUARTER) == 2
        asked.join()


def test_one_that_cannot_be_opened_stops_no_other(made: Schedule, source: servers.Receiver) -> None:
    person("Linus")
    serves(source, (200, at_noon("Linus")))
    broken, _ = (importing.add_calendar(ADMIN, made, name, NOW, url=source.url) for name in ("One", "Other"))
    with connection.cursor() as cursor:  # sealed with a key that is lost
        cursor.execute("UPDATE schedules_importedcalendar SET url = 'v1.lost' WHERE id = %s", [broken.pk])
    assert importing.refresh_due(NOW + QUARTER) == 1


def test_the_past_of_a_calendar_stays_as_it_was(made: Schedule) -> None:
    linus, later = person("Linus"), NOW + timedelta(days=40)
    row = importing.add_calendar(ADMIN, made, "Nights", NOW, text=at_noon("Linus"))
    ImportedCalendar.objects.update(text=calendar(event("DTSTART:20270304T120000Z", "DURATION:PT3H", summary="Linus")))
    assert importing.refresh_due(later) == 1
    kept = ImportedShift.objects.filter(user=linus, calendar=row).order_by("starts_at")
    assert kept.first().starts_at == NOW  # type: ignore[union-attr]
    assert kept.exclude(starts_at__year=2027).last().ends_at <= later - importing.BEFORE  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        # neither
        ({}, "one of the two"),
        # both
        ({"url": "https://example.org/a.ics", "text": "x"}, "one of the two"),
        # not a calendar
        ({"text": "hello"}, "not an iCalendar"),
        # not an address
        ({"url": "ftp://example.org/a.ics"}, "https://"),
        # where clouds keep their secrets
        ({"url": "http://169.254.169.254/latest"}, "not a public address"),
        # three megabytes
        ({"text": "x" * (3 * 1024 * 1024)}, "larger than"),
    ],
    ids=["neither", "both", "no calendar", "no address", "metadata", "too large"],
)
def test_what_cannot_be_used_is_refused_with_a_reason(made: Schedule, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        importing.add_calendar(ADMIN, made, "Theirs", NOW, **given)  # type: ignore[arg-type]
    assert not ImportedCalendar.objects.exists()


def test_an_observer_imports_nothing(made: Schedule) -> None:
    with pytest.raises(Denied):
        importing.add_calendar(role(Role.OBSERVER), made, "x", NOW, text=at_noon("Ada"))


def test_what_tocsin_exports_it_imports_as_the_same_schedule(source: servers.Receiver) -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada, grace), weekly(grace, name="Top", until=hours(30)))
    serves(source, (200, feeds.feed_of_schedule(made, NOW).body(NOW).decode()))
    copy = schedule("Copy")
    importing.add_calendar(as_(ada), copy, "Theirs", NOW, url=source.url)
    assert shifts(copy) == shifts(made)


def shifts(of: Schedule) -> list[tuple[datetime, datetime, tuple[int, ...]]]:
    found = stretches(queries.final(of, NOW, hours(24 * 60)))
    return [(s.starts_at, s.ends_at, s.people) for s in found]


def test_a_preview_of_other_layers_keeps_the_calendar(made: Schedule) -> None:
    linus = person("Linus")
    importing.add_calendar(ADMIN, made, "Nights", NOW, text=at_noon("Linus"))
    assert rota.on_call(actions.preview(made, []), hours(1)).people == (linus.pk,)

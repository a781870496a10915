"""What being on call costs: pages, CSV, API, and who may see whose figures."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.urls import reverse

from tests.api.caller import Caller
from tests.pages.desk import at_the_desk, living, text_of
from tests.world import SETUP, Person, World
from tocsin.care import periods, queries
from tocsin.care.actions import set_terms
from tocsin.care.models import ShiftRecord, Terms, Unready
from tocsin.core.care import Kind
from tocsin.core.permissions import Role
from tocsin.paging import actions as paging
from tocsin.people.actions import set_members
from tocsin.people.models import Team
from tocsin.people.problems import Refused
from tocsin.schedules.models import Schedule

pytestmark = pytest.mark.django_db
MARCH = "2026-03"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return living()


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada", zone="Europe/Berlin")


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


@pytest.fixture
def boss(world: World) -> Person:
    return world.person("Boss", Role.ADMIN)


@pytest.fixture
def team(world: World, ada: Person, grace: Person) -> Team:
    """Grace leads it. Ada had the first week of March, Grace a night of it."""
    made = world.team("Platform", ada, grace)
    set_members(SETUP, made, [ada.user.pk], world.now, leads=[grace.user.pk])
    was_on_call(ada, made, "2026-03-02T08:00", "2026-03-09T08:00")
    was_on_call(grace, made, "2026-03-09T18:00", "2026-03-10T06:00")
    return made


def was_on_call(person: Person, team: Team, starts: str, ends: str) -> None:
    ShiftRecord.objects.create(
        schedule_name="Primary", team=team, user=person.user, starts_at=utc(starts), ends_at=utc(ends)
    )


def url(team: Team, page: str = "team_care", period: str = MARCH) -> str:
    return f"{reverse(page, args=[team.slug])}?period={period}"


@pytest.mark.parametrize(
    ("text", "label", "first", "after"),
    [
        # a month
        ("2026-03", "March 2026", "2026-03-01", "2026-04-01"),
        # over the end of a year
        ("2026-12", "December 2026", "2026-12-01", "2027-01-01"),
        # a quarter
        ("2026-Q1", "Quarter 1 of 2026", "2026-01-01", "2026-04-01"),
        ("2026-Q4", "Quarter 4 of 2026", "2026-10-01", "2027-01-01"),
    ],
)
def test_periods(text: str, label: str, first: str, after: str) -> None:
    found = periods.read(text)
    assert found is not None
    assert (found.key, found.label, str(found.first), str(found.after)) == (text, label, first, after)
    assert found.before.following == found


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-Q5", "1999-01", "2026-3", "２０２６-03"])
def test_what_is_no_period(text: str) -> None:
    assert periods.read(text) is None


def test_period_begins_at_midnight_in_the_zone_of_the_team() -> None:
    march = periods.read(MARCH)
    assert march is not None
    assert march.window("Europe/Berlin") == (utc("2026-02-28T23:00"), utc("2026-03-31T22:00"))
    assert periods.quarter_of(utc("2026-03-31T22:30"), "Europe/Berlin").key == "2026-Q2"


def report(actor: Person, team: Team, period: str = MARCH) -> queries.Report:
    asked = periods.read(period)
    assert asked is not None
    return queries.report(actor.actor, team, asked)


def test_report_is_in_everybody_s_own_zone(team: Team, ada: Person, grace: Person) -> None:
    rows = {row.user: row.load for row in report(grace, team).rows}
    assert rows[ada.user].minutes == {
        Kind.WORKING: 40 * 60,
        Kind.OFF_HOURS: 80 * 60,
        Kind.WEEKEND: 48 * 60,
        Kind.HOLIDAY: 0,
    }
    assert rows[grace.user].on_call == rows[grace.user].off_hours == 12 * 60


def test_what_was_before_the_first_record_is_said_to_be_unknown(team: Team, grace: Person) -> None:
    assert report(grace, team).is_partly_unknown
    assert not report(grace, team, "2026-04").is_partly_unknown


def test_holidays_are_the_person_s_or_else_the_team_s(world: World, team: Team, ada: Person, grace: Person) -> None:
    was_on_call(ada, team, "2026-04-03T00:00", "2026-04-03T12:00")  # Good Friday, in Germany and not in France
    set_terms(SETUP, team, world.now, country="DE")
    (first, _) = report(grace, team, "2026-04").rows
    assert first.load.minutes[Kind.HOLIDAY] == 12 * 60
    ada.user.country = "FR"
    ada.user.save()
    (first, _) = report(grace, team, "2026-04").rows
    assert first.load.minutes[Kind.HOLIDAY] == 0


def test_pages_that_arrived_are_counted_and_tests_are_not(world: World, ada: Person) -> None:
    an_hour = timedelta(hours=1)
    ShiftRecord.objects.create(
        schedule_name="Primary", user=ada.user, starts_at=world.now - an_hour, ends_at=world.now + an_hour
    )
    monitoring = world.monitoring(world.policy([ada]))
    monitoring.fires("checkout is down")
    ada.cannot_be_reached()
    monitoring.fires("another one, that did not arrive")
    paging.test_pager(ada.user.pk, ada.actor, world.now)
    world.settle()
    (row,) = queries.own(ada.actor, periods.month_of(world.now, "Europe/Berlin")).rows
    assert (row.load.pages, row.load.pages_on_shift) == (1, 1)


def test_lead_and_admin_see_the_team_others_only_themselves(
    world: World, team: Team, ada: Person, grace: Person, boss: Person
) -> None:
    for who, status in ((grace, 200), (boss, 200), (ada, 403), (world.person("Linus"), 403)):
        for page in ("team_care", "team_care_csv"):
            assert at_the_desk(who).get(url(team, page)).status_code == status
    assert at_the_desk(grace).get(reverse("care_terms", args=[team.slug])).status_code == 403


def test_team_page_says_what_is_due(world: World, team: Team, boss: Person) -> None:
    posted = {
        "time_zone": "UTC",
        "country": "DE",
        "works_from": "09:00",
        "works_until": "17:00",
        "currency": "eur",
        "working": "1",
        "off_hours": "2.50",
        "weekend": "4",
        "holiday": "5",
        "minutes_a_wake_up": "60",
    }
    browser = at_the_desk(boss)
    assert browser.post(reverse("care_terms", args=[team.slug]), posted).status_code == 302
    shown = text_of(browser.get(url(team)))
    assert "432.00 EUR" in shown  # 40 × 1 + 80 × 2.50 + 48 × 4
    assert "462.00 EUR" in shown  # and 12 × 2.50
    assert "n = 2" in shown
    assert "93 %" in shown


def test_terms_that_make_no_sense_are_refused(world: World, team: Team) -> None:
    for wrong in ({"currency": "€"}, {"country": "XX"}, {"time_zone": "Mars"}, {"weekend": Decimal(-1)}):
        with pytest.raises(Refused):
            set_terms(SETUP, team, world.now, **wrong)
    assert not Terms.objects.exists()


def test_csv_has_every_figure_and_no_formula(world: World, team: Team, ada: Person, grace: Person) -> None:
    ada.user.name = "=HYPERLINK(1)"
    ada.user.save()
    answer = at_the_desk(grace).get(url(team, "team_care_csv"))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="on-call-{team.slug}-{MARCH}.csv"'
    first, second = csv.DictReader(StringIO(text_of(answer)))
    assert (first["person"], second["person"]) == ("'=HYPERLINK(1)", "Grace")
    assert (first["minutes weekend"], first["pay"], first["currency"]) == ("2880", "0.00", "EUR")


def test_own_page_shows_figures_and_shifts(team: Team, ada: Person) -> None:
    shown = text_of(at_the_desk(ada).get(f"{reverse('my_care')}?period={MARCH}"))
    assert "168 h in 1 shift" in shown


def test_nonsense_period_is_not_found(team: Team, grace: Person) -> None:
    assert at_the_desk(grace).get(url(team, period="soon")).status_code == 404


def test_home_names_who_could_not_be_paged(world: World, ada: Person, boss: Person) -> None:
    schedule = Schedule.objects.create(name="Primary", slug="primary", time_zone="UTC")
    Unready.objects.create(user=ada.user, schedule=schedule, starts_at=world.now, found_at=world.now)
    assert "no page would reach them" in text_of(at_the_desk(boss).get("/"))
    assert "Verify a method" in text_of(at_the_desk(ada).get("/"))


def test_the_api_tells_the_same(team: Team, ada: Person, grace: Person) -> None:
    found = Caller(grace.user).get(f"/teams/{team.slug}/care?period={MARCH}")
    assert found["rows"][0]["minutes"] == {"working hours": 2400, "off-hours": 4800, "weekend": 2880, "holiday": 0}
    assert {line["what"]: line["n"] for line in found["fairness"]}["Off-hours"] == 2
    assert [s["person"] for s in Caller(grace.user).get(f"/teams/{team.slug}/shifts")["items"]] == [
        grace.user.pk,
        ada.user.pk,
    ]
    assert Caller(ada.user).get(f"/care/me?period={MARCH}")["rows"][0]["shifts"] == 1
    assert Caller(ada.user).call("GET", f"/teams/{team.slug}/care").status == 403
    assert Caller(ada.user).call("GET", "/care/me?period=soon").status == 422

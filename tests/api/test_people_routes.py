"""How people come in, where they are signed in, what their time on call costs, and who changed what, over the API."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.api.asking import by_cursor, refused, twice
from tests.api.caller import Caller
from tests.apps import domain
from tests.apps.domain import PASSWORD, person
from tocsin import clock
from tocsin.audit.models import Record
from tocsin.care.models import ShiftRecord, Terms, Unready
from tocsin.core.permissions import TOCSIN, Role, Scope
from tocsin.people.actions import accept_invitation, set_active, set_members
from tocsin.people.models import SignIn, Team, User
from tocsin.schedules.models import Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return person("Olga", Role.OWNER)


@pytest.fixture
def api(olga: User) -> Caller:
    return Caller(olga)


@pytest.fixture
def ada() -> User:
    return person("Ada")


def test_somebody_who_forgot_the_password_gets_a_new_link(api: Caller, ada: User) -> None:
    path = f"/people/{ada.pk}/invitation"
    made = twice(api, path)
    assert made["url"].endswith(f"/invitation/{made['token']}/")
    assert api.get(f"/people/{ada.pk}")["invitation_ends_at"] > (clock.now() + timedelta(days=6)).isoformat()
    later = api.post(path, expect=200)
    assert Client().get(f"/invitation/{made['token']}/").status_code == 422
    accept_invitation(later["token"], PASSWORD, clock.now())
    assert api.get(f"/people/{ada.pk}")["invitation_ends_at"] is None
    assert Record.objects.filter(verb="invited", object_name="Ada", via="api").count() == 2
    set_active(TOCSIN, ada, clock.now(), active=False)
    assert api.call("POST", path).status == 409
    assert api.call("POST", "/people/4711/invitation").status == 404


def test_links_are_made_by_who_manages_people_and_for_owners_by_owners(olga: User, ada: User) -> None:
    path = f"/people/{ada.pk}/invitation"
    for caller in (Caller(ada), Caller(olga, Scope.CONFIGURE)):
        refused(caller, "POST", path)
    admin = Caller(person("Bea", Role.ADMIN))
    assert "Only an owner may" in refused(admin, "POST", f"/people/{olga.pk}/invitation")
    assert admin.post(path, expect=200)["token"]


def test_who_is_invited_gets_a_link_with_its_address(api: Caller) -> None:
    made = api.post("/people", {"email": "g@example.org", "name": "Grace"})
    assert made["url"].endswith(f"/invitation/{made['token']}/")
    assert made["person"]["invitation_ends_at"] is not None


def test_one_sees_where_one_is_signed_in_and_signs_out_everywhere(api: Caller, ada: User) -> None:
    agents = ("Mozilla/5.0 (X11; Linux) Firefox/1", "Mozilla/5.0 (iPhone) Safari/1")
    browsers = [Client(headers={"User-Agent": agent}) for agent in agents]
    for browser in browsers:
        browser.force_login(ada)
        assert browser.get("/profile/").status_code == 200
    mine = Caller(ada)
    assert {row["device"] for row in mine.get("/sign-ins")} == {"Firefox on Linux", "Safari on iPhone"}
    assert all(str(key) not in str(mine.get("/sign-ins")) for key in SignIn.objects.values_list("pk", flat=True))
    assert api.get("/sign-ins") == []
    reading = Caller(ada, Scope.READ)
    refused(reading, "GET", "/sign-ins")
    refused(reading, "POST", "/sign-ins/end")
    assert twice(mine, "/sign-ins/end") == {"ended": 2}
    assert [browser.get("/profile/").status_code for browser in browsers] == [302, 302]
    assert Record.objects.filter(verb="signed out elsewhere", via="api").count() == 1
    assert Caller(None).post("/sign-ins/end", expect=200) == {"ended": 0}


def test_the_audit_log_is_narrowed_down(api: Caller, olga: User) -> None:
    api.post("/teams", {"name": "Platform"})
    api.put("/teams/platform", {"name": "Platforms"})
    bea = Caller(person("Bea", Role.ADMIN))
    bea.post("/teams", {"name": "Shop"})
    (made,) = api.get(f"/audit?verb=created&object_kind=team&person={olga.pk}")["items"]
    assert made["object_name"] == "Platform"
    assert len(api.get(f"/audit?object_kind=team&object_id={made['object_id']}")["items"]) == 2
    assert api.get(f"/audit?until={made['at']}&object_kind=team")["items"] == []
    assert len(by_cursor(api, "/audit?object_kind=team")) == 3


@pytest.fixture
def team(ada: User) -> Team:
    """Led by Ada, who was on call for an hour a while ago."""
    made = domain.team("Platform", ada)
    set_members(TOCSIN, made, [ada.pk], clock.now(), leads=[ada.pk])
    at = clock.now() - timedelta(days=1)
    ShiftRecord.objects.create(
        schedule_name="Primary", team=made, user=ada, starts_at=at, ends_at=at + timedelta(hours=1)
    )
    return made


def test_the_terms_of_a_team_are_set_and_read_by_its_leads(api: Caller, team: Team, ada: User) -> None:
    path = "/teams/platform/care-terms"
    usual = api.get(path)
    assert (usual["currency"], usual["works_from"], usual["weekend"]) == ("EUR", "09:00:00", "0.00")
    said = {
        "time_zone": "Europe/Berlin",
        "country": "DE",
        "currency": "chf",
        "off_hours": "12.5",
        "works_from": "08:00",
    }
    assert api.put(path, said)["currency"] == "CHF"
    lead = Caller(ada)
    assert (lead.get(path)["off_hours"], lead.get(path)["works_from"]) == ("12.50", "08:00:00")
    refused(lead, "PUT", path, said)
    refused(Caller(person("Grace")), "GET", path)
    for wrong, status in (({"off_hours": -1}, 422), ({"time_zone": "Mars"}, 409), ({"currency": "€€€"}, 409)):
        assert api.call("PUT", path, wrong).status == status
    assert Terms.objects.get(team=team).country == "DE"


def test_a_report_is_fetched_as_a_file(api: Caller, team: Team) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    answer = Client().get("/api/v1/teams/platform/care.csv", headers=headers)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    head, row = answer.content.decode().splitlines()
    assert (head.startswith("period,person,email"), "Ada" in row) == (True, True)
    assert api.call("GET", "/teams/platform/care.csv?period=yesterday").status == 422
    refused(Caller(person("Grace")), "GET", "/teams/platform/care.csv")


def test_teams_whose_figures_one_may_see(api: Caller, team: Team, ada: User) -> None:
    domain.team("Shop")
    assert [row["slug"] for row in by_cursor(api, "/care/teams")] == ["shop", "platform"]
    assert Caller(ada).get("/care/teams")["items"] == [{"slug": "platform", "name": "Platform"}]


def test_who_will_be_on_call_and_who_of_them_is_not_ready(ada: User) -> None:
    grace = person("Grace")
    domain.schedule("Primary", domain.weekly(ada, grace))
    reader = Caller(person("Oscar", Role.OBSERVER))
    shifts = reader.get(f"/people/{ada.pk}/shifts")
    assert (shifts[0]["schedule"], len(shifts) >= 4) == ("primary", True)
    assert reader.call("GET", "/people/4711/shifts").status == 404
    for user in (ada, grace):
        Unready.objects.create(user=user, schedule=Schedule.objects.get(), starts_at=clock.now(), found_at=clock.now())
    assert [row["person"] for row in by_cursor(reader, "/care/unready")] == [grace.pk, ada.pk]

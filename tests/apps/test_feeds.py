"""Calendar links: who gets one, what it shows, and when it stops."""

from datetime import timedelta

import icalendar
import pytest
from django.test import Client

from tests.api.caller import Caller
from tests.apps.domain import ADMIN, NOW, as_, hours, person, schedule, team, weekly
from tests.conftest import NOON
from tests.pages.desk import at_the_desk, living, text_of
from tocsin.audit.models import Record
from tocsin.core.permissions import NOBODY, Denied, Scope
from tocsin.people.actions import set_active
from tocsin.people.problems import Refused
from tocsin.people.tokens import create_token
from tocsin.schedules import actions, feeds
from tocsin.schedules.models import CalendarLink, Schedule

pytestmark = pytest.mark.django_db


def token_of(address: str) -> str:
    return address.rpartition("/")[2].removesuffix(".ics")


def events_of(body: bytes) -> list[icalendar.Event]:
    return icalendar.Calendar.from_ical(body).walk("VEVENT")


def test_a_schedules_feed_is_its_final_schedule_with_names() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada, grace))
    actions.add_override(ADMIN, made, grace, hours(24), hours(48), NOW)
    _, address = feeds.make_link(as_(ada), made, NOW)
    feed = feeds.feed_of(token_of(address), NOW)
    assert feed is not None
    first, second, third = events_of(feed.body(NOW))[:3]
    assert [str(e["SUMMARY"]) for e in (first, second, third)] == ["Ada: Primary", "Grace: Primary", "Ada: Primary"]
    assert (second["DTSTART"].dt, second["DTEND"].dt) == (hours(24), hours(48))
    assert second["ATTENDEE"] == "mailto:grace@example.org"
    assert str(second["URL"]).endswith("/schedules/primary/")


def test_a_persons_feed_has_their_shifts_in_every_schedule() -> None:
    ada, grace = person("Ada"), person("Grace")
    schedule("One", weekly(ada, grace))
    schedule("Two", weekly(grace))
    _, address = feeds.make_link(as_(ada), None, NOW)
    feed = feeds.feed_of(token_of(address), NOW)
    assert feed is not None
    assert {str(e["SUMMARY"]) for e in events_of(feed.body(NOW))} == {"On call: One"}


def test_a_feed_changes_its_etag_when_it_says_something_else_and_only_then() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada, grace))
    before = feeds.feed_of_schedule(made, NOW)
    assert feeds.feed_of_schedule(made, NOW + timedelta(hours=30)).etag == before.etag
    uids = [str(e["UID"]) for e in events_of(before.body(NOW))]
    assert len(set(uids)) == len(uids) > 10
    grace.name = "Grace Hopper"
    grace.save()
    after = feeds.feed_of_schedule(made, NOW)
    assert after.etag != before.etag
    assert [str(e["UID"]) for e in events_of(after.body(NOW))] == uids


def test_a_link_made_anew_ends_the_old_one_and_nobody_elses() -> None:
    ada, grace = person("Ada"), person("Grace")
    made = schedule("Primary", weekly(ada))
    _, old = feeds.make_link(as_(ada), made, NOW)
    _, hers = feeds.make_link(as_(grace), made, NOW)
    _, new = feeds.make_link(as_(ada), made, NOW)
    assert feeds.feed_of(token_of(old), NOW) is None
    assert feeds.feed_of(token_of(new), NOW)
    assert feeds.feed_of(token_of(hers), NOW)
    set_active(ADMIN, grace, NOW, active=False)
    assert feeds.feed_of(token_of(hers), NOW) is None


def test_the_address_is_stored_nowhere() -> None:
    ada = person("Ada")
    link, address = feeds.make_link(as_(ada), None, NOW)
    assert token_of(address) not in str(CalendarLink.objects.values())
    assert token_of(address) not in str(Record.objects.values())
    assert link.token_hash not in str(Record.objects.values())


def test_a_link_is_a_persons_own() -> None:
    ada, grace = person("Ada"), person("Grace")
    link, _ = feeds.make_link(as_(ada), None, NOW)
    with pytest.raises(Denied):
        feeds.drop_link(as_(grace), link, NOW)
    with pytest.raises(Denied):
        feeds.make_link(NOBODY, None, NOW)
    with pytest.raises(Refused):
        feeds.make_link(ADMIN, None, NOW)


def test_a_calendar_program_reads_it_without_signing_in() -> None:
    ada = living().person("Ada").user
    made = schedule("Primary", weekly(ada))
    desk = at_the_desk(living().person("Grace"))
    assert "Make the link" in text_of(desk.get("/calendar-link/", {"schedule": "primary"}))
    page = desk.post("/calendar-link/", {"schedule": "primary"})
    assert page["Cache-Control"] == "no-store"
    address = page.context["address"]
    path = "/calendar/" + address.rpartition("/calendar/")[2]
    read = Client().get(path)
    assert (read.status_code, read["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    again = Client().get(path, headers={"If-None-Match": read["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert address not in text_of(desk.get("/calendar-link/", {"schedule": "primary"}))
    Schedule.objects.filter(pk=made.pk).update(time_zone="Mars/Olympus")
    assert Client().get(path).status_code == 503
    assert desk.post(f"/calendar-link/{CalendarLink.objects.get().pk}/stop/").status_code == 302
    assert Client().get(path).status_code == 404
    assert Client().get("/calendar/unknown.ics").status_code == 404


def test_links_over_the_api() -> None:
    ada = person("Ada")
    schedule("Primary", weekly(ada))
    team("Platform", ada)
    caller = Caller(ada)
    made = caller.post("/calendar-links", {"schedule": "primary"})
    assert feeds.feed_of(token_of(made["url"]), NOON)
    (listed,) = caller.get("/calendar-links")["items"]
    assert "url" not in listed
    assert caller.call("DELETE", f"/calendar-links/{made['id']}").status == 204
    assert feeds.feed_of(token_of(made["url"]), NOON) is None


def test_a_token_that_may_only_read_makes_and_stops_no_links() -> None:
    ada = person("Ada")
    link, _ = feeds.make_link(as_(ada), None, NOW)
    _, raw = create_token(as_(ada), "dashboard", [Scope.READ], ada, None, NOW)
    headers = {"Authorization": f"Bearer {raw}"}
    body = {"content_type": "application/json", "headers": headers}
    assert Client().post("/api/v1/calendar-links", "{}", **body).status_code == 403
    assert Client().delete(f"/api/v1/calendar-links/{link.pk}", headers=headers).status_code == 403
    assert CalendarLink.objects.get().token_hash == link.token_hash

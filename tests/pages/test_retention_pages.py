"""Settings → Retention, on its page and over the API."""

import pytest
from django.urls import reverse

from tests.api.caller import Caller
from tests.pages.desk import at_the_desk, living, text_of
from tests.world import World
from tocsin.audit.models import Record
from tocsin.core.permissions import Scope
from tocsin.health import retention, settings

pytestmark = pytest.mark.django_db
PAGE = reverse("retention")
GIVEN = {"keep_events_days": "30", "keep_messages_days": "60", "keep_problems_days": "10"}


@pytest.fixture
def world() -> World:
    return living()


def test_an_admin_says_how_long_things_are_kept(world: World) -> None:
    browser = at_the_desk(world.owner())
    assert "none yet" in text_of(browser.get(PAGE))
    assert browser.post(PAGE, GIVEN).status_code == 302
    assert [retention.days(name) for name in retention.TERMS] == [30, 60, 10]
    record = Record.objects.get(object_name="keep_events_days")
    assert (record.verb, record.before, record.after) == ("changed", {"days": 180}, {"days": 30})
    browser.post(PAGE, GIVEN)  # the same again changes nothing, and is no news
    assert Record.objects.filter(object_name="keep_events_days").count() == 1
    assert 'value="30"' in text_of(browser.get(PAGE))


def test_the_page_shows_the_oldest_message_and_how_much_there_is(world: World) -> None:
    owner = world.owner()
    world.monitoring(world.policy([owner])).source.triggers(at=world.now)
    page = text_of(at_the_desk(owner).get(PAGE))
    assert "none yet" not in page
    assert "KB" in page or "MB" in page


@pytest.mark.parametrize(
    "given",
    [
        {"keep_events_days": "6"},  # a week at least: drills and reviews look back
        {"keep_events_days": "3651"},
        {"keep_messages_days": "soon"},
        {"keep_problems_days": "0"},
    ],
)
def test_what_is_out_of_bounds_is_refused(world: World, given: dict[str, str]) -> None:
    assert at_the_desk(world.owner()).post(PAGE, {**GIVEN, **given}).status_code == 422
    assert [retention.days(name) for name in retention.TERMS] == [180, 90, 90]


def test_a_responder_reads_and_changes_nothing(world: World) -> None:
    browser = at_the_desk(world.person("Ada"))
    assert "An admin can change this" in text_of(browser.get(PAGE))
    assert browser.post(PAGE, GIVEN).status_code == 403
    assert retention.days("keep_events_days") == 180


@pytest.mark.parametrize("odd", ["for ever", True, 0, -1, 99999, {}])
def test_a_setting_that_makes_no_sense_counts_as_not_made(odd: object) -> None:
    settings.put("keep_events_days", odd)
    assert retention.days("keep_events_days") == 180


def test_over_the_api(world: World) -> None:
    owner = world.owner()
    api = Caller(owner.user)
    assert api.get("/retention")["keep_events_days"] == 180
    answer = api.call("PATCH", "/retention", {"keep_events_days": 14})
    assert (answer.status, answer.body["keep_events_days"], answer.body["keep_messages_days"]) == (200, 14, 90)
    refused = api.call("PATCH", "/retention", {"keep_events_days": 1})
    assert refused.status == 409
    assert "from 7 to 3650 days" in str(refused.body)
    reader = Caller(owner.user, Scope.READ)
    assert reader.call("PATCH", "/retention", {"keep_events_days": 14}).status == 403

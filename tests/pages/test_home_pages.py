"""Home, the first run, settings, help and the error pages, as Django's test client sees them."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory

from tests.pages.desk import HX, at_the_desk, checkout, living, observer, queries_of, text_of
from tocsin.config.errors import ErrorsMiddleware
from tocsin.core.permissions import Denied
from tocsin.home import actions
from tocsin.home.navigation import items
from tocsin.home.steps import NAMES
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.people.queries import actor_of
from tocsin.schedules.models import Schedule

pytestmark = pytest.mark.django_db
OWNER = {
    "name": "Ada",
    "email": "ada@example.org",
    "password": "the engine weaves patterns",
    "time_zone": "Europe/Berlin",
}


@pytest.mark.parametrize("path", ["/", "/alerts/", "/accounts/login/", "/nothing/"])
def test_every_page_leads_to_the_welcome_while_there_is_nobody(path: str) -> None:
    assert Client().get(path).headers["Location"] == "/welcome/"


def test_the_first_owner_is_signed_in_and_led_on() -> None:
    client = Client()
    assert client.post("/welcome/", OWNER).headers["Location"] == "/setup/team/"
    assert User.objects.get().role == "owner"
    assert client.get("/").status_code == 200


def test_the_first_run_offers_what_sends_alerts_and_is_set_up_by_hand() -> None:
    client = Client()
    client.post("/welcome/", OWNER)
    offered = set(re.findall(r'name="kind" value="(\w+)"', text_of(client.get("/setup/alerts/"))))
    assert {"alertmanager", "pagerduty", "email", "generic"} <= offered
    assert not offered & {"checks", "heartbeat", "github", "gitlab"}


def test_there_is_only_one_first_owner() -> None:
    Client().post("/welcome/", OWNER)
    answer = Client().post("/welcome/", {**OWNER, "email": "mallory@example.org"})
    assert answer.headers["Location"] == "/"
    assert User.objects.count() == 1


def test_a_weak_password_keeps_what_was_typed() -> None:
    answer = Client().post("/welcome/", {**OWNER, "password": "password12"})
    assert answer.status_code == 422
    assert 'value="ada@example.org"' in text_of(answer)
    assert not User.objects.exists()


@pytest.mark.parametrize("step", NAMES)
def test_every_step_can_be_seen_and_skipped(step: str) -> None:
    client = Client()
    client.post("/welcome/", OWNER)
    answer = client.get(f"/setup/{step}/")
    assert answer.status_code == 200
    assert "Skip this" in text_of(answer)


def test_the_steps_are_not_for_everybody() -> None:
    client = at_the_desk(observer(living()))
    assert client.get("/setup/team/").status_code == 403
    assert "First steps" not in text_of(client.get("/"))


@pytest.mark.parametrize(
    ("today", "starts_on"),
    [
        pytest.param(datetime(2026, 3, 2, 8, tzinfo=UTC), "2026-02-23", id="a Monday before the handoff"),
        pytest.param(datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-03-02", id="a Monday after the handoff"),
        pytest.param(datetime(2026, 3, 8, 23, tzinfo=UTC), "2026-03-02", id="a Sunday"),
    ],
)
def test_a_first_rotation_begins_with_its_first_person(today: datetime, starts_on: str) -> None:
    world = living()
    owner, ada = world.owner(), world.person("Ada")
    actor = actor_of(owner.user, "web")
    actions.start_rotation(actor, "Main", "UTC", [ada.user, owner.user], None, today)
    layer = Schedule.objects.get(name="Main").layers.get()
    assert str(layer.starts_on) == starts_on
    assert layer.participants.get(turn=0).user == ada.user


def test_home_asks_the_database_few_questions() -> None:
    world = living()
    client = at_the_desk(world.owner())
    assert queries_of(client, "/") <= 45


def test_home_refreshes_as_a_fragment() -> None:
    client = at_the_desk(living().owner())
    text = text_of(client.get("/", headers=HX))
    assert "Your open pages" in text
    assert "<html" not in text


@pytest.mark.parametrize("path", ["/settings/", "/help/"])
def test_settings_and_help_are_there_for_everybody(path: str) -> None:
    client = at_the_desk(observer(living()))
    assert client.get(path).status_code == 200


def test_a_zone_that_is_not_known_costs_nobody_a_page() -> None:
    person = living().owner()
    get_user_model().objects.filter(pk=person.user.pk).update(time_zone="Mars/Olympus")
    assert at_the_desk(person).get("/settings/").status_code == 200


def test_what_is_not_there_says_so() -> None:
    client = at_the_desk(living().owner())
    answer = client.get("/nothing/")
    assert answer.status_code == 404
    assert "Nothing is here" in text_of(answer)


def test_a_form_without_its_token_is_not_taken() -> None:
    living().owner()
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x", "password": "y"})
    assert answer.status_code == 403
    assert "send it again" in text_of(answer)


def test_a_refusal_for_a_fragment_is_plain_text() -> None:
    request = RequestFactory().get("/x/", headers=HX)
    middleware = ErrorsMiddleware(lambda _: pytest.fail("not called"))
    refused = middleware.process_exception(request, Refused("One owner must stay."))
    denied = middleware.process_exception(request, Denied("Not you."))
    assert refused is not None
    assert denied is not None
    assert (refused.status_code, refused.content) == (409, b"One owner must stay.")
    assert (denied.status_code, denied.content) == (403, b"Not you.")


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "Home"),
        ("/alerts/7/", "Alerts"),
        ("/events/quarantined/", "Alerts"),  # belongs to the alerts
        ("/integrations/3/", "Services"),  # belongs to the services
        ("/people/", "Settings"),
        ("/settings/audit/", "Settings"),
    ],
)
def test_the_navigation_says_where_one_is(path: str, label: str) -> None:
    assert [item.label for item in items(path, triggered=2) if item.current] == [label]


def found(client: Client, text: str) -> set[tuple[str, str]]:
    return {(row["kind"], row["label"]) for row in client.get("/find/", {"q": text}).json()["found"]}


def test_the_palette_finds_what_is_called_so() -> None:
    world = living()
    ada, _, monitoring = checkout(world)
    monitoring.fires("checkout is down")
    client = at_the_desk(ada)
    assert found(client, "CHECKOUT") >= {("Open alert", "checkout is down"), ("Service", monitoring.service.name)}
    assert ("Person", "Grace") in found(client, "grac")
    assert ("Page", "Deliveries") in found(client, "deliv")
    assert found(client, "no such thing") == set()


def test_the_palette_offers_only_what_a_person_may() -> None:
    world = living()
    assert found(at_the_desk(observer(world)), "new service") == set()
    assert found(at_the_desk(world.owner()), "new service") == {("Page", "New service")}
    assert Client().get("/find/", {"q": "a"}).status_code == 302


def test_the_service_worker_lies_at_the_top_and_is_for_everybody() -> None:
    living().owner()
    answer = Client().get("/worker.js")
    assert answer.headers["Content-Type"] == "text/javascript"
    assert b"addEventListener" in answer.content


@pytest.mark.parametrize("path", ["/find/?q=%00", "/alerts/?text=a%00", "/people/?search=%00"])
def test_a_nul_in_an_address_is_refused_before_a_database_sees_it(path: str) -> None:
    assert at_the_desk(living().owner()).get(path).status_code == 400

"""What the home page and Ctrl-K show, over the API."""

import pytest

from tests.api.asking import refused, twice
from tests.api.caller import Caller
from tests.apps import domain
from tests.apps.domain import person
from tests.apps.hearing import make_service
from tocsin.audit.models import Record
from tocsin.core.permissions import Role, Scope
from tocsin.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return person("Olga", Role.OWNER)


@pytest.fixture
def api(olga: User) -> Caller:
    return Caller(olga)


def test_things_are_found_by_name(api: Caller) -> None:
    make_service("checkout")
    assert api.get("/find?q=check")[-1] == {"kind": "Service", "label": "checkout", "url": "/services/checkout/"}
    labels = {row["label"] for row in Caller(person("Oscar", Role.OBSERVER)).get("/find?q=audit")}
    assert (labels, {row["label"] for row in api.get("/find?q=audit")}) == (set(), {"Audit log"})
    assert {row["kind"] for row in api.get("/find")} == {"Page"}


def test_the_first_steps_are_told_and_put_away(api: Caller, olga: User) -> None:
    person("Ada")
    domain.team("Platform")
    found = api.get("/setup")
    assert (found["is_hidden"], [step["name"] for step in found["steps"] if step["is_done"]]) == (False, ["team"])
    twice(api, "/setup/hide", expect=204)
    assert api.get("/setup")["is_hidden"] is True
    assert Record.objects.filter(verb="changed", object_name="setup hidden").count() == 1
    for caller in (Caller(person("Grace")), Caller(olga, Scope.CONFIGURE)):
        refused(caller, "GET", "/setup")
        refused(caller, "POST", "/setup/hide")
    assert Caller(None).call("GET", "/setup").status == 404


def test_gaps_ahead_are_told(api: Caller) -> None:
    ada = person("Ada")
    domain.schedule("Covered", domain.weekly(ada))
    domain.schedule("Ended", domain.weekly(ada, until=domain.NOW))
    assert {gap["schedule"] for gap in Caller(ada, Scope.READ).get("/on-call/gaps")} == {"ended"}


def test_who_cannot_be_reached_is_told(api: Caller, olga: User) -> None:
    ada = person("Ada", email=True)
    unreachable = api.get("/status")["people_unreachable"]
    assert (olga.pk in unreachable, ada.pk in unreachable) == (True, False)

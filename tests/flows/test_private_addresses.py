"""A provider that quotes an address does not tell it to people who may not see it."""

import pytest
from django.test import Client

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.world import Person, World
from tocsin.channels.contract import Failed, Result, Retry
from tocsin.core.permissions import Role
from tocsin.outbox.models import Message
from tocsin.people.models import User

ADDRESS = "ada.0@example.org"


@pytest.fixture(params=[Failed, Retry])
def ada(world: World, request: pytest.FixtureRequest) -> Person:
    """Paged at an address that the mail server refuses by name, for good or for now."""
    olga, ada = world.owner(), world.person("Ada", Role.OBSERVER)
    refusal: Result = request.param(error=f"The mail server answered 550: <{ADDRESS.upper()}>: no such mailbox")
    world.network.answers[ADDRESS] = refusal
    world.monitoring(world.policy([ada])).fires()
    if request.param is Failed:
        olga.expect_page("checkout")  # the catch-all, at once
    return ada


@pytest.fixture(params=[Role.OBSERVER, Role.RESPONDER, Role.ADMIN, "own"])
def reader(ada: Person, request: pytest.FixtureRequest) -> User:
    return ada.user if request.param == "own" else person("Reader", request.param)


def test_what_the_provider_said_is_read_without_the_address(world: World, reader: User) -> None:
    api, group = Caller(reader), world.group().pk
    shown = api.get(f"/alert-groups/{group}/notifications"), api.get(f"/alert-groups/{group}/history")
    pages = Client()
    pages.force_login(reader)
    message = Message.objects.get(purpose="page", kind="email", notification__user__name="Ada")
    texts = [pages.get(path).content.decode() for path in ("/deliveries/", f"/alerts/{group}/")]
    delivery = pages.get(f"/deliveries/{message.pk}/").content.decode()
    assert not any(ADDRESS in str(text).lower() for text in (*shown, *texts))
    assert "no such mailbox" in delivery
    may_see = reader.role == Role.ADMIN or reader.name == "Ada"
    assert delivery.lower().count(ADDRESS) == int(may_see)  # beside what was said, and not in it

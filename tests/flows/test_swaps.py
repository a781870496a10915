"""A swap, told from the page: who is paged while it holds, and who after it is cancelled."""

from datetime import timedelta

import pytest

from tests.apps.domain import NOW, schedule, weekly
from tests.world import World
from tocsin.schedules import queries, swaps

pytestmark = pytest.mark.django_db


def test_swap_accepted_then_cancelled() -> None:
    world = World(NOW)
    world.owner()
    ada, grace = world.person("Ada"), world.person("Grace")
    rota = schedule("Primary", weekly(ada.user, grace.user))
    hers = queries.final(rota, NOW + timedelta(days=7), NOW + timedelta(days=7, hours=2))[0]
    span = (hers.starts_at, hers.ends_at)
    monitoring = world.monitoring(world.policy([rota]))

    asked = swaps.ask(grace.actor, rota, span, world.now, note="dentist")
    world.settle()
    assert "dentist" in ada.expect_page("Can you take Grace’s shift?").text
    swaps.accept(ada.actor, asked, world.now)
    world.settle()
    grace.expect_page("Ada takes your shift")

    swaps.cancel(grace.actor, asked, world.now)
    world.settle()
    ada.expect_page("Grace cancelled the swap")

    world.now = span[0] + timedelta(minutes=1)
    monitoring.fires("disk full")
    grace.expect_page("disk full")
    world.nothing_else()


def test_swap_accepted_pages_who_took_the_shift() -> None:
    world = World(NOW)
    world.owner()
    ada, grace = world.person("Ada"), world.person("Grace")
    rota = schedule("Primary", weekly(ada.user, grace.user))
    hers = queries.final(rota, NOW + timedelta(days=7), NOW + timedelta(days=7, hours=2))[0]
    monitoring = world.monitoring(world.policy([rota]))

    asked = swaps.ask(grace.actor, rota, (hers.starts_at, hers.ends_at), world.now, of=ada.user)
    world.settle()
    ada.expect_page("Can you take Grace’s shift?")
    swaps.accept(ada.actor, asked, world.now)
    world.settle()
    grace.expect_page("Ada takes your shift")

    world.now = hers.starts_at + timedelta(minutes=1)
    monitoring.fires("disk full")
    ada.expect_page("disk full")
    world.nothing_else()

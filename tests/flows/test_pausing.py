"""Alerts that may resolve by themselves, and alerts that do."""

import pytest

from tests.world import Person, World
from tocsin.alerts.models import Alert
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Urgency

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


def test_a_transient_alert_never_pages(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada]), pause_minutes=3)
    monitoring.fires("checkout is slow")
    assert (world.group().held, world.group().urgency) == ("pause", Urgency.NONE)
    assert "until 2026-03-04 12:03 UTC" in Alert.objects.get().held_reason
    world.forward(minutes=2)
    monitoring.recovers("checkout is slow")
    assert world.group().state == GroupState.RESOLVED
    world.forward(minutes=60)
    world.nothing_else()
    assert monitoring.source.reasons() == ["paused", "resolved"]


def test_one_that_stays_pages_when_its_time_is_over(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada]), pause_minutes=3)
    monitoring.fires("checkout is slow")
    world.forward(minutes=2.9)
    world.nothing_else()
    world.forward(minutes=0.1)
    ada.expect_page("checkout is slow")
    world.nothing_else()
    assert world.history() == ["opened", "released", "paged"]


def test_what_is_not_heard_of_any_more_resolves_by_itself(world: World, ada: Person) -> None:
    monitoring = world.monitoring(world.policy([ada], delay=600), resolve_minutes=30)
    monitoring.fires("checkout is slow")
    ada.expect_page("checkout is slow")
    world.forward(minutes=20)
    monitoring.fires("checkout is slow")  # news
    world.forward(minutes=29)
    assert world.group().state == GroupState.TRIGGERED
    world.forward(minutes=1)
    assert world.group().state == GroupState.RESOLVED
    text = world.group().entries.get(kind="recovered").text
    assert text == ("“checkout is slow” resolved by itself: nothing was heard of it for as long as its service allows.")
    world.nothing_else()

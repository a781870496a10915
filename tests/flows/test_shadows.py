"""Who walks along is told what those on call are paged for, and is never responsible."""

from datetime import timedelta

import pytest

from tests.apps import domain
from tests.world import Monitoring, Person, World
from tocsin.schedules.models import Schedule


@pytest.fixture
def ada(world: World) -> Person:
    return world.person("Ada")


@pytest.fixture
def olga(world: World) -> Person:
    """She learns."""
    return world.person("Olga")


@pytest.fixture
def primary(ada: Person, olga: Person) -> Schedule:
    return domain.schedule(
        "Primary", domain.weekly(ada.user), domain.weekly(olga.user, name="Learning", shadow=True), zone="UTC"
    )


@pytest.fixture
def monitoring(world: World, primary: Schedule) -> Monitoring:
    grace = world.person("Grace")
    return world.monitoring(world.policy([primary], [grace], catch_all=[grace]))


def test_the_shadow_is_told_with_the_page_and_cannot_answer_by_it(
    world: World, ada: Person, olga: Person, monitoring: Monitoring
) -> None:
    monitoring.fires()
    ada.expect_page("checkout is down")
    told = olga.expect_page("checkout is down")
    assert told.purpose == "notice"
    assert told.ack_url == ""
    assert told.text.startswith("You walk along, and nothing is expected of you.")
    assert "Paged: Ada." in told.text
    world.nothing_else()
    assert world.group().entries.get(kind="told").text == "Told as well, walking along: Olga."


def test_a_step_that_reaches_only_a_shadow_reaches_nobody(
    world: World, ada: Person, olga: Person, monitoring: Monitoring
) -> None:
    ada.user.contact_methods.all().delete()
    monitoring.fires()
    assert world.history().count("skipped") == 1
    ((address, content),) = world.network.takes_all()
    assert (address, content.title) == ("grace.0@example.org", "Checkout: checkout is down")


def test_one_who_is_paged_already_is_not_told_beside_it(world: World, ada: Person, olga: Person) -> None:
    both = domain.schedule(
        "Both", domain.weekly(ada.user), domain.weekly(ada.user, olga.user, name="Learning", shadow=True), zone="UTC"
    )
    world.monitoring(world.policy([both])).fires()
    ada.expect_page("checkout is down")
    world.nothing_else()


def test_low_urgency_waits_for_the_shadow_s_morning_too(
    world: World, ada: Person, olga: Person, monitoring: Monitoring
) -> None:
    olga.user.quiet_from = (world.now - timedelta(hours=1)).time()
    olga.user.quiet_until = (world.now + timedelta(minutes=4)).time()
    olga.user.save()
    monitoring.fires(severity="warning")
    ada.expect_page("checkout is down")
    world.nothing_else()
    world.forward(minutes=4)
    olga.expect_page("checkout is down")
    world.nothing_else()

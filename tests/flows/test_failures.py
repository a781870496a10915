"""A page that cannot be delivered: the next method, the next step, the catch-all. Never silence."""

import pytest

from tests.apps import domain
from tests.world import Person, World
from tocsin.channels.contract import Failed, Retry
from tocsin.core.permissions import Role
from tocsin.engine import auditor
from tocsin.health.problems import open_problems
from tocsin.outbox import actions as outbox
from tocsin.outbox import claims
from tocsin.paging.models import Notification
from tocsin.people import actions as people
from tocsin.people.models import ContactMethod, User


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner("Olga")


def test_when_a_method_fails_the_persons_next_one_does_not_wait_for_its_delay(world: World, olga: Person) -> None:
    ada = world.person("Ada", methods=(0, 180))
    ada.cannot_be_reached(at=0)
    world.monitoring(world.policy([ada])).fires()
    ada.expect_page("checkout", at=1)
    world.nothing_else()
    assert world.history() == ["opened", "paged", "failed"]


def test_when_every_method_of_a_step_fails_the_next_step_comes_at_once(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada", methods=(0, 180)), world.person("Grace")
    ada.cannot_be_reached(at=0)
    ada.cannot_be_reached(at=1)
    world.monitoring(world.policy([ada], [grace])).fires()
    grace.expect_page("checkout")
    world.nothing_else()
    world.forward(minutes=5)
    olga.expect_page("checkout")
    world.nothing_else()


def test_a_step_waits_while_one_of_its_people_was_reached(world: World, olga: Person) -> None:
    ada, grace, linus = world.person("Ada"), world.person("Grace"), world.person("Linus")
    ada.cannot_be_reached()
    world.monitoring(world.policy([ada, grace], [linus])).fires()
    grace.expect_page("checkout")
    world.forward(minutes=4)
    world.nothing_else()
    world.forward(minutes=1)
    linus.expect_page("checkout")


def test_when_every_step_fails_the_catch_all_is_paged_at_once(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    ada.cannot_be_reached()
    grace.cannot_be_reached()
    world.monitoring(world.policy([ada], [grace])).fires()
    olga.expect_page("checkout")
    world.nothing_else()


def test_when_the_catch_all_fails_too_there_is_a_banner_and_it_is_tried_every_minute(
    world: World, olga: Person
) -> None:
    ada = world.person("Ada")
    ada.cannot_be_reached()
    olga.cannot_be_reached()
    world.monitoring(world.policy([ada])).fires()
    assert "nobody to page" in [p.key for p in open_problems()]
    world.forward(minutes=3)
    world.nothing_else()
    world.network.answers.clear()
    world.forward(minutes=1)
    olga.expect_page("checkout")
    world.nothing_else()


def test_a_provider_that_is_down_is_tried_again_until_it_is_back(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    ada.provider_is_down()
    world.monitoring(world.policy([ada], delay=60)).fires()
    world.forward(minutes=2)
    world.nothing_else()
    ada.provider_is_back()
    world.forward(minutes=5)
    ada.expect_page("checkout")
    world.nothing_else()


def test_a_provider_that_stays_down_is_a_failed_page(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    ada.provider_is_down()
    world.monitoring(world.policy([ada], [grace], delay=24 * 60)).fires()
    world.forward(minutes=24 * 60 - 1)
    grace.expect_page("checkout")


def test_a_refusal_that_no_database_takes_leads_to_the_next_step_at_once(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    world.network.answers[ada.addresses[0]] = Failed(error="The other side answered 400: \0\ud800binary")
    world.monitoring(world.policy([ada], [grace], delay=60)).fires()
    grace.expect_page("checkout")
    world.nothing_else()


def test_a_page_in_the_air_is_not_sent_again_after_a_crash_when_it_was_answered(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    monitoring = world.monitoring(world.policy([ada, grace]))
    monitoring.source.triggers("checkout", "critical", "checkout is down", at=world.now)
    while world.tick():
        pass
    assert len(claims.lease("a node that dies now", world.now, 500)) == 2
    ada.acknowledges()
    world.now += claims.LEASE
    assert auditor.audit(world.now)["leases that ran out"] == 2
    world.settle()
    world.nothing_else()
    assert set(Notification.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_page_in_the_air_is_sent_again_after_a_crash_when_nobody_has_answered(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]))
    monitoring.source.triggers("checkout", "critical", "checkout is down", at=world.now)
    while world.tick():
        pass
    assert len(claims.lease("a node that dies now", world.now, 500)) == 1
    world.now += claims.LEASE
    auditor.audit(world.now)
    world.settle()
    ada.expect_page("checkout")


def test_a_step_without_anybody_is_passed_over(world: World, olga: Person) -> None:
    grace = world.person("Grace")
    world.monitoring(world.policy([], [grace])).fires()
    grace.expect_page("checkout")
    world.nothing_else()
    assert world.history() == ["opened", "skipped", "paged"]


def test_an_empty_schedule_is_passed_over_and_said_so(world: World, olga: Person) -> None:
    nights = domain.schedule("Nights")
    grace = world.person("Grace")
    world.monitoring(world.policy([nights], [grace])).fires()
    grace.expect_page("checkout")
    world.nothing_else()
    (skipped,) = world.group().entries.filter(kind="skipped")
    assert "Nights" in skipped.text


def test_whoever_is_on_call_at_that_moment_is_paged(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    weekly = domain.schedule("Weekly", domain.weekly(ada.user, grace.user))
    monitoring = world.monitoring(world.policy([weekly]))
    monitoring.fires("disk is full")
    ada.expect_page("disk")
    ada.acknowledges()
    monitoring.recovers("disk is full")
    world.forward(minutes=7 * 24 * 60)
    monitoring.fires("disk is full")
    grace.expect_page("disk")
    world.nothing_else()


def test_a_person_without_any_method_is_passed_over(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada", methods=()), world.person("Grace")
    world.monitoring(world.policy([ada], [grace])).fires()
    grace.expect_page("checkout")
    (skipped,) = world.group().entries.filter(kind="skipped")
    assert "no" in skipped.text
    assert "verified contact method" in skipped.text


def test_somebody_who_is_no_longer_active_is_passed_over(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    monitoring = world.monitoring(world.policy([ada], [grace]))
    people.set_active(domain.ADMIN, ada.user, active=False, now=world.now)
    monitoring.fires()
    grace.expect_page("checkout")
    world.nothing_else()


def test_a_method_that_is_not_verified_is_not_used(world: World, olga: Person) -> None:
    ada = world.person("Ada", methods=(0, 0))
    ContactMethod.objects.filter(user=ada.user).order_by("pk")[:1].get().delete()
    last = ContactMethod.objects.get(user=ada.user)
    ContactMethod.objects.filter(pk=last.pk).update(verified_at=None)
    world.monitoring(world.policy([ada])).fires()
    olga.expect_page("checkout")
    world.nothing_else()


def test_nobody_at_all_is_a_banner_and_ends_when_there_is_somebody(world: World) -> None:
    ada = world.person("Ada", methods=())
    world.monitoring(world.policy([ada])).fires()
    world.forward(minutes=5)
    assert [p.key for p in open_problems()] == ["nobody to page"]
    assert world.history() == ["opened", "skipped", "unreachable"]
    olga = world.owner("Olga")
    world.forward(minutes=1)
    olga.expect_page("checkout")
    olga.acknowledges()
    assert list(open_problems()) == []


def test_a_named_catch_all_that_became_empty_gives_way_to_the_owners(world: World, olga: Person) -> None:
    ada = world.person("Ada")
    grace = world.person("Grace", Role.RESPONDER)
    monitoring = world.monitoring(world.policy([ada], catch_all=[grace]))
    User.objects.filter(pk=grace.user.pk).update(is_active=False)
    monitoring.fires()
    ada.expect_page("checkout")
    world.forward(minutes=5)
    olga.expect_page("checkout")
    world.nothing_else()


def test_a_method_removed_while_its_page_waits_fails_and_the_next_one_comes(world: World, olga: Person) -> None:
    ada = world.person("Ada", methods=(0, 60, 120))
    world.monitoring(world.policy([ada])).fires()
    ada.expect_page("checkout")
    ContactMethod.objects.filter(user=ada.user).order_by("pk")[1].delete()
    world.forward(minutes=1)
    ada.expect_page("checkout", at=2)
    world.nothing_else()


def test_a_person_with_nothing_but_a_closed_tab_is_passed_over_when_it_has_not_rung(world: World, olga: Person) -> None:
    ada, grace = world.person("Ada", methods=()), world.person("Grace")
    ContactMethod.objects.create(
        user=ada.user, kind="inapp", label="In the app", verified_at=world.now, created_at=world.now
    )
    world.network.answers[str(ada.user.pk)] = Retry(error="No Tocsin tab of this person is open.")
    world.monitoring(world.policy([ada], [grace], delay=60)).fires()
    world.nothing_else()
    world.forward(minutes=5)
    grace.expect_page("checkout")
    world.nothing_else()


def test_a_page_that_waits_to_be_tried_again_does_not_go_to_an_address_that_was_removed(
    world: World, olga: Person
) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    ada.provider_is_down()
    world.monitoring(world.policy([ada], [grace])).fires()
    ada.provider_is_back()
    people.remove_method(ada.actor, ada.user.contact_methods.get(), world.now)
    world.forward(minutes=1)
    grace.expect_page("checkout")
    world.nothing_else()


def test_nor_to_somebody_who_was_switched_off_meanwhile_nor_when_it_is_tried_again_by_hand(
    world: World, olga: Person
) -> None:
    ada, grace = world.person("Ada"), world.person("Grace")
    ada.provider_is_down()
    world.monitoring(world.policy([ada], [grace])).fires()
    ada.provider_is_back()
    people.set_active(olga.actor, ada.user, world.now, active=False)
    world.forward(minutes=1)
    grace.expect_page("checkout")
    message = Notification.objects.get(user=ada.user).message
    assert message is not None
    outbox.retry(olga.actor, message.pk, world.now)
    world.settle()
    world.nothing_else()

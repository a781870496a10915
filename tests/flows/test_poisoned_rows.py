"""Rows and stages that fail for ever: whatever is wrong with one, the others are paged, and somebody hears of it."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import connection

from tests.world import Monitoring, Person, World
from tocsin.alerts import absorbing, reviewing
from tocsin.checks import watching
from tocsin.engine import auditor, tick
from tocsin.health.problems import open_problems
from tocsin.paging import following, notifying, rows, running, settling, timeouts
from tocsin.paging.models import Escalation, Notification
from tocsin.people.models import ContactMethod
from tocsin.policies.models import PolicyVersion


@pytest.fixture
def olga(world: World) -> Person:
    return world.owner("Olga")


@pytest.fixture
def ada(world: World, olga: Person) -> Person:
    return world.person("Ada")


@pytest.fixture
def grace(world: World) -> Person:
    return world.person("Grace")


@pytest.fixture
def checkout(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada]), "Checkout")


@pytest.fixture
def search(world: World, grace: Person) -> Monitoring:
    return world.monitoring(world.policy([grace]), "Search")


def failing(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, *bad: object) -> None:
    """From now on it fails for these (row or id) for ever; for none named, for all."""
    work: Callable[..., Any] = getattr(owner, name)

    def tried(first: Any, *others: object, **named: object) -> object:
        if not bad or first in bad or getattr(first, "pk", None) in bad:
            raise ZeroDivisionError("a poisoned row")
        return work(first, *others, **named)

    monkeypatch.setattr(owner, name, tried)


def answered_is_null(row: Escalation) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE paging_escalation SET answered = 'null' WHERE id = %s", [row.pk])


def policy_is_unreadable(row: Escalation) -> None:
    PolicyVersion.objects.filter(pk=row.snapshot_id).update(body={"policy": 7})


@pytest.mark.parametrize("poison", [answered_is_null, policy_is_unreadable])
def test_an_acknowledgement_that_cannot_run_out_stops_nobody_and_pages_the_owners(
    world: World,
    olga: Person,
    ada: Person,
    grace: Person,
    checkout: Monitoring,
    search: Monitoring,
    poison: Callable[[Escalation], None],
) -> None:
    checkout.fires("checkout is down")
    ada.expect_page("checkout")
    ada.acknowledges()
    broken = world.escalation()
    poison(broken)
    world.forward(minutes=30)
    search.fires("search is down")
    grace.expect_page("search is down")
    olga.expect_page("checkout is down")
    world.nothing_else()
    assert f"escalation {broken.pk}" in [p.key for p in open_problems()]
    olga.acknowledges(broken.group)
    checkout.recovers("checkout is down")
    assert not open_problems()


def test_it_pages_the_owners_even_where_its_group_cannot_be_written(
    world: World,
    olga: Person,
    ada: Person,
    grace: Person,
    checkout: Monitoring,
    search: Monitoring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, tool in enumerate((checkout, search)):
        tool.fires(f"{tool.service.name} is down", key=str(number))
    ada.expect_page("checkout")
    grace.expect_page("search")
    broken, other = Escalation.objects.order_by("pk")
    ada.acknowledges(broken.group)
    grace.acknowledges(other.group)
    failing(monkeypatch, timeouts, "mark_triggered", broken.group_id)
    world.forward(minutes=30)
    grace.expect_page("search is down")
    olga.expect_page("checkout is down")
    world.nothing_else()


def test_one_that_is_running_pages_the_owners_in_its_place(
    world: World, olga: Person, ada: Person, grace: Person, checkout: Monitoring, search: Monitoring
) -> None:
    checkout.fires("checkout is down")
    ada.expect_page("checkout")
    answered_is_null(world.escalation())
    world.forward(minutes=5)
    olga.expect_page("checkout is down")
    world.nothing_else()


def test_one_among_many_costs_the_others_few_turns(
    world: World, olga: Person, ada: Person, grace: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay = world.monitoring(world.policy([ada], [grace]), "Pay")
    for number in range(10, 26):
        pay.fires(f"disk {number} is full")
        ada.expect_page(f"disk {number} is full")
    answered_is_null(Escalation.objects.order_by("pk")[5])
    together = []
    save = rows.save

    def counted(found: Iterable[Escalation]) -> None:
        save(kept := list(found))
        together.append(len(kept))

    monkeypatch.setattr(rows, "save", counted)
    world.forward(minutes=5)
    for number in range(10, 26):
        (olga if number == 15 else grace).expect_page(f"disk {number} is full")
    world.nothing_else()
    assert together == [4, 1, 1, 2, 8]


def test_where_not_even_that_can_be_done_the_owners_are_told_and_the_others_paged(
    world: World,
    olga: Person,
    ada: Person,
    grace: Person,
    checkout: Monitoring,
    search: Monitoring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checkout.fires("checkout is down")
    ada.expect_page("checkout")
    search.fires("search is down")
    grace.expect_page("search")
    broken = Escalation.objects.order_by("pk")[0]
    failing(monkeypatch, rows, "state_of", broken.pk)
    world.forward(minutes=7)
    olga.expect_page("cannot run at all")  # once, however often it is tried again
    olga.expect_page("search is down")
    world.nothing_else()
    assert f"escalation {broken.pk}" in [p.key for p in open_problems()]


def test_a_failed_page_that_cannot_be_followed_up_stops_no_other(
    world: World, grace: Person, checkout: Monitoring, search: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    linus = world.person("Linus", methods=(60,))
    hopper = world.person("Hopper", methods=(60,))
    monitoring = world.monitoring(world.policy([linus, hopper], [grace]), "Pay")
    monitoring.fires("pay is down")
    gone = Notification.objects.get(user=linus.user)
    ContactMethod.objects.filter(user=linus.user).delete()
    failing(monkeypatch, settling, "fail", gone.pk)
    world.forward(minutes=1)
    hopper.expect_page("pay is down")
    world.nothing_else()
    gone.refresh_from_db()
    assert gone.state == notifying.FAILED
    world.forward(minutes=5)
    grace.expect_page("pay is down")
    world.nothing_else()


def test_a_repair_that_fails_stops_no_other_and_is_shown_while_it_does(
    world: World,
    ada: Person,
    grace: Person,
    checkout: Monitoring,
    search: Monitoring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checkout.fires("checkout is down")
    ada.expect_page("checkout")
    bad = world.group().pk
    search.fires("search is down")
    grace.expect_page("search")
    Escalation.objects.all().delete()
    with monkeypatch.context() as patched:
        failing(patched, following, "begin", bad)
        assert auditor.audit(world.now) == {"alerts without an escalation": 1}
        world.settle()
        grace.expect_page("search is down")
        world.nothing_else()
        assert [p.title for p in open_problems()] == ["Tocsin cannot repair alerts without an escalation"]
    auditor.audit(world.now)
    assert not open_problems()
    world.settle()
    ada.expect_page("checkout is down")


STAGES = [
    (absorbing, "absorb", "absorb"),
    (absorbing, "expire", "expire"),
    (watching, "watch_due", "watch"),
    (reviewing, "release_held", "review"),
    (timeouts, "time_out_due", "time acknowledgements out"),
    (running, "release_due", "release"),
]


@pytest.mark.parametrize(("owner", "name", "stage"), STAGES, ids=[stage for _, _, stage in STAGES])
def test_a_stage_that_fails_for_ever_keeps_the_next_step_from_nobody(
    world: World,
    ada: Person,
    grace: Person,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    stage: str,
) -> None:
    world.monitoring(world.policy([ada], [grace]), "Pay").fires("pay is down")
    ada.expect_page("pay is down")
    failing(monkeypatch, owner, name)
    for _ in range(5):
        turns_with(world, stage)
    world.now = world.escalation().next_due or world.now
    turns_with(world, stage)
    world.send()
    grace.expect_page("pay is down")
    assert [p.title for p in open_problems()] == [f"The engine cannot {stage}"]


def test_while_steps_cannot_be_run_alerts_are_taken_and_delayed_pages_leave(
    world: World, ada: Person, checkout: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    linus = world.person("Linus", methods=(0, 60))
    world.monitoring(world.policy([linus]), "Pay").fires("pay is down")
    linus.expect_page("pay is down")
    with monkeypatch.context() as patched:
        failing(patched, running, "advance_due")
        world.now = Notification.objects.get(state="waiting").due_at or world.now
        checkout.source.triggers("disk", "critical", "disk is full", at=world.now)
        turns_with(world, "advance")
        world.send()
        linus.expect_page("pay is down", at=1)
        assert world.group().title == "disk is full"
    world.settle()
    ada.expect_page("disk is full")


def turns_with(world: World, broken: str) -> None:
    assert tick.tick(world.now).failed == [broken]

"""Several at once, on real commits: whatever the order, the end is legal and nobody is paged twice for one step."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Count

from tests.world import Monitoring, Person, World
from tocsin.alerts.changes import ChangeKind, GroupChange
from tocsin.alerts.models import AlertGroup
from tocsin.alerts.rows import as_row
from tocsin.core.escalation import Status
from tocsin.core.lifecycle import GroupState
from tocsin.engine import sender, tick
from tocsin.outbox import claims
from tocsin.outbox.models import Message
from tocsin.paging import actions, handing, running, timeouts
from tocsin.paging.models import Escalation, Notification
from tocsin.paging.rows import LIVE

MINUTE = timedelta(minutes=1)
BY_STATE = {
    GroupState.TRIGGERED: [Status.RUNNING],
    GroupState.ACKNOWLEDGED: [Status.ACKNOWLEDGED],
    GroupState.RESOLVED: [],
}


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


@pytest.fixture
def together() -> Iterator[Callable[..., None]]:
    """Runs functions at the same time, each in a thread with a connection of its own."""
    with ThreadPoolExecutor(8) as pool:

        def run(*jobs: Callable[[], object]) -> None:
            barrier = threading.Barrier(len(jobs))

            def one(job: Callable[[], object]) -> None:
                try:
                    barrier.wait(20)
                    job()
                finally:
                    connection.close()

            for done in [pool.submit(one, job) for job in jobs]:
                done.result(60)

        yield run


@pytest.fixture
def ada(world: World) -> Person:
    world.owner()
    return world.person("Ada")


@pytest.fixture
def monitoring(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada], [ada], repeats=1), group_minutes=60)


def assert_legal() -> None:
    for group in AlertGroup.objects.all():
        live = list(group.escalations.filter(kind="alert", status__in=LIVE).values_list("status", flat=True))
        assert live == BY_STATE[GroupState(group.state)], group.state
    assert not Escalation.objects.filter(status=Status.RUNNING, next_due=None).exists()
    assert not Escalation.objects.filter(status=Status.ENDED).exclude(next_due=None).exists()
    answered = Notification.objects.exclude(escalation__status=Status.RUNNING)
    assert not answered.filter(state="waiting").exists()
    assert not answered.filter(message__state="pending").exists()


def assert_no_page_twice() -> None:
    pages = Notification.objects.values("escalation", "round", "step", "method").annotate(n=Count("pk"))
    assert not pages.filter(n__gt=1).exists()
    assert Message.objects.filter(purpose="page").count() == Notification.objects.exclude(message=None).count()


Together = Callable[..., None]


def test_an_answer_while_the_next_step_is_paged(
    world: World, ada: Person, monitoring: Monitoring, together: Together
) -> None:
    for number in range(6):
        monitoring.fires(f"disk {number} is full", "error")
        group, now = world.group(), world.now + 5 * MINUTE
        answer = (actions.acknowledge, actions.resolve)[number % 2]
        together(
            lambda now=now: running.advance_due(now),
            lambda group=group, now=now, answer=answer: answer(group.pk, ada.actor, now),
        )
        assert_legal()
        actions.resolve(group.pk, ada.actor, now)
    assert_no_page_twice()


def test_two_people_answer_at_once(world: World, ada: Person, monitoring: Monitoring, together: Together) -> None:
    monitoring.fires()
    group, answers = world.group(), []
    together(*[lambda: answers.append(actions.acknowledge(group.pk, ada.actor, world.now).reason) for _ in range(4)])
    assert sorted(answers) == ["acknowledged", *["already acknowledged"] * 3]
    assert world.group().entries.filter(kind="acknowledged").count() == 1


def test_everything_at_once(world: World, ada: Person, monitoring: Monitoring, together: Together) -> None:
    for number in range(6):
        monitoring.fires("disk is full", "error")
        group, now = world.group(), world.now + 5 * MINUTE
        monitoring.source.triggers("disk is full", "critical", at=now)  # worse
        monitoring.source.triggers(f"another {number}", "error", at=now)  # joins
        together(
            lambda now=now: tick.tick(now),
            lambda now=now: running.advance_due(now),
            lambda now=now, pk=group.pk: actions.acknowledge(pk, ada.actor, now),
            lambda now=now, pk=group.pk: actions.unacknowledge(pk, ada.actor, now),
            lambda now=now, pk=group.pk: actions.escalate(pk, ada.actor, now),
            lambda now=now, pk=group.pk, n=number: n % 2 and actions.resolve(pk, ada.actor, now),
        )
        assert_legal()
        world.now = now + MINUTE
        world.settle()
        assert_legal()
    assert_no_page_twice()


def test_several_hand_it_on_at_once(world: World, ada: Person, monitoring: Monitoring, together: Together) -> None:
    grace, linus = world.person("Grace"), world.person("Linus")
    policy = world.policy([linus], [grace])
    for number in range(6):
        monitoring.fires(f"disk {number} is full", "error")
        pk, now = world.group().pk, world.now + 5 * MINUTE
        together(
            lambda now=now: running.advance_due(now),
            lambda now=now, pk=pk: handing.snooze(pk, now + 60 * MINUTE, ada.actor, now),
            lambda now=now, pk=pk: handing.take_over(pk, grace.actor, now),
            lambda now=now, pk=pk: handing.reassign_to_person(pk, linus.user.pk, ada.actor, now),
            lambda now=now, pk=pk: handing.reassign_to_policy(pk, policy, ada.actor, now),
            lambda now=now, pk=pk: handing.add_responder(pk, linus.user.pk, ada.actor, now),
            lambda now=now, pk=pk: actions.acknowledge(pk, linus.actor, now),
            lambda now=now, pk=pk, n=number: n % 2 and actions.resolve(pk, ada.actor, now),
        )
        assert_legal()
        world.now = now
        world.settle()
        assert_legal()
        actions.resolve(pk, ada.actor, now)
        assert not Escalation.objects.exclude(status=Status.ENDED).exists()
    assert_no_page_twice()


def test_two_ask_the_same_responder_at_once(
    world: World, ada: Person, monitoring: Monitoring, together: Together
) -> None:
    linus = world.person("Linus")
    monitoring.fires()
    pk = world.group().pk
    together(*[lambda: handing.add_responder(pk, linus.user.pk, ada.actor, world.now) for _ in range(4)])
    assert Escalation.objects.filter(kind="beside").count() == 1


def test_an_acknowledgement_runs_out_while_somebody_acknowledges_again(
    world: World, ada: Person, monitoring: Monitoring, together: Together
) -> None:
    for number in range(4):
        monitoring.fires(f"disk {number} is full", "error")
        group, now = world.group(), world.now + 30 * MINUTE

        def again(pk: int = group.pk) -> None:
            actions.unacknowledge(pk, ada.actor, now)  # noqa: B023 - called in this turn
            actions.acknowledge(pk, ada.actor, now)  # noqa: B023

        actions.acknowledge(group.pk, ada.actor, world.now)
        together(lambda now=now: timeouts.time_out_due(now), lambda now=now: running.advance_due(now), again)
        assert_legal()
        actions.resolve(group.pk, ada.actor, now)


def test_pages_fail_while_somebody_answers(
    world: World, ada: Person, monitoring: Monitoring, together: Together
) -> None:
    ada.cannot_be_reached()

    def sends() -> None:
        for message in claims.lease("test", world.now, 50):
            letter = sender.letter_of(message, world.now)
            sender.record(message, world.network.send(letter), world.now)  # type: ignore[arg-type]

    for number in range(6):
        monitoring.source.triggers(f"disk {number}", "error", at=world.now)
        world.tick()
        pk = world.group().pk
        together(sends, lambda pk=pk: actions.acknowledge(pk, ada.actor, world.now))
        assert_legal()
        actions.resolve(pk, ada.actor, world.now)


def test_two_nodes_share_what_is_due_and_page_nobody_twice(
    world: World, ada: Person, monitoring: Monitoring, together: Together
) -> None:
    begin(world, monitoring, 120)

    def node() -> None:
        while running.advance_due(world.now, 10):
            pass

    together(node, node, node)
    assert Notification.objects.count() == 120
    assert set(Escalation.objects.values_list("version", "step")) == {(1, 1)}
    assert_no_page_twice()


def begin(world: World, monitoring: Monitoring, count: int) -> None:
    """So many groups, each with an escalation that is due."""
    service = monitoring.service
    group = {"service": service, "severity": "error", "urgency": "high", "state": "triggered"}
    at = {"opened_at": world.now, "last_event_at": world.now}
    groups = AlertGroup.objects.bulk_create(AlertGroup(title=f"disk {n}", **group, **at) for n in range(count))
    with transaction.atomic():
        running.follow([GroupChange(row=as_row(g), kind=ChangeKind.OPENED) for g in groups], world.now)

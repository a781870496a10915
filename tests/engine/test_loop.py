"""The engine as it runs: woken by commits, stopped in good order."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from time import monotonic, sleep

import pytest
from pytest_django import Settings

from tests.channels.servers import Receiver
from tests.world import SETUP, World
from tocsin import clock
from tocsin.alerts import absorbing
from tocsin.channels.contract import Content
from tocsin.engine import auditor, loop, sender, tick
from tocsin.engine.loop import Chore, Engine
from tocsin.health import beats, counters, problems, wakeups
from tocsin.outbox import claims
from tocsin.outbox.actions import Draft, put
from tocsin.outbox.models import Message, State
from tocsin.people import actions as people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def engine(transactional_db: None, stop: threading.Event) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=lambda: loop.run(stop))
    thread.start()
    yield thread
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def world() -> World:
    return World(clock.now())


def until(what: object, within: float = 10.0) -> None:
    end = monotonic() + within
    while not what():  # type: ignore[operator]
        assert monotonic() < end
        sleep(0.005)


def test_an_event_wakes_the_engine_which_does_not_wait_for_its_next_look(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(loop, "LONGEST_SLEEP", 3600.0)
    monkeypatch.setattr(sender, "LONGEST_SLEEP", 3600.0)
    request.getfixturevalue("engine")
    olga = world.owner()
    people.issue_method(SETUP, olga.user, "webhook", "Hook", receiver.url, clock.now())
    monitoring = world.monitoring(world.policy([olga]))
    until(lambda: beats.alive("engine", clock.now()))
    monitoring.source.triggers("disk", "critical", "Disk full", at=clock.now())
    wakeups.notify()
    (heard,) = receiver.wait_for(1)
    assert b"Disk full" in heard.body


def test_what_a_lost_node_was_sending_is_sent_by_one_that_lives(
    world: World, receiver: Receiver, request: pytest.FixtureRequest
) -> None:
    content = Content(purpose="page", title="Disk full", text="")
    put([Draft(kind="webhook", purpose="page", target=receiver.url, content=content, key="k")], clock.now())
    assert claims.lease("lost.0000:1:00000", clock.now(), 1)
    request.getfixturevalue("engine")
    (heard,) = receiver.wait_for(1)
    assert heard.headers["idempotency-key"] == "k"
    until(lambda: Message.objects.get().state == State.SENT)
    assert counters.value(claims.POSSIBLE_DUPLICATES) == 1


def test_stopping_ends_every_thread_and_the_beat(engine: threading.Thread, stop: threading.Event) -> None:
    until(lambda: beats.alive("engine", clock.now()))
    stop.set()
    engine.join(10)
    assert not engine.is_alive()
    assert not beats.alive("engine", clock.now())


def test_a_turn_that_fails_does_not_end_the_engine(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, stop: threading.Event
) -> None:
    mistakes = [ZeroDivisionError("a mistake")]
    absorb = absorbing.absorb

    def at_first_broken(*arguments: object, **named: object) -> object:
        if mistakes:
            raise mistakes.pop()
        return absorb(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(absorbing, "absorb", at_first_broken)
    olga = world.owner()
    people.issue_method(SETUP, olga.user, "webhook", "Hook", receiver.url, clock.now())
    world.monitoring(world.policy([olga])).source.triggers("disk", "critical", "Disk full", at=clock.now())
    thread = threading.Thread(target=lambda: loop.run(stop))
    thread.start()
    receiver.wait_for(1)
    until(lambda: Message.objects.filter(kind="webhook", state=State.SENT).exists())
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def test_a_chore_is_done_when_it_is_due_and_again_after_it_failed() -> None:
    done: list[float] = []

    def do() -> None:
        done.append(0)
        raise ZeroDivisionError

    chore = Chore(every=10, do=do)
    for at in (1.0, 5.0, 10.9, 11.0, 12.0, 21.0):
        chore.do_when_due(at)
    assert len(done) == 3


@pytest.fixture
def outside(receiver: Receiver, settings: Settings) -> Receiver:
    """Who would notice that the heartbeat stops."""
    settings.HEARTBEAT_URL = receiver.url
    return receiver


@pytest.mark.parametrize("still", ["clockwork", "sender"])
def test_neither_beat_nor_heartbeat_goes_on_when_clockwork_or_sender_stand_still(
    still: str, outside: Receiver, stop: threading.Event
) -> None:
    engine = Engine(stop=stop)
    engine._tell_outside()
    engine.beat()
    assert len(outside.heard) == 1
    assert beats.alive("engine", clock.now())
    beats.stopped("engine")
    long_ago = clock.monotonic() - loop.STUCK - 1
    if still == "clockwork":
        engine.turned = long_ago
    else:
        engine.sender.turned = long_ago
    engine._tell_outside()
    engine.beat()
    assert len(outside.heard) == 1
    assert not beats.alive("engine", clock.now())


def test_the_supervisor_is_told_after_each_stage_unless_the_sender_stands_still(
    world: World, stop: threading.Event
) -> None:
    told: list[float] = []
    engine = Engine(stop=stop, pulse=lambda: told.append(clock.monotonic()))
    tick.tick(clock.now(), moved=engine._moved)
    assert len(told) == 7
    engine.sender.moved -= loop.STILL + 1
    tick.tick(clock.now(), moved=engine._moved)
    assert len(told) == 7


def test_a_sender_that_fails_moves_and_is_not_well(stop: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "AGAIN", 0.001)
    failing = sender.Sender()
    failing.moved = failing.turned = 0.0
    monkeypatch.setattr(failing, "turn", lambda: 1 // 0)
    failing._guarded_turn()
    assert failing.moved > 0
    assert failing.turned == 0


def test_an_engine_that_follows_one_that_hung_says_so_for_an_hour(stop: threading.Event) -> None:
    thread = threading.Thread(target=lambda: loop.run(stop, was_hung=True))
    thread.start()
    until(lambda: problems.open_problems().exists())
    stop.set()
    thread.join(30)
    (problem,) = problems.open_problems()
    assert problem.key == auditor.WAS_HUNG
    auditor.audit(problem.last_seen + timedelta(minutes=59))
    assert problems.open_problems().exists()
    auditor.audit(problem.last_seen + timedelta(minutes=61))
    assert not problems.open_problems().exists()

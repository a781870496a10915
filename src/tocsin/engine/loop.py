"""The engine's process: six threads, each at its own pace, and bells between them.

The clockwork turns whenever something was committed, by this process or another, and at least every second. The sender
is rung after every turn that did something. The prober looks at targets, on threads of its own. Upkeep (beats, audits,
the heartbeat, clearing) has a thread of its own, and so have errands (calendars from outside, gaps ahead) and the
mailboxes: a slow address outside holds up nothing.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from django.db import connection

from tocsin import clock
from tocsin.care import recording, warning
from tocsin.checks import probing
from tocsin.engine import auditor, clearing, garbage, heartbeat
from tocsin.engine.prober import Prober
from tocsin.engine.sender import Sender
from tocsin.engine.tick import tick
from tocsin.handoffs import keeping
from tocsin.health import beats, wakeups
from tocsin.health.edges import contained
from tocsin.mailboxes import pulling
from tocsin.paging import settling
from tocsin.schedules import announcing, importing, swaps
from tocsin.slos import reading

LONGEST_SLEEP = 1.0  # seconds: how late something that waits for a time may be
SLICE = 0.25  # seconds until a thread notices that it should end
SWITCH = 0.001  # seconds that a thread may hold Python while another waits for it
STUCK = 30.0  # seconds without a turn, after which the engine does not count as alive

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Engine:
    stop: threading.Event
    bell: threading.Event = field(default_factory=threading.Event)
    sender: Sender = field(default_factory=Sender)
    turned: float = field(default_factory=clock.monotonic)  # when the clockwork last did its whole turn

    def listen(self) -> None:
        listener = wakeups.listener()
        while not self.stop.is_set():
            if listener.wait(SLICE):
                self.ring()
        listener.close()
        connection.close()

    def ring(self) -> None:
        self.bell.set()
        self.sender.ring()

    def turn(self) -> None:
        while not self.stop.is_set():
            worked = tick(clock.database_now(), self.sender.ring)
            if not worked.failed:
                self.turned = clock.monotonic()
            if worked.anything:
                self.sender.ring()
            else:
                self._sleep()

    def _sleep(self) -> None:
        end = clock.monotonic() + LONGEST_SLEEP
        while not self.stop.is_set() and clock.monotonic() < end:
            if self.bell.wait(SLICE):
                self.bell.clear()
                return

    def keep_up(self) -> None:
        chores = [
            Chore(every=beats.EVERY.total_seconds(), do=self._beat),
            Chore(every=auditor.EVERY.total_seconds(), do=lambda: auditor.audit(clock.database_now())),
            Chore(every=60.0, do=self._tell_outside),
            Chore(every=60.0, do=lambda: recording.record(clock.database_now())),
            Chore(every=60.0, do=lambda: probing.tell_stale(clock.database_now())),
            Chore(every=60.0, do=lambda: probing.tell_blocked(clock.database_now())),
            Chore(every=60.0, do=lambda: probing.tell_mute(clock.database_now())),
            Chore(every=60.0, do=lambda: keeping.keep(clock.database_now())),
            Chore(every=600.0, do=lambda: warning.warn(clock.database_now())),
            Chore(every=600.0, do=lambda: clearing.clear(clock.database_now())),
        ]
        self._do(chores)
        beats.stopped("engine")
        connection.close()

    def run_errands(self) -> None:
        """What goes outside and may take its time, and what only has to happen some day soon."""
        chores = [
            Chore(every=60.0, do=lambda: swaps.expire(clock.database_now())),
            Chore(every=60.0, do=lambda: importing.refresh_due(clock.database_now())),
            Chore(every=60.0, do=lambda: reading.read_due(clock.database_now())),
            Chore(every=3600.0, do=lambda: announcing.announce(clock.database_now())),
        ]
        self._do(chores)
        connection.close()

    def pull(self) -> None:
        """Mailboxes; a thread of its own, because mails page people, and servers outside take their time."""
        self._do([Chore(every=2.0, do=lambda: pulling.pull_due(clock.database_now()))])
        connection.close()

    def _do(self, chores: Sequence["Chore"]) -> None:
        while not self.stop.wait(SLICE):
            for chore in chores:
                chore.do_when_due(clock.monotonic())

    @property
    def lives(self) -> bool:
        return clock.monotonic() - self.turned < STUCK

    def _beat(self) -> None:
        if self.lives:
            beats.beat("engine", clock.database_now())

    def _tell_outside(self) -> None:
        if self.lives:
            heartbeat.send(clock.database_now())


@dataclass(kw_only=True)
class Chore:
    every: float  # seconds
    do: Callable[[], object]
    due: float = 0.0  # monotonic

    def do_when_due(self, at: float) -> None:
        if at < self.due:
            return
        self.due = at + self.every
        contained(self.do, "upkeep failed")


def run(stop: threading.Event) -> None:
    """Until `stop`: then what is in the air is finished first."""
    engine = Engine(stop=stop)
    garbage.settle()
    # a thread that waits for the database gets its turn back sooner: a page must not queue behind another's look
    sys.setswitchinterval(SWITCH)
    log.info("the engine starts", node=beats.node())
    settling.recover_dead(clock.database_now())
    helpers = [
        _guarded(engine.listen, "listen", stop),
        _guarded(engine.keep_up, "upkeep", stop),
        _guarded(engine.run_errands, "errands", stop),
        _guarded(engine.pull, "mailboxes", stop),
        _guarded(Prober(stop=stop).work, "prober", stop),
    ]
    for helper in helpers:
        helper.start()
    engine.sender.start()
    try:
        _forever(engine.turn, stop)
    finally:
        stop.set()
        engine.sender.stop()
        for helper in helpers:
            helper.join()
        connection.close()
        log.info("the engine has stopped")


def _guarded(work: Callable[[], None], name: str, stop: threading.Event) -> threading.Thread:
    return threading.Thread(target=lambda: _forever(work, stop), name=name)


def _forever(work: Callable[[], None], stop: threading.Event) -> None:
    """A thread of the engine that ends before its time begins again."""
    while not stop.is_set():
        if contained(work, "a thread of the engine failed; it begins again").error is not None:
            connection.close_if_unusable_or_obsolete()
            stop.wait(1.0)

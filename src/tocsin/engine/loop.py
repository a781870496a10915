"""The engine's process: eight threads, each at its own pace, and bells between them.

The clockwork turns whenever something was committed, by this process or another, and at least every second. The sender
is rung after every turn that did something. The prober looks at targets, on threads of its own. Upkeep (audits,
clearing) has a thread of its own, and so have beats, the heartbeat, errands (calendars from outside, gaps ahead) and
the mailboxes: a slow address outside holds up nothing.

Clockwork and sender show that they move: the supervisor kills an engine in which one of them stands still, and neither
beat nor heartbeat goes on while one of them stands still or fails.
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
from tocsin.engine import auditor, clearing, clocks, garbage, heartbeat, vacancies
from tocsin.engine.prober import Prober
from tocsin.engine.sender import Sender
from tocsin.engine.tick import nothing, tick
from tocsin.handoffs import keeping
from tocsin.health import beats, problems, wakeups
from tocsin.health.edges import contained
from tocsin.mailboxes import pulling
from tocsin.paging import settling, timeouts
from tocsin.schedules import announcing, importing, swaps
from tocsin.slos import reading

LONGEST_SLEEP = 1.0  # seconds: how late something that waits for a time may be
SLICE = 0.25  # seconds until a thread notices that it should end
SWITCH = 0.001  # seconds that a thread may hold Python while another waits for it
STUCK = 30.0  # seconds without a good turn, after which the engine does not count as alive
STILL = 60.0  # seconds in which the sender has not come to the end of any turn: each may wait for a locked database

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Engine:
    stop: threading.Event
    bell: threading.Event = field(default_factory=threading.Event)
    sender: Sender = field(default_factory=Sender)
    turned: float = field(default_factory=clock.monotonic)  # when the clockwork last did its whole turn
    pulse: Callable[[], None] = nothing  # tells the supervisor

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
            worked = tick(clock.database_now(), self.sender.ring, self._moved)
            if not worked.failed:
                self.turned = clock.monotonic()
            if worked.anything:
                self.sender.ring()
            else:
                self._sleep()

    def _moved(self) -> None:
        if clock.monotonic() - self.sender.moved < STILL:
            self.pulse()

    def _sleep(self) -> None:
        end = clock.monotonic() + LONGEST_SLEEP
        while not self.stop.is_set() and clock.monotonic() < end:
            if self.bell.wait(SLICE):
                self.bell.clear()
                return

    def keep_up(self) -> None:
        chores = [
            Chore(every=auditor.EVERY.total_seconds(), do=lambda: auditor.audit(clock.database_now())),
            Chore(every=60.0, do=lambda: vacancies.tell(clock.database_now())),
            Chore(every=60.0, do=lambda: timeouts.orphan(clock.database_now())),
            Chore(every=60.0, do=lambda: recording.record(clock.database_now())),
            Chore(every=60.0, do=lambda: probing.tell_stale(clock.database_now())),
            Chore(every=60.0, do=lambda: probing.tell_blocked(clock.database_now())),
            Chore(every=60.0, do=lambda: probing.tell_mute(clock.database_now())),
            Chore(every=60.0, do=lambda: keeping.keep(clock.database_now())),
            Chore(every=600.0, do=lambda: warning.warn(clock.database_now())),
            Chore(every=600.0, do=lambda: clearing.clear(clock.database_now())),
        ]
        self._do(chores)
        connection.close()

    def live(self) -> None:
        chores = [
            Chore(every=beats.EVERY.total_seconds(), do=self.beat),
            Chore(every=beats.EVERY.total_seconds(), do=lambda: clocks.watch(clock.database_now())),
            Chore(every=beats.EVERY.total_seconds(), do=self._recover),
        ]
        self._do(chores)
        connection.close()

    def _recover(self) -> None:
        if settling.recover_silent(clock.database_now()):
            self.sender.ring()

    def tell_outside(self) -> None:
        self._do([Chore(every=60.0, do=self._tell_outside)])
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
        return clock.monotonic() - min(self.turned, self.sender.turned) < STUCK

    def beat(self) -> None:
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


def run(stop: threading.Event, pulse: Callable[[], None] | None = None, *, was_hung: bool = False) -> None:
    """Until `stop`: then what is in the air is finished first."""
    engine = Engine(stop=stop, pulse=pulse or nothing)
    garbage.settle()
    # a thread that waits for the database gets its turn back sooner: a page must not queue behind another's look
    sys.setswitchinterval(SWITCH)
    log.info("the engine starts", node=beats.node())
    settling.recover_dead(clock.database_now())
    beats.beat("engine", clock.database_now())  # before it leases anything: who leases and does not beat is dead
    if was_hung:
        contained(_say_that_it_hung, "a problem could not be stored")
    helpers = [
        _guarded(engine.listen, "listen", stop),
        _guarded(engine.live, "beats", stop),
        _guarded(engine.tell_outside, "heartbeat", stop),
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
        contained(engine.beat, "a last beat failed")  # while what is in the air is finished, nobody takes it away
        engine.sender.stop()
        contained(lambda: beats.stopped("engine"), "the end could not be stored")
        for helper in helpers:
            helper.join()
        connection.close()
        log.info("the engine has stopped")


def _say_that_it_hung() -> None:
    detail = (
        "Clockwork or sender had not moved for so long that the engine was killed. Nothing is lost: what fell due "
        "meanwhile is done now. When it comes again, look at the log, the disk, and the way to the database."
    )
    problems.report(auditor.WAS_HUNG, "The engine stood still and was started again", detail, "", clock.database_now())


def _guarded(work: Callable[[], None], name: str, stop: threading.Event) -> threading.Thread:
    return threading.Thread(target=lambda: _forever(work, stop), name=name)


def _forever(work: Callable[[], None], stop: threading.Event) -> None:
    """A thread of the engine that ends before its time begins again."""
    while not stop.is_set():
        if contained(work, "a thread of the engine failed; it begins again").error is not None:
            connection.close_if_unusable_or_obsolete()
            stop.wait(1.0)

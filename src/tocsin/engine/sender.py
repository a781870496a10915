"""Takes messages out of the outbox and gives them to the channels.

One thread talks to the database: it leases, and records what came of each message. The channels work in threads of
their own, so many for each kind, and a message is leased only when a thread is free for it: a slow provider holds up
nobody else's messages, and a process that is killed leaves no more messages in the dark than were really in the air.
"""

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import connection, transaction

from tocsin import clock
from tocsin.channels.contract import Content, Failed, Letter, Result, Retry
from tocsin.channels.registry import CHANNELS
from tocsin.health import beats, presence, problems
from tocsin.health.edges import MOODS, contained
from tocsin.outbox import claims
from tocsin.outbox.models import Message
from tocsin.paging import releasing, settling
from tocsin.sealing import Unsealable

AGAIN = 0.5  # seconds until the next look while something is due that could not be taken
LONGEST_SLEEP = 5.0  # seconds; new messages ring
PATIENCE = 20.0  # seconds that what is in the air gets when Tocsin stops

log = structlog.get_logger(__name__)


class Landed(NamedTuple):
    message: Message
    result: Result


class Sender:
    """`start`, then `ring` whenever something was committed, then `stop`."""

    def __init__(self) -> None:
        self._node = beats.node()
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._landed: queue.SimpleQueue[Landed] = queue.SimpleQueue()
        self._in_air = dict.fromkeys(CHANNELS, 0)
        self._pools = {
            kind: ThreadPoolExecutor(channel.at_once, thread_name_prefix=f"send {kind}")
            for kind, channel in CHANNELS.items()
        }
        self._thread = threading.Thread(target=self._run, name="sender")
        self.moved = self.turned = clock.monotonic()  # when it last came to the end of a turn, and of a good one

    def start(self) -> None:
        self._thread.start()

    def ring(self) -> None:
        self._bell.set()

    def stop(self) -> None:
        """Leases nothing more; what is in the air is finished and recorded."""
        self._stopping.set()
        self._bell.set()
        self._thread.join(PATIENCE)
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        pause = 0.0
        while not (self._stopping.is_set() and not any(self._in_air.values())):
            self._bell.wait(pause)
            self._bell.clear()
            pause = self._guarded_turn()
        connection.close()

    def _guarded_turn(self) -> float:
        """Seconds until the next one."""
        pause = contained(self._turn_and_pause, "the sender failed; it goes on").value
        self.moved = clock.monotonic()
        if pause is None:
            clock.sleep(AGAIN)
        else:
            self.turned = self.moved
        return pause or 0.0

    def _turn_and_pause(self) -> float:
        self.turn()
        return AGAIN if any(self._in_air.values()) else _until_due(clock.database_now())

    def turn(self) -> None:
        """Record all that has landed, then fill the free threads."""
        self._record_landed()
        if not self._stopping.is_set():
            for kind in self._in_air:
                self._take_off(kind)

    def _record_landed(self) -> None:
        while True:
            try:
                landed = self._landed.get_nowait()
            except queue.Empty:
                return
            self._in_air[landed.message.kind] -= 1
            try:
                record(landed.message, landed.result, clock.database_now())
            except MOODS:
                self._landed.put(landed)  # the result is known; while the lease holds it can still be written
                self._in_air[landed.message.kind] += 1
                raise

    def _take_off(self, kind: str) -> None:
        """As many as there are free threads. Whichever lands rings for more."""
        free = CHANNELS[kind].at_once - self._in_air[kind]
        if free <= 0:
            return
        now = clock.database_now()
        leased = claims.lease(self._node, now, free, kind=kind)
        begun = 0
        try:
            for message, letter in letters_of(leased, now):
                self._pools[kind].submit(self._send, message, letter)
                self._in_air[kind] += 1
                begun += 1
        finally:
            claims.give_back(leased[begun:])

    def _send(self, message: Message, letter: Letter | Failed) -> None:
        self._landed.put(Landed(message, letter if isinstance(letter, Failed) else send(letter)))
        self._bell.set()


def _until_due(now: datetime) -> float:
    due = claims.next_due()
    if due is None:
        return LONGEST_SLEEP
    return min((due - now).total_seconds(), LONGEST_SLEEP) if due > now else AGAIN


def send(letter: Letter) -> Result:
    """A channel's mistake must not lose the message."""
    done = contained(lambda: CHANNELS[letter.kind].send(letter), "a channel failed", kind=letter.kind)
    return done.value or Retry(error=f"Tocsin made a mistake: {type(done.error).__name__}: {done.error}")


def letters_of(messages: Sequence[Message], now: datetime) -> list[tuple[Message, Letter | Failed]]:
    """Pages to addresses that are nobody's any more fail: it may be somebody else's by now."""
    gone = releasing.gone([message.pk for message in messages])
    return [(m, Failed(error=releasing.GONE) if m.pk in gone else letter_of(m, now)) for m in messages]


def letter_of(message: Message, now: datetime) -> Letter | Failed:
    """What to send; `Failed` for a row that cannot be read."""
    try:
        return Letter(
            kind=message.kind,
            target=message.target,
            secret=message.secret,
            key=message.key,
            content=Content.from_dict(message.payload),
            watching=_is_watching(message, now),
        )
    except (Unsealable, TypeError, ValueError) as error:
        return Failed(error=f"The message cannot be read: {error}")


def record(message: Message, result: Result, now: datetime) -> None:
    """What came of it and what follows from that, in one transaction."""
    done = contained(lambda: _settle(message, result, now), "a result could not be settled", message=message.pk)
    if done.error is not None and not done.is_mood:  # what follows failed: without a record it goes out again and again
        error = f"{type(done.error).__name__}: {done.error}."
        done = contained(lambda: _recorded(message, result, error, now), "nor be recorded", message=message.pk)
    if done.is_mood and done.error is not None:
        raise done.error


def _recorded(message: Message, result: Result, error: str, now: datetime) -> None:
    claims.record(message, result, now)
    title = "A page could not be settled after it was sent"
    detail = f"{error} The message itself is recorded. Look at the delivery."
    problems.report(f"message {message.pk}", title, detail, "/deliveries/", now)


def _settle(message: Message, result: Result, now: datetime) -> None:
    with transaction.atomic():
        if claims.record(message, result, now):
            settling.settle(message, claims.settled(message, result), now)


def _is_watching(message: Message, now: datetime) -> bool:
    return (
        message.kind == "inapp" and message.target.isdecimal() and bool(presence.watching([int(message.target)], now))
    )

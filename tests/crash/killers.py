"""Who kills: one child again and again, now and then everything, and on PostgreSQL the connections of all."""

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep, time

import psycopg

from tests import databases
from tests.crash.ledger import chance_for
from tests.running import NotRunning, Running

BOTH = ("web", "engine")
COMES_BACK = 30.0  # seconds
EARLY = 0.5  # of the kills come while a process starts
LATE = 0.1  # of them come when it has worked for a while
SIGN = {"web": "Started server process [{pid}]", "engine": ":{pid}:"}  # in the log, when it has started
# ends whatever the server has open, in the middle of whatever it does
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@dataclass(kw_only=True)
class Killer:
    """Kills one child again and again, each time at a random moment of its life."""

    server: Running
    child: str
    kills: int
    seed: int
    times: list[float] = field(default_factory=list)  # seconds since 1970
    problems: list[str] = field(default_factory=list)

    def run(self) -> None:
        chance = chance_for(self.seed, self.child)
        dead = 0
        for _ in range(self.kills):
            pid = self._next(dead)
            if not pid:
                self.problems.append(f"{self.child} did not come back within {COMES_BACK} s")
                return
            self._wait(pid, chance.random(), chance)
            self.times.append(time())
            self.server.kill(self.child)
            dead = pid

    def _wait(self, pid: int, when: float, chance: random.Random) -> None:
        """From its first instructions to well into its work."""
        if when < EARLY:
            sleep(chance.uniform(0.0, 1.5))
            return
        end, sign = monotonic() + COMES_BACK, SIGN[self.child].format(pid=pid)
        while monotonic() < end and self.server.children().get(self.child) == pid and sign not in self.server.tail():
            sleep(0.02)
        sleep(chance.uniform(5.0, 8.0) if when > 1 - LATE else chance.uniform(0.0, 2.0))

    def _next(self, dead: int) -> int:
        end = monotonic() + COMES_BACK
        while monotonic() < end:
            pid = self.server.children().get(self.child, 0)
            if pid not in {0, dead}:
                return pid
            sleep(0.02)
        return 0


@dataclass(kw_only=True)
class Wrecker:
    """Kills the supervisor, every other time with everything that it looks after, and starts it again."""

    server: Running
    kills: int
    seed: int
    every: float  # seconds between two, about
    times: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def run(self) -> None:
        chance = chance_for(self.seed, "everything")
        for number in range(self.kills):
            sleep(chance.uniform(0.5, 1.5) * self.every)
            self.times.append(time())
            self.server.destroy() if number % 2 == 0 else self.server.kill_supervisor()
            try:
                self.server.start_again()
            except NotRunning as error:
                self.problems.append(str(error))
                return


@dataclass(kw_only=True)
class Cutter:
    """Ends all connections to the database now and then. SQLite has none."""

    server: Running
    every: float  # seconds, about
    seed: int
    times: list[float] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        chance = chance_for(self.seed, "connections")
        name = databases.name_of(self.server.environ["TOCSIN_DATABASE_URL"])
        while databases.IS_POSTGRESQL and not self.stop.wait(chance.uniform(0.5, 1.5) * self.every):
            self.times.append(time())
            with psycopg.connect(databases.server_url(), autocommit=True) as connection:
                connection.execute(CUT, (name,))


@contextmanager
def running(killers: Sequence[Killer | Wrecker | Cutter]) -> Iterator[list[threading.Thread]]:
    """Each in a thread; at the end those are waited for that end by themselves."""
    threads = [threading.Thread(target=killer.run) for killer in killers]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for killer, thread in zip(killers, threads, strict=True):
            if isinstance(killer, Cutter):
                killer.stop.set()
            thread.join()


def a_seed() -> int:
    return random.SystemRandom().randrange(1_000_000)

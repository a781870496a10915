"""A load that is like life: alerts that come again, are answered in time or late, snoozed, resolved, and come back."""

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import sleep
from time import time as now
from typing import Self

from tests.crash.due import Policy, Step
from tests.crash.inbox import ADA, BEN, OLGA, Inbox
from tests.crash.ledger import Act, Client, Kind, Ledger, chance_for, event, fresh_key

# Ada for 2 s, Ben for 1 s, both once more, then the catch-all
_STEPS = (Step(whom=ADA, delay=2), Step(whom=BEN, delay=1, merges=True)) * 2 + (Step(whom=OLGA, delay=1800),)
POLICIES = {"lasting": Policy(steps=_STEPS), "lapsing": Policy(steps=_STEPS, lapses=3)}
SNOOZED = 2.0  # seconds
PATIENCE = 30.0  # seconds in which a page comes, whatever is killed meanwhile
JSON = {"Content-Type": "application/json"}


@dataclass(kw_only=True)
class Snoozer:
    """A person whose snoozes are as short as a test wants them: beside the server, by the action that pages use."""

    process: subprocess.Popen[str]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def snooze(self, group: int) -> int:
        """How often it had to be tried."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with self._lock:
            self.process.stdin.write(f"{group} {SNOOZED}\n")
            self.process.stdin.flush()
            return int(self.process.stdout.readline())


@dataclass(kw_only=True)
class Stories:
    """So many threads, each of which plays one story after the other until it is told to stop, and then to its end."""

    url: str
    keys: Mapping[str, str]  # the routing key of the service by each policy
    token: str  # of the API
    environ: Mapping[str, str]
    inbox: Inbox
    seed: int
    threads: int = 16
    ledger: Ledger = field(default_factory=Ledger)
    odd: list[str] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.crash.snoozing"]
        self._person = subprocess.Popen(
            command, env=dict(self.environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._snoozer = Snoozer(process=self._person)
        self._running = [threading.Thread(target=self._play, args=(n,)) for n in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join()
        self._person.communicate(timeout=20)  # its input has ended

    def _play(self, number: int) -> None:
        chance = chance_for(self.seed, "story", number)
        client = Client(url=self.url, odd=self.odd)
        try:
            while not self._stop.is_set():
                tell = chance.choice(REPERTOIRE)
                policy = "lapsing" if tell in (lapses, lapses_unseen) else "lasting"
                tell(self._character(chance, client, policy))
                sleep(chance.uniform(0.1, 0.8))
        except BaseException as error:  # noqa: BLE001 - it would be lost with the thread
            self.failures.append(error)
        finally:
            client.close()

    def _character(self, chance: random.Random, client: Client, policy: str) -> "Character":
        key = fresh_key(chance)
        self.ledger.policies[key] = policy
        return Character(
            key=key, routing=self.keys[policy], token=self.token, policy=POLICIES[policy], client=client,
            ledger=self.ledger, inbox=self.inbox, snoozer=self._snoozer, chance=chance,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Character:
    """One alert and those who deal with it."""

    key: str
    routing: str
    token: str
    policy: Policy
    client: Client
    ledger: Ledger
    inbox: Inbox
    snoozer: Snoozer
    chance: random.Random

    def says(self, kind: Kind) -> None:
        """Monitoring, by Events v2."""
        body = event(self.routing, kind, self.key)
        got = self.client.post("/v2/enqueue", body, JSON)
        lasts = self.policy.lapses if kind is Kind.ACKNOWLEDGE else None
        self._write(kind, got.asked, got.taken, got.attempts, lasts=lasts, receipt=got.headers["tocsin-receipt"])

    def sees(self, whom: str, times: int = 1) -> bool:
        """Whether so many pages of this alert came there."""
        found = self.inbox.wait_for(self.key, lambda came: sum(a.whom == whom for a in came) >= times, PATIENCE)
        return sum(a.whom == whom for a in found) >= times

    def answers_by_api(self) -> None:
        group = next(a.group for a in reversed(self.inbox.pages_of(self.key)) if a.group)
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": fresh_key(self.chance)}
        got = self.client.post(f"/api/v1/alert-groups/{group}/acknowledge", b"", headers)
        self._write(Kind.ACKNOWLEDGE, got.asked, got.taken, got.attempts, via="api", lasts=self.policy.lapses)

    def answers_by_link(self, whom: str) -> None:
        link = [a.link for a in self.inbox.pages_of(self.key) if a.whom == whom][-1]
        got = self.client.post(link.removeprefix(self.client.url), b"", {})
        self._write(Kind.ACKNOWLEDGE, got.asked, got.taken, got.attempts, via="link", lasts=self.policy.lapses)

    def snoozes(self) -> None:
        group = next(a.group for a in reversed(self.inbox.pages_of(self.key)) if a.group)
        asked = now()
        attempts = self.snoozer.snooze(group)
        self._write(Kind.SNOOZE, asked, now(), attempts, via="beside", lasts=SNOOZED)

    def waits(self, longest: float) -> None:
        sleep(self.chance.uniform(0.0, longest))

    def _write(self, kind: Kind, asked: float, taken: float, attempts: int, **more: object) -> None:
        self.ledger.write(self.key, Act(kind=kind, asked=asked, taken=taken, attempts=attempts, **more))  # type: ignore[arg-type]


def nobody_answers(it: Character) -> None:
    it.says(Kind.TRIGGER)


def repeated(it: Character) -> None:
    for _ in range(it.chance.randint(2, 8)):
        it.says(Kind.TRIGGER)
        it.waits(0.3)


def answered_by_its_source(it: Character) -> None:
    it.says(Kind.TRIGGER)
    it.waits(4.0)
    it.says(Kind.ACKNOWLEDGE)
    it.says(Kind.TRIGGER)


def answered_over_the_api(it: Character) -> None:
    it.says(Kind.TRIGGER)
    if it.sees(ADA):
        it.waits(3.0)
        it.answers_by_api()


def answered_by_the_link(it: Character) -> None:
    whom = it.chance.choice((ADA, BEN))
    it.says(Kind.TRIGGER)
    if it.sees(whom):
        it.answers_by_link(whom)


def resolved(it: Character) -> None:
    it.says(Kind.TRIGGER)
    it.waits(4.0)
    it.says(Kind.RESOLVE)


def answered_and_resolved(it: Character) -> None:
    answered_over_the_api(it)
    it.says(Kind.RESOLVE)


def comes_back(it: Character) -> None:
    """As a new alert, which pages anew."""
    it.says(Kind.TRIGGER)
    it.waits(2.0)
    it.says(Kind.RESOLVE)
    it.says(Kind.TRIGGER)
    it.waits(2.0)
    it.chance.choice((lambda: it.says(Kind.RESOLVE), lambda: it.says(Kind.ACKNOWLEDGE), lambda: None))()


def lapses(it: Character) -> None:
    """Whoever answered forgets about it, and is paged again."""
    it.says(Kind.TRIGGER)
    if not it.sees(ADA):
        return
    it.chance.choice((it.answers_by_api, lambda: it.answers_by_link(ADA), lambda: it.says(Kind.ACKNOWLEDGE)))()
    before = sum(a.whom == ADA for a in it.inbox.pages_of(it.key))
    if it.sees(ADA, before + 1) and it.chance.random() < 0.5:
        it.says(Kind.RESOLVE)


def lapses_unseen(it: Character) -> None:
    it.says(Kind.TRIGGER)
    it.waits(1.0)
    it.says(Kind.ACKNOWLEDGE)


def snoozed(it: Character) -> None:
    it.says(Kind.TRIGGER)
    if it.sees(ADA):
        it.waits(1.0)
        it.snoozes()
        it.chance.choice((lambda: None, lambda: None, lambda: it.says(Kind.RESOLVE)))()


def late(it: Character) -> None:
    """Without having looked at any page."""
    it.says(Kind.TRIGGER)
    sleep(it.chance.uniform(4.0, 7.0))
    it.says(Kind.ACKNOWLEDGE)


REPERTOIRE: tuple[Callable[[Character], None], ...] = (
    nobody_answers, repeated, answered_by_its_source, answered_over_the_api, answered_by_the_link, resolved,
    answered_and_resolved, comes_back, lapses, lapses_unseen, snoozed, late,
)  # fmt: skip

"""A database machine dies under load: another takes over, nothing that was accepted is lost, nobody has to do anything.

With deploy/postgresql-ha as it is: three machines, Patroni, synchronous replication; two nodes of Tocsin.
"""

import http.client
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic, sleep
from typing import Self
from urllib.parse import urlsplit

import pytest

from tests.channels import servers
from tests.channels.servers import Receiver
from tests.crash import beside, patroni
from tests.crash.load import Load
from tests.crash.patroni import Machine
from tests.databases import IS_POSTGRESQL
from tests.running import Running, serving

SECRET = {"TOCSIN_SECRET_KEY": "a key that is the same on every node"}
OVER_WITHIN = 90.0  # seconds until a new primary takes events from both nodes
PAGED_WITHIN = 150.0  # seconds: what was in the air is sent again when its lease is over, which takes 90
EASY = 4.0  # seconds of load before and after


@dataclass(kw_only=True)
class Visitor:
    """Somebody who reloads a page and asks the API all the time."""

    url: str
    token: str
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            for path in ("/accounts/login/", "/api/v1/people"):
                self._ask(path)

    def _ask(self, path: str) -> None:
        parts, begun = urlsplit(self.url), monotonic()
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            self.statuses[connection.getresponse().status] += 1
        except (http.client.HTTPException, OSError):
            self.statuses[0] += 1
        finally:
            connection.close()
        self.slowest = max(self.slowest, monotonic() - begun)


@dataclass(frozen=True, kw_only=True)
class Death:
    name: str
    fail: Callable[[Machine], None]
    come_back: Callable[[Machine], None]
    at_least: float = 3.0  # seconds in which nothing can be accepted; less is a busy machine's hiccup


def story(death: Death) -> None:
    with (
        servers.receiver() as receiver,
        patroni.cluster() as cluster,
        serving(database_url=cluster.url, **SECRET) as one,
        serving(database_url=cluster.url, **SECRET) as other,
    ):
        key = beside.seed(one, receiver.url)
        token = one.run("token", "create", "--scope", "read").strip()
        loads = [Load(url=one.url, key=key), Load(url=other.url, key=key)]
        with loads[0], loads[1], Visitor(url=one.url, token=token) as visitor:
            sleep(EASY)
            primary, failed = cluster.primary(), monotonic()
            death.fail(primary)
            cluster.doubted = primary
            cluster.wait_for_another_than(primary, within=OVER_WITHIN)
            back = [_accepted_again(load, failed, death.at_least, other) for load in loads]
            sleep(EASY)
        for server in (one, other):
            server.wait_ready()
        paged_again = _paged_after(receiver, min(back))
        death.come_back(primary)
        cluster.wait_until(leaders=1, synced=1, others=1, within=60)
        assert cluster.primary().name != primary.name
        check(loads, receiver, beside.inspect(one.environ, f"within={PAGED_WITHIN}"))
        tell(death.name, failed, back, paged_again, loads, visitor)
        assert set(visitor.statuses) <= {200, 302, 503}
        assert [server.stop() for server in (one, other)] == [0, 0]


def _accepted_again(load: Load, failed: float, at_least: float, server: Running) -> float:
    """When the first event was accepted after the longest time in which none was."""
    end = failed + OVER_WITHIN
    while monotonic() < end:
        times = sorted(load.times)
        gaps = [(after - before, after) for before, after in pairwise(times) if after > failed]
        if gaps and max(gaps)[0] > at_least:
            return max(gaps)[1]
        sleep(0.1)
    raise AssertionError(f"nothing was accepted {OVER_WITHIN:.0f} s after the primary had died\n{server.tail()}")


def _paged_after(receiver: Receiver, when: float) -> float:
    end = monotonic() + 60
    while monotonic() < end:
        if found := [heard.at for heard in [*receiver.heard] if heard.at > when]:
            return found[0]
        sleep(0.05)
    raise AssertionError("nobody was paged any more")


def check(loads: list[Load], receiver: Receiver, seen: dict[str, object]) -> None:
    accepted = {key for load in loads for key in load.accepted}
    assert [load.odd for load in loads] == [[], []]
    assert seen["illegal"] == []
    assert not accepted - set(seen["dedup_keys"])  # type: ignore[call-overload]
    assert set(seen["events"]) == {"absorbed"}  # type: ignore[call-overload]
    paged = {json.loads(heard.body)["data"]["dedup_key"] for heard in receiver.heard}
    assert not accepted - paged
    assert set(seen["messages"]) == {"sent"}  # type: ignore[call-overload]
    sent = Counter(heard.headers["idempotency-key"] for heard in receiver.heard)
    assert sum(count - 1 for count in sent.values()) <= seen["possible_duplicates"]  # type: ignore[operator]


def tell(name: str, failed: float, back: list[float], paged: float, loads: list[Load], visitor: Visitor) -> None:
    refused: Counter[int] = sum((load.refusals for load in loads), Counter())
    accepted = sum(len(load.accepted) for load in loads)
    after = " and ".join(f"{at - failed:.1f} s" for at in back)
    sys.stdout.write(
        f"\n{name}: {accepted} events accepted, none lost; accepted again after {after} on the two nodes, "
        f"paged again after {paged - failed:.1f} s; meanwhile refused, by status: {dict(refused)}; "
        f"pages and API by status: {dict(visitor.statuses)}, the slowest took {visitor.slowest:.1f} s\n"
    )


if IS_POSTGRESQL:

    @pytest.mark.long
    @pytest.mark.timeout(400)
    def test_nothing_is_lost_when_all_on_the_primary_is_killed() -> None:
        story(Death(name="killed", fail=Machine.kill, come_back=Machine.start))

    @pytest.mark.long
    @pytest.mark.timeout(400)
    def test_nothing_is_lost_when_the_primary_vanishes() -> None:
        story(Death(name="vanished", fail=Machine.vanish, come_back=Machine.reappear))

    @pytest.mark.long
    @pytest.mark.timeout(400)
    def test_nothing_is_lost_when_the_primary_is_moved_on_purpose() -> None:
        story(Death(name="moved", fail=Machine.hand_over, come_back=lambda _: None, at_least=0.3))

"""`kill -9` of the real processes under load, at random points: nothing that was accepted is lost."""

import json
import random
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic, sleep

import pytest

from tests.channels import servers
from tests.channels.servers import Receiver
from tests.crash import beside
from tests.crash.load import Load
from tests.running import Running, serving

BOTH = ("web", "engine")


@dataclass(kw_only=True)
class Killer:
    """Kills one child again and again, each time at a random moment of its life."""

    server: Running
    child: str
    kills: int
    seed: int
    done: int = 0
    within: float = 30.0  # seconds for a child to come back
    problems: list[str] = field(default_factory=list)

    def run(self) -> None:
        chance = random.Random(self.seed)
        dead = 0
        for _ in range(self.kills):
            pid = self._next(dead)
            if not pid:
                self.problems.append(f"{self.child} did not come back within {self.within} s")
                return
            # from its first instructions to well into its work
            sleep(chance.uniform(0.0, 3.5))
            self.server.kill(self.child)
            dead, self.done = pid, self.done + 1

    def _next(self, dead: int) -> int:
        end = monotonic() + self.within
        while monotonic() < end:
            pid = self.server.children().get(self.child, 0)
            if pid not in {0, dead}:
                return pid
            sleep(0.02)
        return 0


def story(kills: int) -> None:
    with servers.receiver() as receiver, serving() as server:
        key = beside.seed(server, receiver.url)
        killers = [Killer(server=server, child=c, kills=kills // 2, seed=n) for n, c in enumerate(BOTH)]
        with Load(url=server.url, key=key) as load:
            threads = [threading.Thread(target=killer.run) for killer in killers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            sleep(1)
        assert [k.problems for k in killers] == [[], []], server.tail()
        assert sum(k.done for k in killers) == kills
        server.wait_ready()
        seen = beside.inspect(server.environ)
        check(load, receiver, seen, kills)
        assert server.stop() == 0


def check(load: Load, receiver: Receiver, seen: dict[str, object], kills: int) -> None:
    assert load.odd == []
    assert len(load.accepted) > kills
    assert seen["illegal"] == []
    # every accepted event is in an alert; what was sent again because the answer was lost is in the same one
    keys = seen["dedup_keys"]
    assert isinstance(keys, list)
    assert not set(load.accepted) - set(keys)
    assert set(seen["events"]) == {"absorbed"}  # type: ignore[call-overload]
    # every page was sent at least once, and what was sent twice was counted
    sent = Counter(h.headers["idempotency-key"] for h in receiver.heard)
    paged = {json.loads(h.body)["data"]["dedup_key"] for h in receiver.heard}
    assert not set(keys) - paged
    assert set(seen["messages"]) == {"sent"}  # type: ignore[call-overload]
    assert set(seen["notifications"]) == {"sent"}  # type: ignore[call-overload]
    duplicates = sum(count - 1 for count in sent.values())
    counted = seen["possible_duplicates"]
    sys.stdout.write(f"{kills} kills, {len(load.accepted)} accepted, {duplicates} sent twice, {counted} counted\n")
    assert isinstance(counted, int)
    assert duplicates <= counted  # also those are counted that were in the air and had not arrived
    assert duplicates < kills


@pytest.mark.timeout(180)
def test_nothing_is_lost_in_twenty_kills() -> None:
    story(20)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_nothing_is_lost_in_two_hundred_kills() -> None:
    story(200)

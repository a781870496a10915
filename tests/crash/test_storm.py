"""`kill -9` in the middle of a storm: every event that was accepted is there, and in an alert."""

import threading
from time import sleep

import pytest

from tests.channels import servers
from tests.crash import beside
from tests.crash.killers import BOTH, Killer
from tests.crash.load import Load
from tests.running import serving

ALERTS = tuple(f"node-{n}" for n in range(25))


@pytest.mark.timeout(120)
def test_nothing_that_was_accepted_is_missing_after_kills_in_a_storm() -> None:
    with servers.receiver() as receiver, serving() as server:
        key = beside.seed_services(server, receiver.url, 1)[0]
        killers = [Killer(server=server, child=c, kills=2, seed=7 + n) for n, c in enumerate(BOTH)]
        with Load(url=server.url, key=key, alerts=ALERTS, senders=6, pause=0) as storm:
            threads = [threading.Thread(target=killer.run) for killer in killers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            while len(storm.receipts) < 10 * len(ALERTS):
                sleep(0.05)
        server.wait_ready()
        receipts = server.data / "receipts.txt"
        receipts.write_text("\n".join(storm.receipts))
        seen = beside.inspect(server.environ, f"receipts={receipts}", "within=60")
        assert [k.problems for k in killers] == [[], []], server.tail()
        assert storm.odd == []
        assert seen["unknown_receipts"] == []
        assert seen["illegal"] == []
        assert set(seen["events"]) == {"absorbed"}  # type: ignore[call-overload]
        keys = seen["dedup_keys"]
        assert isinstance(keys, list)
        assert sorted(keys) == sorted(set(storm.accepted))  # each alert once, however often it came

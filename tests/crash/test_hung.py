"""An engine that stands still is no better than a dead one: it is killed, and the next one does its work."""

import os
import signal
from time import monotonic, sleep

from tests.channels import servers
from tests.crash import beside
from tests.crash.load import Load
from tests.running import Running, serving

WITHIN = 60.0  # seconds, on a busy machine


def another_engine(server: Running, than: int) -> int:
    end = monotonic() + WITHIN
    while monotonic() < end:
        pid = server.children().get("engine", than)
        if pid != than:
            return pid
        sleep(0.05)
    raise AssertionError(server.tail())


def test_an_engine_that_stands_still_is_killed_and_the_next_one_pages() -> None:
    with servers.receiver() as receiver, serving(TOCSIN_HUNG_AFTER="2") as server:
        key = beside.seed(server, receiver.url)
        first = server.children()["engine"]
        os.kill(first, signal.SIGSTOP)
        with Load(url=server.url, key=key, senders=1, pause=0.2) as load:
            another_engine(server, first)
        server.wait_ready()
        seen = beside.inspect(server.environ)
        assert load.accepted
        assert not set(load.accepted) - set(seen["dedup_keys"])  # type: ignore[call-overload]
        assert seen["problems"] == ["The engine stood still and was started again"]
        assert receiver.heard
        assert "engine gave no sign of life for" in server.tail(20_000)

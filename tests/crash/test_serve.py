"""SIGTERM: a clean stop, in which nothing is lost."""

import json
import signal
from time import sleep

from tests.channels import servers
from tests.crash import beside
from tests.crash.load import Load
from tests.running import serving

SECRET = {"TOCSIN_SECRET_KEY": "the same before and after the stop"}


def test_a_stop_under_load_is_clean_and_the_next_start_goes_on() -> None:
    with servers.receiver() as receiver:
        with serving(**SECRET) as server:
            key = beside.seed(server, receiver.url)
            with Load(url=server.url, key=key, pause=0.02) as load:
                receiver.wait_for(5)
                children = server.children()
                server.process.send_signal(signal.SIGTERM)
                assert server.process.wait(40) == 0, server.tail()
            assert set(children) == {"web", "engine"}
            assert load.odd == []
        with serving(database_url=server.environ["TOCSIN_DATABASE_URL"], **SECRET) as again:
            seen = beside.inspect(again.environ)
        assert seen["illegal"] == []
        assert not set(load.accepted) - set(seen["dedup_keys"])  # type: ignore[call-overload]
        paged = [json.loads(h.body)["data"]["dedup_key"] for h in receiver.heard]
        assert not set(load.accepted) - set(paged)
        assert seen["possible_duplicates"] == 0
        assert len(paged) == len(set(paged))


def test_a_stop_waits_for_what_is_in_the_air() -> None:
    with servers.receiver() as receiver, serving() as server:
        key = beside.seed(server, receiver.url)
        receiver.hold.clear()
        with Load(url=server.url, key=key, senders=1):
            receiver.wait_for(1)
        server.process.send_signal(signal.SIGTERM)
        sleep(0.3)
        assert server.process.poll() is None
        receiver.hold.set()
        assert server.process.wait(40) == 0, server.tail()
        seen = beside.inspect(server.environ, "at-once")
        assert "sending" not in seen["messages"]  # type: ignore[operator]
        assert seen["possible_duplicates"] == 0

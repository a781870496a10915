"""A process that stands still is no better than a dead one: it is killed, and the next one does its work."""

import contextlib
import http.client
import json
import os
import signal
import threading
import urllib.request
from time import monotonic, sleep

from tests.channels import servers
from tests.crash import beside
from tests.crash.load import Load
from tests.running import Running, serving

WITHIN = 60.0  # seconds, on a busy machine
PAGES = 8  # at once: as many as there are threads for them


def another(server: Running, name: str, than: int) -> int:
    end = monotonic() + WITHIN
    while monotonic() < end:
        pid = server.children().get(name, than)
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
            another(server, "engine", first)
        server.wait_ready()
        seen = beside.inspect(server.environ)
        assert load.accepted
        assert not set(load.accepted) - set(seen["dedup_keys"])  # type: ignore[call-overload]
        assert seen["problems"] == ["The engine stood still and was started again"]
        assert receiver.heard
        assert "engine gave no sign of life for" in server.tail(20_000)


def test_a_web_process_that_stands_still_is_killed_and_the_next_one_answers() -> None:
    with servers.receiver() as receiver, serving(TOCSIN_HUNG_AFTER="3") as server:
        key = beside.seed(server, receiver.url)
        first = server.children()["web"]
        os.kill(first, signal.SIGSTOP)
        with Load(url=server.url, key=key, senders=1, pause=0.2) as load:
            another(server, "web", first)
            receiver.wait_for(1, WITHIN)
        server.wait_ready()
        seen = beside.inspect(server.environ)
        assert load.odd == []
        assert not set(load.accepted) - set(seen["dedup_keys"])  # type: ignore[call-overload]
        assert seen["problems"] == ["The web process stood still and was started again"]
        assert "web gave no sign of life for" in server.tail(20_000)


def test_a_web_process_whose_pages_all_hang_is_killed_although_events_are_taken() -> None:
    with servers.receiver() as receiver, servers.receiver() as slow, serving(TOCSIN_HUNG_AFTER="3") as server:
        made = beside.seed_stories(server, receiver.url)
        call(server, made["token"], "/api/v1/schedules", name="Primary", time_zone="UTC")
        slow.hold.clear()  # a page that fetches a calendar there waits for longer than Tocsin does
        first = server.children()["web"]
        calendar = {"name": "Rota", "url": f"{slow.url}/rota.ics"}
        asked = [threading.Thread(target=hang, args=(server, made["token"], calendar)) for _ in range(PAGES)]
        for thread in asked:
            thread.start()
        slow.wait_for(PAGES)
        assert status(server, "/healthz") == 200  # not yet for long
        with Load(url=server.url, key=made["keys"]["lasting"], senders=1, pause=0.1) as load:
            another(server, "web", first)
        assert load.accepted
        assert load.odd == []
        slow.hold.set()
        for thread in asked:
            thread.join()
        server.wait_ready()
        assert call(server, made["token"], "/api/v1/schedules", name="Secondary", time_zone="UTC") == 201
        assert "web gave no sign of life for" in server.tail(20_000)


def call(server: Running, token: str, path: str, **body: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.status)


def hang(server: Running, token: str, calendar: dict[str, str]) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):  # nobody answers any more
        call(server, token, "/api/v1/schedules/primary/calendars", **calendar)


def status(server: Running, path: str) -> int:
    with urllib.request.urlopen(server.url + path, timeout=10) as answer:
        return int(answer.status)

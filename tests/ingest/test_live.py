"""Open tabs: a real server in a thread, real sockets, the real database."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Self

import pytest
import uvicorn
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from tests import databases
from tests.pages.desk import at_the_desk, living
from tests.running import free_port
from tests.world import Person
from tocsin.alerts.models import Entry
from tocsin.config import watching
from tocsin.config.live import Live
from tocsin.health import problems
from tocsin.health.models import Presence
from tocsin.ingest.http import Receive, Scope, Send
from tocsin.paging import actions
from tocsin.people.models import ContactMethod, User

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 20.0  # seconds, on a busy machine
STOPS_WITHIN = 2.0  # seconds


class Stream:
    """The browser's end of one open tab."""

    def __init__(self, port: int, cookie: str = "", since: str = "") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._file, self._end = self._socket.makefile("rb"), monotonic() + PATIENCE
        self._socket.sendall(
            f"GET /live?since={since} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        self.status = int(self._file.readline().split()[1])
        for _ in iter(self._file.readline, b"\r\n"):  # the headers
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def next(self, event: str) -> object:
        """The data of the next such event; others are passed over. `EOFError` when the stream ends before."""
        while True:
            said = dict(line.split(": ", 1) for line in self._message().splitlines() if ": " in line)
            if said.get("event") == event:
                return json.loads(said["data"])

    def events_until_the_end(self) -> str:
        said = ""
        with contextlib.suppress(EOFError):
            while True:
                said += self._message()
        return said

    def _message(self) -> str:
        assert monotonic() < self._end, "was not told"
        size = int(self._file.readline() or b"0", 16)
        if not size:
            raise EOFError
        return self._file.read(size + 2).decode()


class _OnlyLive:
    """An application of live streams alone."""

    def __init__(self) -> None:
        self.live = Live(seen_every=0.1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.live(scope, receive, send)
            return
        await receive()
        await self.live.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.live.close()
        await send({"type": "lifespan.shutdown.complete"})


@pytest.fixture(scope="module")
def port(django_db_setup: None) -> Iterator[int]:
    number, app = free_port(), _OnlyLive()
    config = uvicorn.Config(app, port=number, log_config=None, ws="none", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    _until(lambda: server.started)
    yield number
    app.live.end_streams()
    server.should_exit = True
    thread.join(PATIENCE)


def _until(is_so: Callable[[], bool]) -> None:
    """Threads tell nobody; their state is asked for."""
    end, pause = monotonic() + PATIENCE, threading.Event()
    while not is_so():
        assert monotonic() < end, "did not happen"
        pause.wait(0.01)


@pytest.fixture
def ada() -> Person:
    person = living().person("Ada", methods=())
    now = person.world.now
    ContactMethod.objects.create(user=person.user, kind="inapp", label="Open tabs", verified_at=now, created_at=now)
    return person


@pytest.fixture
def tab(port: int, ada: Person) -> Iterator[Stream]:
    with Stream(port, cookie_of(ada)) as stream:
        _until(Presence.objects.exists)
        yield stream
    _until(lambda: not Presence.objects.exists())


def cookie_of(person: Person) -> str:
    return f"tocsin_session={at_the_desk(person).cookies['tocsin_session'].value}"


@pytest.mark.parametrize("cookie", ["", "tocsin_session=", "tocsin_session=abc", "other=x"])
def test_only_those_who_are_signed_in_are_told(port: int, cookie: str) -> None:
    with Stream(port, cookie) as stream:
        assert stream.status == 401
    assert not Presence.objects.exists()


def test_a_tab_hears_what_changed(ada: Person, tab: Stream) -> None:
    ada.world.monitoring(ada.world.policy([ada])).fires()
    told: set[object] = set()
    while not {"events", "groups", "deliveries"} <= told:
        told |= set(tab.next("changed"))  # type: ignore[call-overload]


def test_a_tab_hears_at_once_what_changed_since_its_page_was_made(port: int, ada: Person, tab: Stream) -> None:
    page = at_the_desk(ada).get("/", headers={"Accept": "text/html"})
    ada.world.monitoring(ada.world.policy([ada])).fires()  # before the page has opened its stream
    while "groups" not in tab.next("changed"):  # type: ignore[operator]
        """Everybody else is told, and it will not be said again."""
    told: set[object] = set()
    with Stream(port, cookie_of(ada), page.context["live_mark"]) as late:
        while not {"events", "groups"} <= told:  # what comes only now may be told before it
            told |= set(late.next("changed"))  # type: ignore[call-overload]


def test_a_page_is_told_nothing_when_nothing_changed_and_everything_when_its_mark_is_unknown(ada: Person) -> None:
    now = watching.digest()
    assert watching.changed_since(watching.mark(now), now) == []
    assert watching.changed_since("of-another-version", now) == list(now)


def test_an_answer_that_is_committed_after_a_later_one_is_told_too(ada: Person) -> None:
    """On PostgreSQL two write at once, and the one with the lower number may be the last to commit."""
    monitoring = ada.world.monitoring(ada.world.policy([ada]))
    monitoring.fires()
    answered = ada.world.group()
    monitoring.fires("another")
    written, other_is_done = threading.Event(), threading.Event()

    def answer() -> None:
        with transaction.atomic():
            actions.acknowledge(answered.pk, ada.actor, ada.world.now)
            written.set()
            if connection.vendor == "postgresql":  # else there is one writer at a time
                other_is_done.wait(PATIENCE)
        connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    written.wait(PATIENCE)
    Entry.objects.create(group=ada.world.group(), at=ada.world.now, kind="note", text="A later one")
    before = watching.digest()
    other_is_done.set()
    thread.join()
    assert connection.vendor != "postgresql" or "groups" in watching.changed(before, watching.digest())


def test_a_problem_is_told_when_it_is_there_over_and_there_again(ada: Person) -> None:
    now, seen = ada.world.now, [watching.digest()]
    problems.report("first", "First", "", "", now)
    seen.append(watching.digest())
    problems.report("second", "Second", "", "", now)
    problems.over("second", now)
    problems.over("first", now)
    seen.append(watching.digest())
    problems.report("first", "First", "", "", now)
    seen.append(watching.digest())
    assert [watching.changed(a, b) for a, b in itertools.pairwise(seen)] == [["problems"]] * 3


def test_a_tab_rings_until_somebody_answers(ada: Person, tab: Stream) -> None:
    page = actions.test_pager(ada.user.pk, ada.actor, ada.world.now)
    ada.world.settle()
    rung = tab.next("ring")
    assert isinstance(rung, dict)
    assert (rung["kind"], rung["count"]) == ("test", 1)
    actions.acknowledge_test(page.pk, ada.actor, ada.world.now)
    assert tab.next("ring") == {}


def test_a_tab_that_opens_late_rings_at_once_and_other_peoples_do_not(port: int, ada: Person, tab: Stream) -> None:
    grace = ada.world.person("Grace", methods=())
    actions.test_pager(ada.user.pk, ada.actor, ada.world.now)
    ada.world.settle()
    with Stream(port, cookie_of(grace)) as hers, Stream(port, cookie_of(ada)) as late:
        assert late.next("ring") != {}
        assert tab.next("ring") != {}
        Session.objects.all().delete()
        assert "ring" not in hers.events_until_the_end()


def test_all_tabs_are_written_down_while_they_are_open(port: int, ada: Person, tab: Stream) -> None:
    with Stream(port, cookie_of(ada)):
        _until(lambda: Presence.objects.filter(user_id=ada.user.pk).count() == 2)
        first = dict(Presence.objects.values_list("tab", "seen_at"))
        _until(lambda: all(at > first[tab] for tab, at in Presence.objects.values_list("tab", "seen_at")))
        assert len(set(Presence.objects.values_list("seen_at", flat=True))) == 1  # by one statement
    _until(lambda: Presence.objects.count() == 1)


@pytest.mark.parametrize(
    "leave",
    [lambda: Session.objects.all().delete(), lambda: User.objects.update(is_active=False)],
    ids=["signed out", "deactivated"],
)
def test_a_stream_ends_for_who_may_not_see_it_any_more(tab: Stream, leave: Callable[[], object]) -> None:
    leave()
    tab.events_until_the_end()


def test_on_sigterm_streams_end_and_the_server_with_them(ada: Person) -> None:
    with _web() as (process, port), Stream(port, cookie_of(ada)) as stream:
        assert stream.status == 200
        process.send_signal(signal.SIGTERM)
        at = monotonic()
        stream.events_until_the_end()
        assert process.wait(PATIENCE) == -signal.SIGTERM  # uvicorn cleans up, then ends by the signal it was sent
        assert monotonic() - at < STOPS_WITHIN


@contextlib.contextmanager
def _web() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The real web process on this test's database."""
    name = connection.settings_dict["NAME"]
    url = databases.named(name) if databases.IS_POSTGRESQL else f"sqlite:///{name}"
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "tocsin.config.settings", "TOCSIN_DATABASE_URL": url}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        fd, port = listening.fileno(), listening.getsockname()[1]
        command = [sys.executable, "-m", "tocsin.cli.main", "web", "--fd", str(fd)]
        process = subprocess.Popen(command, env=environ, pass_fds=[fd])
        try:
            yield process, port
        finally:
            process.kill()
            process.wait()

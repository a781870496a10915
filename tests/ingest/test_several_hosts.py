"""A database on several machines: ingest finds the one that can be written to."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.utils import ConnectionHandler

from tests.databases import IS_POSTGRESQL
from tocsin.config import database_url
from tocsin.ingest.contract import Unavailable
from tocsin.ingest.postgresql import PostgresStore
from tocsin.ingest.stores import store_for

PLACES = {
    "postgresql://u@db1,db2:5433/x": [{"host": "db1", "port": 5432}, {"host": "db2", "port": 5433}],
    "postgresql://u@db1/x": [{"host": "db1"}],
    "postgresql://u@/x?host=/run/postgresql": [{"host": "/run/postgresql"}],
    "postgresql://u@/x": [{}],
}


@pytest.mark.parametrize("url", PLACES)
def test_every_host_of_the_url_is_known(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    made: list[object] = []
    monkeypatch.setattr(PostgresStore, "__init__", lambda _, parameters, places: made.extend([parameters, places]))
    store_for(ConnectionHandler({"default": database_url.settings(url)})["default"])
    parameters, places = made
    assert places == PLACES[url]
    assert isinstance(parameters, dict)
    assert parameters["target_session_attrs"] == "read-write"
    assert parameters["timeout"] == (3 if "," in url else 5)


class Silent:
    """A machine that is there no more: whoever calls it hears nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.place = {"host": "127.0.0.1", "port": self._socket.getsockname()[1]}
        self._callers: list[socket.socket] = []

    def calls(self) -> int:
        try:
            while True:
                self._callers.append(self._socket.accept()[0])
        except BlockingIOError:
            return len(self._callers)

    def close(self) -> None:
        self.calls()
        for one in (*self._callers, self._socket):
            one.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    machine = Silent()
    yield machine
    machine.close()


if IS_POSTGRESQL:

    def store_on(*places: dict[str, object]) -> PostgresStore:
        given = connection.settings_dict
        parameters = {"user": given["USER"], "database": given["NAME"], "timeout": 0.5}
        return PostgresStore({**parameters, "target_session_attrs": "read-write"}, places)

    def here() -> dict[str, object]:
        return {"host": connection.settings_dict["HOST"]}

    @pytest.mark.django_db(transaction=True)
    def test_one_that_says_nothing_keeps_nobody_from_the_next_and_is_asked_last_from_then_on(silent: Silent) -> None:
        async def story() -> None:
            store = store_on(silent.place, here())
            await store.open()
            assert await store.keys(["a key"]) == {}
            await asyncio.gather(*(store.keys(["another"]) for _ in range(4)))
            await store.close()

        asyncio.run(story())
        assert silent.calls() == 1

    class Sluggish:
        """A pool that takes nothing back before its gate is open."""

        def __init__(self, pool: Any) -> None:
            self._pool, self.gate = pool, asyncio.Event()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._pool, name)

        async def release(self, connection: Any) -> None:
            await self.gate.wait()
            await self._pool.release(connection)

    @pytest.mark.django_db(transaction=True)
    def test_whoever_waits_is_told_before_a_lost_statement_was_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
        async def story() -> None:
            store = store_on(here())
            await store.open()
            store._pool = pool = Sluggish(store._pool)
            monkeypatch.setattr("tocsin.ingest.postgresql._HAS", "SELECT nothing.at_all, $1::text")
            with pytest.raises(Unavailable):
                await asyncio.wait_for(store.has("a receipt"), 5)
            pool.gate.set()
            await store.close()

        asyncio.run(story())

    @pytest.mark.django_db(transaction=True)
    def test_where_nobody_writes_the_sender_is_asked_to_come_again(silent: Silent) -> None:
        async def story() -> None:
            store = store_on(silent.place)
            await store.open()
            with pytest.raises(Unavailable):
                await store.keys(["a key"])
            await store.close()

        asyncio.run(story())

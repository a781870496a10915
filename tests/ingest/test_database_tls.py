"""Who asks for a verified connection to PostgreSQL gets one, by Django and by ingest, or none."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import trustme
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from tocsin.config import database_url
from tocsin.ingest.contract import Unavailable
from tocsin.ingest.stores import store_for

_ENCRYPTION = {80877103: b"S", 80877104: b"N"}  # what clients ask for first: TLS, which there is, and GSSAPI
_SORRY = b"SFATAL\0VFATAL\0C57P03\0Mnot now\0\0"


class Server:
    """Speaks of PostgreSQL's protocol as much as it takes to hear who comes in over TLS; then it refuses."""

    def __init__(self, authority: trustme.CA) -> None:
        self.heard: list[bytes] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self._context)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            with plain:
                self._answer(plain)

    def _answer(self, plain: socket.socket) -> None:
        try:
            while (said := _ENCRYPTION.get(int.from_bytes(plain.recv(8)[4:]))) != b"S":
                if said is None:
                    return  # begins in the clear
                plain.sendall(said)
            plain.sendall(b"S")
            with self._context.wrap_socket(plain, server_side=True) as sealed:
                if start := sealed.recv(4096):
                    self.heard.append(start)
                sealed.sendall(b"E" + (len(_SORRY) + 4).to_bytes(4) + _SORRY)
        except OSError:  # whoever does not trust it hangs up
            return

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


def by_django(database: BaseDatabaseWrapper) -> None:
    with pytest.raises(psycopg.OperationalError):
        database.get_new_connection(database.get_connection_params())


def by_ingest(database: BaseDatabaseWrapper) -> None:
    async def ask() -> None:
        store = store_for(database)
        await store.open()
        try:
            await store.keys(["a key"])
        finally:
            await store.close()

    with pytest.raises(Unavailable):
        asyncio.run(ask())


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[Server]:
    server = Server(authority)
    yield server
    server.close()


@pytest.mark.parametrize("asks", [by_django, by_ingest])
@pytest.mark.parametrize(
    ("host", "mode", "is_trusted", "comes_in"),
    [
        # the server is who it says
        ("localhost", "verify-full", True, True),
        # another has signed for it
        ("localhost", "verify-full", False, False),
        ("localhost", "verify-ca", False, False),
        # it is another host's certificate
        ("127.0.0.1", "verify-full", True, False),
        ("127.0.0.1", "verify-ca", True, True),
        # any certificate will do where it is not told which
        ("localhost", "require", None, True),
        # none is wanted
        ("localhost", "disable", None, False),
    ],
)
def test_a_server_is_told_nothing_before_it_is_known(
    tmp_path: Path,
    authority: trustme.CA,
    server: Server,
    asks: Callable[[BaseDatabaseWrapper], None],
    host: str,
    mode: str,
    is_trusted: bool | None,
    comes_in: bool,
) -> None:
    options = f"sslmode={mode}"
    if is_trusted is not None:
        (authority if is_trusted else trustme.CA()).cert_pem.write_to_path(tmp_path / "ca.pem")
        options += f"&sslrootcert={tmp_path}/ca.pem"
    url = database_url.checked(f"postgresql://ada:secret@{host}:{server.port}/tocsin?{options}")
    asks(ConnectionHandler({"default": database_url.settings(url)})["default"])
    assert bool(server.heard) == comes_in
    assert all(b"user\0ada\0" in start for start in server.heard)

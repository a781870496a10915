"""The store for the database that Django is configured with."""

import importlib
from itertools import zip_longest
from types import ModuleType
from urllib.parse import urlencode

from django.db.backends.base.base import BaseDatabaseWrapper

from tocsin.ingest.contract import Store

_NAMES = {
    "dbname": "database",
    "user": "user",
    "password": "password",
    "target_session_attrs": "target_session_attrs",
    "connect_timeout": "timeout",
}


def store_for(connection: BaseDatabaseWrapper) -> Store:
    made: Store
    if connection.vendor != "postgresql":
        made = _module("sqlite").SQLiteStore(str(connection.settings_dict["NAME"]))
        return made
    given = connection.get_connection_params()
    tls = {name: value for name, value in given.items() if name.startswith("ssl")}
    # asyncpg reads libpq's names from a URL only; what is said beside it goes before it
    made = _module("postgresql").PostgresStore(
        {"dsn": f"postgresql://?{urlencode(tls)}"}
        | {ours: given[theirs] for theirs, ours in _NAMES.items() if given.get(theirs)},
        _places(given.get("host", ""), given.get("port", "")),
    )
    return made


def _places(hosts: str, ports: str) -> list[dict[str, object]]:
    """One for each host, as asyncpg takes it; what is not said is left to its defaults."""
    numbers = [int(port) for port in ports.split(",") if port]
    named = zip_longest(hosts.split(","), numbers)
    return [{name: value for name, value in (("host", host), ("port", port)) if value} for host, port in named]


def _module(name: str) -> ModuleType:
    """One of the two: each driver is some megabytes of a process."""
    return importlib.import_module(f"tocsin.ingest.{name}")

"""The store for the database that Django is configured with."""

import importlib
from itertools import zip_longest
from types import ModuleType
from urllib.parse import urlencode

from django.db.backends.base.base import BaseDatabaseWrapper

from tocsin.ingest.contract import Store
from tocsin.ingest.sqlite import SQLiteStore

_NAMES = {
    "dbname": "database",
    "user": "user",
    "password": "password",
    "target_session_attrs": "target_session_attrs",
    "connect_timeout": "timeout",
}


def store_for(connection: BaseDatabaseWrapper) -> Store:
    if connection.vendor != "postgresql":
        return SQLiteStore(str(connection.settings_dict["NAME"]))
    given = connection.get_connection_params()
    tls = {name: value for name, value in given.items() if name.startswith("ssl")}
    # asyncpg reads libpq's names from a URL only; what is said beside it goes before it
    made: Store = _postgresql().PostgresStore(
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


def _postgresql() -> ModuleType:
    """Only where it is needed: its driver is 3 MB of a process that has little else on SQLite."""
    return importlib.import_module("tocsin.ingest.postgresql")

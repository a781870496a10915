"""The store for the database that Django is configured with."""

from urllib.parse import urlencode

from django.db.backends.base.base import BaseDatabaseWrapper

from tocsin.ingest.contract import Store
from tocsin.ingest.postgresql import PostgresStore
from tocsin.ingest.sqlite import SQLiteStore

_NAMES = {"dbname": "database", "user": "user", "password": "password", "host": "host", "port": "port"}


def store_for(connection: BaseDatabaseWrapper) -> Store:
    if connection.vendor != "postgresql":
        return SQLiteStore(str(connection.settings_dict["NAME"]))
    given = connection.get_connection_params()
    tls = {name: value for name, value in given.items() if name.startswith("ssl")}
    # asyncpg reads libpq's names from a URL only; what is said beside it goes before it
    return PostgresStore(
        {"dsn": f"postgresql://?{urlencode(tls)}"}
        | {ours: given[theirs] for theirs, ours in _NAMES.items() if given.get(theirs)}
    )

"""Django's settings under test: a database of the run's own, cheap password hashes, nothing else different."""

import os

from tests import databases

os.environ["TOCSIN_DATA"] = str(databases.scratch())
os.environ.setdefault("TOCSIN_SECRET_KEY", "a key for tests, long enough to be taken")
os.environ.setdefault("TOCSIN_ALLOW_PRIVATE", "yes")
if databases.IS_POSTGRESQL:
    os.environ["TOCSIN_DATABASE_URL"] = databases.server_url()

from tocsin.config.settings import *
from tocsin.config.settings import DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if not databases.IS_POSTGRESQL:
    # durability is tested on the real server, with its own settings
    DATABASES["default"]["OPTIONS"]["init_command"] = (  # type: ignore[index]
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
    )

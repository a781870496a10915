"""TOCSIN_DATABASE_URL: checked, and as Django wants it."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tocsin.config.misconfigured import Misconfigured

NAME = "TOCSIN_DATABASE_URL"
_SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_PROTOCOLS = ("ssl_min_protocol_version", "ssl_max_protocol_version")
# of libpq's those that asyncpg, by which ingest writes, takes in the same sense
_TLS = ("sslmode", *_FILES, "sslpassword", *_PROTOCOLS)
_SESSIONS = ("read-write", "primary", "any")
_KNOWN = ("host", "target_session_attrs", *_TLS)
_PORT = "5432"
# it does not quote: what looks like a port may be the rest of a password
UNREADABLE = "a host or a port in it is none. In a password / is written %2F, @ %40, # %23, ? %3F and % %25."
_LIKE = "postgresql://user:password@host:5432/name, or several: host1:5432,host2:5432"
# a machine that vanishes says nothing: without these its connections would be waited on for a quarter of an hour
_VANISHING = {
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}


def checked(url: str) -> str:
    """The URL; `Misconfigured` says what is wrong with it."""
    try:
        parts = urlsplit(url)
        hosts(parts)
    except ValueError:
        raise Misconfigured(f"{NAME} cannot be read: {UNREADABLE} Use {_LIKE}.") from None
    if parts.scheme in {"postgres", "postgresql"}:
        _check_postgresql(parts)
    elif parts.scheme == "sqlite" and parts.path[1:]:
        _check_sqlite(unquote(parts.path[1:]))
    else:
        raise Misconfigured(
            f"{NAME} begins with “{parts.scheme}”. Use sqlite:///path or postgresql://user:password@host/name."
        )
    return url


def hosts(parts: SplitResult) -> list[tuple[str, str]]:
    """Names or addresses with their ports, both as text, a port empty where none is said. `ValueError`."""
    return [_host(place) for place in parts.netloc.rpartition("@")[2].split(",")]


def _host(place: str) -> tuple[str, str]:
    one = urlsplit(f"//{place}")
    return unquote(one.hostname or ""), str(one.port or "")  # `port` refuses one that is none


def settings(url: str) -> dict[str, object]:
    """Django's settings for a URL that was checked."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(unquote(parts.path[1:]))
    options, places = dict(parse_qsl(parts.query)), hosts(parts)
    host, port = places[0] if len(places) == 1 else _several(places)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or host,  # a Unix socket, as libpq's URLs name one
        "PORT": port,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "tocsin",
            "connect_timeout": 5 if len(places) == 1 else 3,  # seconds for each of them
            "target_session_attrs": "read-write",  # never the one that was the primary, or will be
            **_VANISHING,
            **options,
        },
    }


def _several(places: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """As libpq has them: names with commas between them, and as many ports."""
    return ",".join(host for host, _ in places), ",".join(port or _PORT for _, port in places)


def _sqlite(path: str) -> dict[str, object]:
    # IMMEDIATE: a transaction that will write takes its turn at the start, not in the middle, where it could only fail
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=2000;",
        },
    }


def _check_sqlite(path: str) -> None:
    directory = Path(path).absolute().parent
    if not directory.is_dir() or not os.access(directory, os.W_OK | os.X_OK):
        raise Misconfigured(
            f"{NAME} puts the database into {directory}, which is no directory that this user can write to. Make it, "
            "or choose another one."
        )


def _check_postgresql(parts: SplitResult) -> None:
    places = hosts(parts)
    if len(places) > 1 and not all(host for host, _ in places):
        raise Misconfigured(f"{NAME} has a comma between hosts and no host there. Use {_LIKE}.")
    if not parts.path.lstrip("/"):
        raise Misconfigured(f"{NAME} names no database: postgresql://user:password@host:5432/tocsin")
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        _check_option(name, value)


def _check_option(name: str, value: str) -> None:
    """What would be passed over in silence could be what somebody relies on."""
    if name not in _KNOWN:
        raise Misconfigured(
            f"{NAME} has the option “{name}”, which Tocsin does not know. It takes {', '.join(_KNOWN)}."
        )
    if name == "target_session_attrs" and value not in _SESSIONS:
        raise Misconfigured(f"{NAME} has target_session_attrs={value}. Use one of: {', '.join(_SESSIONS)}.")
    if name == "sslmode" and value not in _SSLMODES:
        raise Misconfigured(f"{NAME} has sslmode={value}. Use one of: {', '.join(_SSLMODES)}.")
    if name in _PROTOCOLS and value not in {"TLSv1.2", "TLSv1.3"}:
        raise Misconfigured(f"{NAME} has {name}={value}. Use TLSv1.2 or TLSv1.3.")
    if name in _FILES and not os.access(value, os.R_OK):
        raise Misconfigured(
            f"{NAME} has {name}={value}, which is no file that this user can read. Name one, for example "
            "/etc/ssl/certs/ca-certificates.crt for certificates that everybody trusts."
        )

"""The settings that come from the environment: named, typed, explained and checked in one place."""

import ipaddress
import os
import re
import secrets
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from tocsin.config import database_url
from tocsin.config.misconfigured import Misconfigured


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Everything Tocsin takes from its environment. The table in docs/settings.md is drawn from VARIABLES."""

    data: Path
    database_url: str
    secret_key: str
    public_url: str  # without a slash at the end
    proxies: tuple[str, ...]  # addresses and networks
    smtp_url: str
    mail_from: str
    smtp_listen: tuple[str, int] | None  # host and port; none: mails are not taken
    smtp_host: str
    smtp_certificate: tuple[str, str] | None  # the files of the chain and of its key
    heartbeat_url: str
    allow_private: bool
    region: str
    hung_after: float  # seconds
    debug: bool
    log_format: str


@dataclass(frozen=True, kw_only=True)
class Variable:
    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable(name="TOCSIN_DATA", default="data", meaning="Directory for the database, the key and static files."),
    Variable(
        name="TOCSIN_DATABASE_URL",
        default="sqlite in the data directory",
        meaning="`sqlite:///path` or `postgresql://user:password@host:port/name`; with it several nodes can run. "
        "Several hosts, with commas between them, are tried in turn until one is found that can be written to. "
        "Options: `?sslmode=verify-full&sslrootcert=/path/ca.pem`, `sslcert`, `sslkey`, `sslpassword`, `sslcrl`, "
        "`ssl_min_protocol_version`, `ssl_max_protocol_version`, `target_session_attrs`, all in libpq's sense, "
        "and `host` for a Unix socket.",
    ),
    Variable(
        name="TOCSIN_SECRET_KEY",
        default="made once, kept in `secret.key` in the data directory",
        meaning="Seals secrets at rest and signs sessions. At least 32 characters; the same on every node, which does "
        "not start with another than the database was first started with.",
    ),
    Variable(
        name="TOCSIN_PUBLIC_URL",
        default="http://localhost:8000",
        meaning="Where people and monitoring tools reach Tocsin, without a path; links in pages begin with it.",
    ),
    Variable(
        name="TOCSIN_PROXIES",
        default="127.0.0.1, ::1",
        meaning="Addresses or networks of the reverse proxies in front, with commas between them. Only they are "
        "believed who the client is.",
    ),
    Variable(
        name="TOCSIN_SMTP_URL",
        default="",
        meaning="`smtp://user:password@host:587` (STARTTLS when offered), `smtps://…:465` (TLS from the start). "
        "`?verify=no`: any certificate is taken. Empty: no mail can be sent.",
    ),
    Variable(name="TOCSIN_MAIL_FROM", default="Tocsin <tocsin@localhost>", meaning="The sender of mails."),
    Variable(
        name="TOCSIN_SMTP_LISTEN",
        default="",
        meaning="`host:port`, for example `0.0.0.0:25`: where mails are taken that become alerts. Empty: none are.",
    ),
    Variable(
        name="TOCSIN_SMTP_HOST",
        default="the host of the public URL",
        meaning="What stands behind the @ of the addresses that mails are sent to.",
    ),
    Variable(
        name="TOCSIN_SMTP_CERTIFICATE",
        default="",
        meaning="File with the certificate, and those between it and its root (PEM), for STARTTLS on incoming mails.",
    ),
    Variable(name="TOCSIN_SMTP_KEY", default="", meaning="File with the key of that certificate (PEM)."),
    Variable(
        name="TOCSIN_HEARTBEAT_URL",
        default="",
        meaning="Is fetched once a minute while the engine works, so that something outside notices when it does not.",
    ),
    Variable(
        name="TOCSIN_ALLOW_PRIVATE",
        default="no",
        meaning="`yes` lets webhooks and ntfy reach private and loopback addresses; never link-local ones.",
    ),
    Variable(
        name="TOCSIN_REGION",
        default="",
        meaning="Where this node stands, for example `eu-west`. Probes that ask for this region run here.",
    ),
    Variable(
        name="TOCSIN_HUNG_AFTER",
        default="120",
        meaning="Seconds, 2 at least, in which the engine, or the web process, stands still before it is killed and "
        "started again.",
    ),
    Variable(name="TOCSIN_DEBUG", default="no", meaning="`yes` shows error pages with code. Never in production."),
    Variable(name="TOCSIN_LOG_FORMAT", default="text", meaning="`text` or `json`."),
)

# from the supervisor to the web process, whose application is made by its name, without arguments
MAIL_FD = "TOCSIN_MAIL_FD"  # the number of an open socket
PULSE_FD = "TOCSIN_PULSE_FD"  # the number of a pipe
WAS_HUNG = "TOCSIN_WAS_HUNG"  # anything: the process before stood still and was killed
LOCAL = "http://localhost:8000"
_HIGHEST_PORT = 65535
_SHORTEST_KEY = 32
_SHORTEST_PATIENCE = 2
_NOT_WRITABLE = (
    "TOCSIN_DATA is {}, which cannot be written. Choose another directory or give this user the right to write there."
)


def read(environ: Mapping[str, str] = os.environ) -> Environment:
    """The environment, checked. `Misconfigured` names the variable and the cure. Makes directory and key."""
    data = Path(environ.get("TOCSIN_DATA") or "data").absolute()
    _make(data)
    public_url = _public(environ.get("TOCSIN_PUBLIC_URL") or LOCAL)
    return Environment(
        data=data,
        database_url=database_url.checked(environ.get("TOCSIN_DATABASE_URL") or f"sqlite:///{data / 'tocsin.sqlite3'}"),
        secret_key=_secret_key(environ.get("TOCSIN_SECRET_KEY", ""), data),
        public_url=public_url,
        proxies=_networks("TOCSIN_PROXIES", environ.get("TOCSIN_PROXIES") or "127.0.0.1, ::1"),
        smtp_url=_smtp(environ.get("TOCSIN_SMTP_URL", "")),
        mail_from=_sender(environ.get("TOCSIN_MAIL_FROM") or "Tocsin <tocsin@localhost>"),
        smtp_listen=_place("TOCSIN_SMTP_LISTEN", environ.get("TOCSIN_SMTP_LISTEN", "")),
        smtp_host=_name("TOCSIN_SMTP_HOST", environ.get("TOCSIN_SMTP_HOST") or urlsplit(public_url).hostname or ""),
        smtp_certificate=_certificate(environ.get("TOCSIN_SMTP_CERTIFICATE", ""), environ.get("TOCSIN_SMTP_KEY", "")),
        heartbeat_url=_url("TOCSIN_HEARTBEAT_URL", environ.get("TOCSIN_HEARTBEAT_URL", ""), "http", "https"),
        allow_private=_switch("TOCSIN_ALLOW_PRIVATE", environ),
        region=(environ.get("TOCSIN_REGION") or "").strip().lower(),
        hung_after=_seconds("TOCSIN_HUNG_AFTER", environ.get("TOCSIN_HUNG_AFTER") or "120"),
        debug=_switch("TOCSIN_DEBUG", environ),
        log_format=_one_of("TOCSIN_LOG_FORMAT", environ.get("TOCSIN_LOG_FORMAT") or "text", "text", "json"),
    )


def _make(data: Path) -> None:
    """For its own user alone: there is what monitoring has sent, and how people are reached."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(_NOT_WRITABLE.format(data)) from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise Misconfigured(_NOT_WRITABLE.format(data))


def _secret_key(given: str, data: Path) -> str:
    if given:
        if len(given) < _SHORTEST_KEY:
            raise Misconfigured(
                f"TOCSIN_SECRET_KEY has {len(given)} characters and needs at least {_SHORTEST_KEY}. "
                "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` makes one."
            )
        return given
    return _kept_key(data / "secret.key")


def _kept_key(path: Path) -> str:
    """The key in the file; made by whoever comes first, also when several processes start at once.

    It is written beside and linked, which one of them can: nobody ever reads a part of it.
    """
    if not path.exists():
        _make_key(path)
    key = path.read_text().strip()
    if len(key) < _SHORTEST_KEY:
        raise Misconfigured(
            f"{path} holds no usable key. Put the old key back; if nothing is stored yet, delete the file."
        )
    return key


def _make_key(path: Path) -> None:
    descriptor, own = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # 0600
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        Path(own).replace(path)
    Path(own).unlink(missing_ok=True)


def _url(name: str, value: str, *schemes: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port  # reads it, and refuses one that is none
    except ValueError:
        raise Misconfigured(f"{name} cannot be read: {database_url.UNREADABLE} Use {_like(schemes)}.") from None
    if value and (parts.scheme not in schemes or not parts.hostname):
        raise Misconfigured(f"{name} is “{_shown(value)}”. It must begin with {_like(schemes)}.")
    return value.rstrip("/")


def _shown(value: str) -> str:
    """Without a password: what is wrong with a setting is read on screens and in logs."""
    scheme, _, rest = value.rpartition("@")[0].partition("://")
    hidden = f"{scheme}://…@" if rest else "…@"
    return hidden + value.rpartition("@")[2] if "@" in value else value


def _like(schemes: Iterable[str]) -> str:
    return " or ".join(f"{scheme}://host" for scheme in schemes)


def _public(value: str) -> str:
    url = _url("TOCSIN_PUBLIC_URL", value, "http", "https")
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if url != root:
        raise Misconfigured(
            f"TOCSIN_PUBLIC_URL is “{_shown(value)}”. Tocsin answers at the root of a host of its own: {root}"
        )
    return url


def _smtp(value: str) -> str:
    url = _url("TOCSIN_SMTP_URL", value, "smtp", "smtps")
    parts = urlsplit(url)
    if parts.path or parts.fragment or parts.query not in {"", "verify=no", "verify=yes"}:
        raise Misconfigured(
            f"TOCSIN_SMTP_URL is “{_shown(value)}”. After the port it takes ?verify=no and nothing else."
        )
    return url


def _sender(value: str) -> str:
    if not value.isprintable() or not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
        raise Misconfigured(f"TOCSIN_MAIL_FROM is “{value}”. It must hold an address: Tocsin <tocsin@example.org>")
    return value


def _networks(name: str, value: str) -> tuple[str, ...]:
    """Not `*`: then anybody could say who they are, and no throttle by address would hold."""
    found = tuple(part.strip() for part in value.split(","))
    try:
        for part in found:
            ipaddress.ip_network(part)
    except ValueError as error:
        raise Misconfigured(
            f"{name} is “{value}”, which is no list of addresses: {error}. Use for example 10.0.0.7, 172.16.0.0/12."
        ) from error
    return found


def _place(name: str, value: str) -> tuple[str, int] | None:
    """`host:port` or `[host]:port`."""
    host, _, port = value.strip().rpartition(":")
    if not value.strip():
        return None
    if not host or not port.isdecimal() or not 0 <= int(port) <= _HIGHEST_PORT:
        raise Misconfigured(f"{name} is “{value}”. It must be host:port, for example 0.0.0.0:25 or [::]:25.")
    return host.strip("[]"), int(port)


def _name(name: str, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", value):
        raise Misconfigured(f"{name} is “{value}”. It must be a host's name, for example tocsin.example.org.")
    return value.lower().rstrip(".")


def _certificate(chain: str, key: str) -> tuple[str, str] | None:
    if not chain and not key:
        return None
    if not chain or not key:
        raise Misconfigured("TOCSIN_SMTP_CERTIFICATE and TOCSIN_SMTP_KEY belong together. Set both, or neither.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(chain, key)
    except OSError as error:  # also what OpenSSL says
        raise Misconfigured(
            f"TOCSIN_SMTP_CERTIFICATE ({chain}) and TOCSIN_SMTP_KEY ({key}) cannot be used: {error}. Both must be PEM "
            "files that this user can read, the key without a passphrase and that of the first certificate."
        ) from error
    return chain, key


def _seconds(name: str, value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) < _SHORTEST_PATIENCE:
        raise Misconfigured(f"{name} is “{value}”. It must be a number of seconds, {_SHORTEST_PATIENCE} at least.")
    return float(value)


def _switch(name: str, environ: Mapping[str, str]) -> bool:
    return _one_of(name, (environ.get(name) or "no").lower(), "yes", "no", "1", "0", "true", "false") in {
        "yes",
        "1",
        "true",
    }


def _one_of(name: str, value: str, *choices: str) -> str:
    if value not in choices:
        raise Misconfigured(f"{name} is “{value}”. Use one of: {', '.join(choices)}.")
    return value

"""What a check's config must be beyond its shape. Every rule names the field it is about."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import jmespath
from jmespath.exceptions import JMESPathError

from tocsin.channels import http as outbound
from tocsin.channels.contract import BadAddress
from tocsin.checks import rhythms
from tocsin.checks.configs import (
    DAY,
    DNS,
    FASTEST,
    HEARTBEAT,
    HTTP,
    TCP,
    TLS,
    BadConfig,
    DnsConfig,
    HeartbeatConfig,
    HttpConfig,
    ProbeConfig,
    Rhythm,
    Struct,
    TcpConfig,
    TlsConfig,
    read,
)
from tocsin.checks.kinds import http, records
from tocsin.people.problems import Refused
from tocsin.people.writing import check_zone

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LONGEST = 2000  # characters of a text
LONGEST_TIME = 366 * DAY
MOST_REGIONS = 20
_REGION = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_HOST = re.compile(r"[^\s/:@]+|[0-9A-Fa-f:.]+")

Wrong = Iterator[tuple[str, str]]  # field and sentence


def checked(kind: str, value: Mapping[str, Any], now: datetime) -> Struct:
    """`Refused` with every field that is at fault."""
    try:
        config = read(kind, value)
    except BadConfig as error:
        raise Refused(f"The config cannot be used: {error}") from error
    wrong = dict(_RULES[kind](config, now))
    if wrong:
        raise Refused(" ".join(wrong.values()), wrong)
    return config


def check_place(config: Struct) -> None:
    """`Refused` where the target is known to be where Tocsin does not go: such a check could never run."""
    field, host = _target(config)
    if said := outbound.refusal(host) if host else "":
        raise Refused(said, {field: said})


def _target(config: Struct) -> tuple[str, str]:
    """The field, and the host that is connected to."""
    match config:
        case HttpConfig(url=url):
            return "url", urlsplit(url).hostname or ""
        case TcpConfig(host=host) | TlsConfig(host=host):
            return "host", host
        case DnsConfig(resolver=resolver) if resolver:
            return "resolver", records.place(resolver)[0]
        case _:
            return "", ""


def check_headers(text: str) -> str:
    try:
        http.read_headers(text)
    except ValueError as error:
        raise Refused(str(error), {"headers": str(error)}) from error
    return text.strip()


def _heartbeat(config: HeartbeatConfig, now: datetime) -> Wrong:
    for name in ("period", "grace", "longest_run"):
        lowest = 0 if name == "grace" else 1
        if not lowest <= getattr(config, name) <= LONGEST_TIME:
            yield name, f"This is between {lowest} s and a year."
    if config.rhythm is not Rhythm.CRON:
        return
    try:
        check_zone(config.time_zone)
    except Refused as refused:
        yield "time_zone", str(refused)
        return
    try:
        rhythms.check(config, now)
    except rhythms.BadExpression as error:
        yield "expression", str(error)


def _probe(config: ProbeConfig) -> Wrong:
    if not FASTEST <= config.interval <= DAY:
        yield "interval", f"The interval is between {FASTEST} s and a day."
    if not 1 <= config.timeout <= 60:  # noqa: PLR2004 - the sentence says it
        yield "timeout", "The time limit is between 1 and 60 s."
    if not 0 <= config.retries <= 20:  # noqa: PLR2004 - the sentence says it
        yield "retries", "Between 0 and 20 failures in a row can be let pass."
    if not 1 <= config.recoveries <= 20:  # noqa: PLR2004 - the sentence says it
        yield "recoveries", "Between 1 and 20 successes in a row can be asked for."
    if any(not _REGION.fullmatch(region) for region in config.regions) or len(config.regions) > MOST_REGIONS:
        yield "regions", f"A region is a word such as eu-west, as TOCSIN_REGION has it; at most {MOST_REGIONS}."
    if not 1 <= config.regions_down <= max(1, len(config.regions)):
        yield "regions_down", f"It must be down in at least one region, and in at most {max(1, len(config.regions))}."


def _http(config: HttpConfig, _: datetime) -> Wrong:
    yield from _probe(config)
    try:
        outbound.checked(config.url)
    except BadAddress as error:
        yield "url", str(error)
    if config.method not in METHODS:
        yield "method", f"The method is one of {', '.join(METHODS)}."
    yield from _status(config.status)
    if config.max_ms < 0:
        yield "max_ms", "A time is not negative."
    if config.equals and not config.expression:
        yield "equals", "Say with an expression what must be equal to it."
    yield from _expression(config.expression)
    yield from _texts(config, "body", "contains", "lacks", "equals")


def _status(expected: str) -> Wrong:
    try:
        found = http.ranges(expected)
    except ValueError:
        found = []
    if not found or any(not 100 <= first <= last <= 599 for first, last in found):  # noqa: PLR2004 - HTTP's own
        yield "status", "Write numbers from 100 to 599 and ranges, apart by commas: 200-299, 404."


def _expression(text: str) -> Wrong:
    try:
        if text:
            jmespath.compile(text)
    except JMESPathError as error:
        yield "expression", f"This is not a JMESPath expression: {error}."


def _tcp(config: TcpConfig, _: datetime) -> Wrong:
    yield from _probe(config)
    yield from _place(config.host, config.port)
    yield from _texts(config, "send", "expect")


def _dns(config: DnsConfig, _: datetime) -> Wrong:
    yield from _probe(config)
    if not config.host or any(c.isspace() for c in config.host) or len(config.host) > 253:  # noqa: PLR2004 - of DNS
        yield "host", "Enter a name, such as shop.example.org."
    if config.type not in records.TYPES:
        yield "type", f"The type is one of {', '.join(records.TYPES)}."
    try:
        if config.resolver:
            records.place(config.resolver)
    except ValueError:
        yield "resolver", "Enter the address of a resolver, such as 9.9.9.9 or 9.9.9.9:53."


def _tls(config: TlsConfig, _: datetime) -> Wrong:
    yield from _probe(config)
    yield from _place(config.host, config.port)
    if not 0 <= config.days <= 365:  # noqa: PLR2004 - the sentence says it
        yield "days", "Between 0 and 365 days can be asked for."


def _place(host: str, port: int) -> Wrong:
    if not _HOST.fullmatch(host):
        yield "host", "Enter a name or an address, without https:// and without a port."
    if not 1 <= port <= 65_535:  # noqa: PLR2004 - of TCP
        yield "port", "A port is from 1 to 65535."


def _texts(config: Struct, *names: str) -> Wrong:
    for name in names:
        if len(getattr(config, name)) > LONGEST or "\0" in getattr(config, name):
            yield name, f"This has at most {LONGEST} characters."


_RULES: Mapping[str, Callable[[Any, datetime], Wrong]] = {
    HEARTBEAT: _heartbeat,
    HTTP: _http,
    TCP: _tcp,
    DNS: _dns,
    TLS: _tls,
}

"""What is set of each kind of check, as JSON in one column; read here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from tocsin.core.probes import Rule

HEARTBEAT, HTTP, TCP, DNS, TLS = "heartbeat", "http", "tcp", "dns", "tls"
DAY = 86_400
FASTEST = 10  # seconds between two looks


class BadConfig(ValueError):
    """It is not what this kind of check has; the text says why."""


class Rhythm(StrEnum):
    EVERY = "every"  # so many seconds after the last success
    CRON = "cron"


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class HeartbeatConfig(Struct, frozen=True, kw_only=True):
    rhythm: Rhythm = Rhythm.EVERY
    period: int = DAY  # seconds
    expression: str = ""  # of cron: five fields, or six with seconds in front
    time_zone: str = "UTC"  # in which the expression is meant
    grace: int = 1800  # seconds after the expected time
    longest_run: int = 3600  # seconds between a start and its end


class ProbeConfig(Struct, frozen=True, kw_only=True):
    interval: int = 60  # seconds
    timeout: int = 10  # seconds for everything
    retries: int = 2  # failures in a row that are not believed yet
    recoveries: int = 1  # successes in a row that make it up again
    regions: tuple[str, ...] = ()  # of nodes; none: any node
    regions_down: int = 1  # in how many it must be down

    @property
    def rule(self) -> Rule:
        return Rule(
            interval=timedelta(seconds=self.interval),
            failures=self.retries + 1,
            successes=max(1, self.recoveries),
            regions=self.regions_down,
        )


class HttpConfig(ProbeConfig, frozen=True, kw_only=True):
    url: str
    method: str = "GET"
    body: str = ""
    status: str = "200-299"  # what is expected: numbers and ranges, apart by commas
    contains: str = ""  # in the body
    lacks: str = ""
    expression: str = ""  # JMESPath over a JSON body; what it finds must be true, or equal to `equals`
    equals: str = ""
    max_ms: int = 0  # 0: any time within the timeout
    follow: bool = True  # redirects
    verify: bool = True  # the certificate


class TcpConfig(ProbeConfig, frozen=True, kw_only=True):
    host: str
    port: int
    send: str = ""  # \r, \n and \t are written so
    expect: str = ""


class DnsConfig(ProbeConfig, frozen=True, kw_only=True):
    host: str
    type: str = "A"
    expected: tuple[str, ...] = ()  # each must be in the answer; none: any answer will do
    resolver: str = ""  # address, or address:port; empty: the system's


class TlsConfig(ProbeConfig, frozen=True, kw_only=True):
    host: str
    port: int = 443
    days: int = 14  # that must be left
    verify: bool = True  # the chain and the name


@dataclass(frozen=True, kw_only=True)
class Kind:
    label: str
    about: str  # one sentence, for whoever chooses
    config: type[Struct]


KINDS: Mapping[str, Kind] = {
    HEARTBEAT: Kind(
        label="Heartbeat",
        about="A cron job, a backup or a worker pings Tocsin; a ping that does not come pages.",
        config=HeartbeatConfig,
    ),
    HTTP: Kind(
        label="HTTP",
        about="A page or an API answers with the right status and content, in time.",
        config=HttpConfig,
    ),
    TCP: Kind(label="TCP", about="A port takes connections, and says what it should.", config=TcpConfig),
    DNS: Kind(label="DNS", about="A name resolves to what it should.", config=DnsConfig),
    TLS: Kind(label="TLS certificate", about="A certificate is good, and does not end soon.", config=TlsConfig),
}
PROBES = tuple(kind for kind in KINDS if kind != HEARTBEAT)

S = TypeVar("S", bound=Struct)


def read(kind: str, value: Mapping[str, Any]) -> Struct:
    """`BadConfig` for anything that is not the config of this kind."""
    if kind not in KINDS:
        raise BadConfig(f"There is no check of kind “{kind}”. There are {', '.join(KINDS)}.")
    return read_as(KINDS[kind].config, value)


def read_as(shape: type[S], value: Mapping[str, Any]) -> S:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise BadConfig(f"{error}.") from error


def plain(config: Struct) -> dict[str, Any]:
    """As JSON has it."""
    made: dict[str, Any] = msgspec.to_builtins(config)
    return made

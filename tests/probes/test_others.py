"""TCP, DNS and TLS probes against real servers."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.probes import targets
from tests.probes.targets import Authority
from tests.running import free_port
from tocsin import clock
from tocsin.checks.configs import DnsConfig, ProbeConfig, TcpConfig, TlsConfig
from tocsin.checks.kinds.records import place
from tocsin.checks.kinds.tcp import unwritten
from tocsin.checks.looking import look
from tocsin.core.probes import Finding

RECORDS = {
    ("shop.example.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("shop.example.", "MX"): ["10 Mail.Example."],
    ("shop.example.", "TXT"): ['"v=spf1 -all"'],
}


def run(kind: str, config: ProbeConfig) -> Finding:
    return look(kind, config, "", clock.now())


def pong(connection: socket.socket) -> None:
    if connection.recv(100) == b"PING\r\n":
        connection.sendall(b"+PO")
        connection.sendall(b"NG\r\n")


def tcp(port: int, **config: Any) -> Finding:
    return run("tcp", TcpConfig(**{"host": "127.0.0.1", "port": port, "timeout": 2, **config}))


def test_a_port_that_answers_as_it_should() -> None:
    with targets.tcp(pong) as port:
        assert tcp(port).is_ok
        found = tcp(port, send=r"PING\r\n", expect="PONG")
        assert found.is_ok
        assert list(found.phases) == ["DNS", "connect", "wait"]
        assert tcp(port, send=r"HELO\r\n", expect="PONG").error == "it said nothing; “PONG” was expected"


def test_a_port_that_says_something_else_or_nothing() -> None:
    with targets.tcp(lambda connection: connection.sendall(b"-LOADING data\r\n")) as port:
        assert tcp(port, expect="PONG").error == "it said -LOADING data; “PONG” was expected"
    with targets.tcp(lambda connection: connection.recv(100) and None) as port:
        assert tcp(port, timeout=1, expect="PONG").error == "it did not answer within 1 s"


def test_a_port_on_which_nobody_listens() -> None:
    assert tcp(free_port()).error == "it cannot be connected to: connection refused"


def test_ports_of_metadata_services_are_not_connected_to() -> None:
    assert "is not a public address" in tcp(80, host="169.254.169.254").error


def test_what_is_sent_is_written_with_backslashes() -> None:
    assert unwritten(r"a\r\n\\n\q\t") == "a\r\n\\n\\q\t"


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    with targets.name_server(RECORDS) as resolver:
        yield resolver


def dns(resolver: str, **config: Any) -> Finding:
    return run("dns", DnsConfig(**{"host": "shop.example", "resolver": resolver, "timeout": 2, **config}))


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({}, ""),
        ({"expected": ("192.0.2.2",)}, ""),
        ({"expected": ("192.0.2.1", "192.0.2.9")}, "it has 192.0.2.1, 192.0.2.2; 192.0.2.9 was expected"),
        ({"type": "MX", "expected": ("10 mail.example",)}, ""),
        ({"type": "TXT", "expected": ("v=spf1 -all",)}, ""),
        ({"type": "AAAA"}, "the name has no AAAA record"),
        ({"host": "gone.example"}, "the name does not exist"),
    ],
    ids=range(7),
)
def test_names(names: str, config: dict[str, Any], error: str) -> None:
    found = dns(names, **config)
    assert (found.error, found.is_ok) == (error, not error)
    if found.is_ok:
        assert found.facts["records"]


def test_a_resolver_that_is_silent() -> None:
    with targets.name_server(RECORDS, silent=True) as resolver:
        assert dns(resolver, timeout=1).error == "it did not answer within 1 s"


def test_a_private_resolver_is_asked_only_where_that_is_allowed(names: str, settings: Settings) -> None:
    settings.ALLOW_PRIVATE = False
    found = dns(names)
    assert (found.is_blocked, "Tocsin does not go there" in found.error) == (True, True)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:54", ("2001:db8::1", 54)),
    ],
)
def test_addresses_of_resolvers(given: str, read: tuple[str, int]) -> None:
    assert place(given) == read


def tls(port: int, **config: Any) -> Finding:
    return run("tls", TlsConfig(**{"host": "127.0.0.1", "port": port, "timeout": 3, **config}))


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    made = Authority(tmp_path)
    with made.trusted():
        yield made


def quiet(_: socket.socket) -> None:
    """A server that only shakes hands."""


def test_certificates_that_are_good_end_soon_or_have_ended(authority: Authority) -> None:
    now = clock.now()
    with targets.tcp(quiet, authority.context(now + timedelta(days=10, hours=1))) as port:
        good = tls(port, days=7)
        assert (good.is_ok, good.facts["days left"]) == (True, 10)
        assert tls(port, days=14).error.endswith("in 10 days; 14 are wanted")
    with targets.tcp(quiet, authority.context(now - timedelta(hours=1), begins=now - timedelta(days=9))) as port:
        assert tls(port).error == "its certificate is not good: certificate has expired"
        assert tls(port, verify=False).error.startswith("its certificate ended on")
    with targets.tcp(quiet, authority.context(now + timedelta(days=90), host="shop.example.org")) as port:
        assert "its certificate is not good" in tls(port).error
        assert tls(port, verify=False).is_ok


def test_a_port_that_does_not_speak_tls() -> None:
    with targets.tcp(lambda connection: connection.sendall(b"220 mail ready\r\n")) as port:
        assert "it does not speak TLS" in tls(port).error

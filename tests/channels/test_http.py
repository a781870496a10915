"""Outbound HTTP: where it goes, where it never goes, and what it makes of answers."""

import ipaddress
import socket
import ssl
from datetime import datetime, timedelta
from typing import Any

import pytest
import trustme
from pytest_django import Settings

from tests.channels import servers
from tests.channels.servers import Receiver
from tocsin.channels import http
from tocsin.channels.contract import BadAddress, Failed, Result, Retry, Sent

S = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("address", "public_only", "with_private"),
    [
        ("93.184.215.14", True, True),  # public
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True, True),
        ("127.0.0.1", False, True),  # loopback
        ("::1", False, True),
        ("10.1.2.3", False, True),  # private
        ("192.168.0.9", False, True),
        ("fd00::1", False, True),
        ("100.64.0.1", False, True),  # behind a provider's NAT
        ("::ffff:10.1.2.3", False, True),  # private, written as IPv6
        ("169.254.169.254", False, False),  # the metadata of most clouds
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),  # the same through NAT64
        ("2002:a9fe:a9fe::1", False, False),  # the same through 6to4
        ("fd00:ec2::254", False, False),  # AWS over IPv6
        ("100.100.100.200", False, False),  # Alibaba
        ("fe80::1", False, False),  # link-local
        ("0.0.0.0", False, False),  # this host, on Linux
        ("::", False, False),
        ("224.0.0.1", False, False),  # multicast
    ],
)
def test_which_addresses_are_reached(address: str, public_only: bool, with_private: bool) -> None:
    parsed = ipaddress.ip_address(address)
    assert http.allowed(parsed, private=False) == public_only
    assert http.allowed(parsed, private=True) == with_private


def test_a_name_that_leads_home_is_refused(settings: Settings, receiver: Receiver) -> None:
    settings.ALLOW_PRIVATE = False
    for host in ("localhost", "127.0.0.1", "2130706433", "0x7f.1"):  # the last two are 127.0.0.1 as well
        with pytest.raises(http.Refused, match="not a public address"):
            http.post(f"http://{host}:{receiver.url.rpartition(':')[2]}/", b"", {})
    assert not receiver.heard


def test_the_address_that_was_checked_is_the_one_that_is_used(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is checked and home when it is used (DNS rebinding)."""
    settings.ALLOW_PRIVATE = True
    asked: list[Any] = []

    def rebinding(host: str, port: int, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    port = receiver.url.rpartition(":")[2]
    http.post(f"http://rebinding.example:{port}/", b"", {})
    assert "rebinding.example" in asked
    assert asked.count("rebinding.example") == 1  # asked once, and connected to what was answered
    assert receiver.heard[0].headers["host"] == f"rebinding.example:{port}"


def test_an_unknown_name_is_tried_again_later() -> None:
    with pytest.raises(http.Unreachable, match="not a name that can be found"):
        http.post("http://does-not-exist.invalid/", b"", {})


def test_nobody_listening_is_tried_again_later() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(http.Unreachable, match="did not answer"):
            http.post(f"http://127.0.0.1:{unused.getsockname()[1]}/", b"", {})


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answers = [(302, {"Location": "http://169.254.169.254/latest/"}, b"")]
    assert http.post(receiver.url, b"", {}).status == 302
    assert len(receiver.heard) == 1


def test_an_endless_answer_is_cut(receiver: Receiver) -> None:
    receiver.answers = [(200, {}, b"x" * 5_000_000)]
    assert len(http.post(receiver.url, b"", {}).body) == http.LONGEST_ANSWER


def test_an_answer_that_trickles_ends_at_the_deadline(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "DEADLINE", 0.2)
    receiver.answers, receiver.trickle = [(200, {}, b"x" * 100)], 0.02
    with pytest.raises(http.Unreachable):
        http.post(receiver.url, b"", {})


def test_tls_is_verified(server_tls: ssl.SSLContext) -> None:
    with servers.receiver(server_tls) as trusted:
        assert http.post(trusted.url, b"", {}).status == 200
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(stranger)
    with servers.receiver(stranger) as untrusted, pytest.raises(http.Unreachable, match="certificate"):
        http.post(untrusted.url, b"", {})


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, Sent),
        (204, {}, Sent),
        (301, {}, Failed),  # not followed, and it will not change
        (400, {}, Failed),
        (404, {}, Failed),
        (410, {}, Failed),
        (408, {}, Retry),
        (429, {"retry-after": "7"}, Retry),
        (500, {}, Retry),
        (503, {}, Retry),
    ],
)
def test_what_a_status_means(status: int, headers: dict[str, str], expected: type[Result], now: datetime) -> None:
    result = http.verdict(http.Answer(status=status, headers=headers, body=b"text"), now)
    assert isinstance(result, expected)
    if isinstance(result, Retry):
        assert result.after == (7 * S if headers else None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0 * S),
        (" 120 ", 120 * S),
        ("Wed, 04 Mar 2026 12:00:30 GMT", 30 * S),  # a date; now is 12:00:00
        ("Wed, 04 Mar 2026 11:00:00 GMT", 0 * S),  # in the past
        ("999999999999999999999999", timedelta(hours=1)),  # nobody is waited for longer
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, expected: timedelta | None, now: datetime) -> None:
    assert http.retry_after(value, now) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.com",
        "ftp://example.com",
        "http://",
        "http://exa mple.com/",
        "http://user:pw@example.com/",  # would be shown wherever the address is
        "http://169.254.169.254/",
        "http://example.com:99999/",
        "http://[::1",
        "javascript:alert(1)",
    ],
)
def test_bad_addresses_are_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(BadAddress, match=r"\.$"):
        http.checked(address)


def test_a_good_address_is_taken_as_it_is() -> None:
    assert http.checked(" https://example.com/a?b=c ") == "https://example.com/a?b=c"

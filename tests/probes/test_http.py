"""An HTTP probe against a real server that answers rightly, wrongly, slowly and not at all."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.channels import servers
from tests.channels.servers import Receiver
from tests.probes.targets import Authority
from tests.running import free_port
from tocsin import clock
from tocsin.checks.configs import HttpConfig
from tocsin.checks.kinds.http import Answer, Request, read_headers, redirected
from tocsin.checks.looking import look
from tocsin.core.probes import Finding


@pytest.fixture
def server() -> Iterator[Receiver]:
    with servers.receiver() as made:
        yield made


def ask(server: Receiver | str, headers: str = "", **config: Any) -> Finding:
    url = server if isinstance(server, str) else f"{server.url}/health"
    return look("http", HttpConfig(**{"url": url, "timeout": 5, **config}), headers, clock.now())


def test_a_site_that_is_well(server: Receiver) -> None:
    found = ask(server)
    assert found.is_ok
    assert found.facts == {"status": 200, "address": "127.0.0.1"}
    assert list(found.phases) == ["DNS", "connect", "wait", "download"]
    assert found.seconds is not None
    assert sum(found.phases.values()) <= found.seconds + 0.001


@pytest.mark.parametrize(
    ("answer", "config", "error"),
    [
        ((503, b""), {}, "it answered 503; 200-299 was expected"),
        ((404, b""), {"status": "200, 404"}, ""),
        ((200, b"all good"), {"contains": "good"}, ""),
        ((200, b"all bad"), {"contains": "good"}, "its answer does not contain “good”"),
        ((200, b"Fatal error"), {"lacks": "error"}, "its answer contains “error”"),
        ((200, b'{"db": {"ok": true}}'), {"expression": "db.ok"}, ""),
        ((200, b'{"db": {"ok": false}}'), {"expression": "db.ok"}, "`db.ok` is not true in its answer"),
        ((200, b'{"queue": 7}'), {"expression": "queue", "equals": "7"}, ""),
        ((200, b'{"state": "red"}'), {"expression": "state", "equals": "green"}, "`state` is red; green was expected"),
        ((200, b"<html>"), {"expression": "state"}, "its answer is not JSON"),
        ((200, b"{}"), {"expression": "length(state)"}, "the expression cannot be computed over its answer: "),
    ],
    ids=range(11),
)
def test_what_is_expected_of_an_answer(
    server: Receiver, answer: tuple[int, bytes], config: dict[str, Any], error: str
) -> None:
    server.answers = [(answer[0], {}, answer[1])]
    found = ask(server, **config)
    assert found.error.startswith(error) if error else found.is_ok
    assert bool(found.error) == bool(error)


def test_what_is_asked(server: Receiver) -> None:
    assert ask(server, "X-Key: s3cret\nAccept: text/plain", method="POST", body="täst").is_ok
    (heard,) = server.heard
    assert (heard.method, heard.path, heard.body) == ("POST", "/health", "täst".encode())
    assert (heard.headers["x-key"], heard.headers["accept"]) == ("s3cret", "text/plain")


def test_a_server_that_does_not_answer_in_time_is_given_up(server: Receiver) -> None:
    server.hold.clear()
    found = ask(server, timeout=1)
    assert found.error == "it did not answer within 1 s"
    assert found.seconds is not None
    assert 0.9 < found.seconds < 4


def test_a_server_that_answers_a_byte_at_a_time_is_given_up_too(server: Receiver) -> None:
    server.answers, server.trickle = [(200, {}, b"x" * 100)], 0.05
    assert ask(server, timeout=1).error == "it did not answer within 1 s"


def test_a_slow_answer_may_be_too_slow(server: Receiver) -> None:
    server.answers, server.trickle = [(200, {}, b"xxxxx")], 0.02
    assert "20 ms are allowed" in ask(server, max_ms=20).error


def test_where_nobody_listens() -> None:
    assert ask(f"http://127.0.0.1:{free_port()}/").error == "it cannot be asked: connection refused"


def test_a_name_that_is_not_there() -> None:
    assert "is not a name that can be found" in ask("http://nowhere.invalid/").error


def test_redirects_are_followed_or_are_the_answer(server: Receiver) -> None:
    moved = (302, {"Location": "/elsewhere"}, b"")
    server.answers = [moved, (200, {}, b"here")]
    assert ask(server, contains="here").is_ok
    assert [h.path for h in server.heard] == ["/health", "/elsewhere"]
    server.answers = [moved]
    assert ask(server, follow=False, status="302").is_ok
    assert ask(server).error == "it redirected more than 5 times"


def test_secret_headers_are_not_sent_to_another_host(server: Receiver) -> None:
    with servers.receiver() as other:
        server.answers = [(307, {"Location": f"{other.url}/"}, b"")]
        assert ask(server, "Authorization: Bearer s3cret", method="POST", body="secret").is_ok
    assert server.heard[0].headers["authorization"] == "Bearer s3cret"
    assert "authorization" not in other.heard[0].headers
    assert (other.heard[0].method, other.heard[0].body) == ("GET", b"")


@pytest.mark.parametrize("place", ["http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://0.0.0.0/"])
def test_metadata_and_link_local_addresses_are_never_asked(place: str) -> None:
    found = ask(place)
    assert ("is not a public address" in found.error, found.is_blocked) == (True, True)


def test_private_addresses_are_asked_only_where_that_is_allowed(server: Receiver, settings: Settings) -> None:
    settings.ALLOW_PRIVATE = False
    assert "is not a public address" in ask(server).error
    assert not server.heard


def test_a_redirect_does_not_lead_to_where_tocsin_does_not_go(server: Receiver) -> None:
    server.answers = [(302, {"Location": "http://169.254.169.254/latest/meta-data"}, b"")]
    found = ask(server)
    assert found.error.startswith("it redirected to 169.254.169.254; 169.254.169.254 is not a public address")
    assert not found.is_blocked  # customers are sent there too


def test_a_redirect_to_something_else_is_refused(server: Receiver) -> None:
    server.answers = [(302, {"Location": "file:///etc/passwd"}, b"")]
    assert ask(server).error == "it redirected to what is not a web address"


def test_certificates_are_checked_unless_told_otherwise(tmp_path: Path) -> None:
    authority, now = Authority(tmp_path), clock.now()
    with servers.receiver(authority.context(now + timedelta(days=90))) as good:
        assert "its certificate or its TLS is not good" in ask(good).error
        assert ask(good, verify=False).is_ok
        with authority.trusted():
            found = ask(good)
        assert found.is_ok
        assert "TLS" in found.phases
    over = authority.context(now - timedelta(days=1), begins=now - timedelta(days=9))
    with servers.receiver(over) as ended, authority.trusted():
        assert "expired" in ask(ended).error


@pytest.mark.parametrize("text", ["no colon", ": empty", "Na me: x", "X: é"])
def test_headers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a header"):
        read_headers(text)


def test_after_a_redirect_a_form_is_not_sent_again() -> None:
    first = Request(method="POST", url="https://a.example/x", headers={"X": "1"}, body=b"data")
    second = redirected(first, Answer(status=303, location="y", body=b""))
    assert (second.method, second.url, second.body, second.headers) == ("GET", "https://a.example/y", b"", {"X": "1"})
    kept = redirected(first, Answer(status=308, location="/z", body=b""))
    assert (kept.method, kept.body) == ("POST", b"data")

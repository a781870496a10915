"""E-mail, handed to a real SMTP server."""

import socket
import ssl
import threading
from dataclasses import replace
from time import monotonic

import pytest
from pytest_django import Settings

from tests.channels import servers
from tests.channels.servers import Mailbox
from tocsin.channels import http
from tocsin.channels.contract import BadAddress, Content, Failed, Letter, Result, Retry, Sent
from tocsin.channels.email import smtp
from tocsin.channels.email.address import check
from tocsin.channels.email.mail import html_of
from tocsin.channels.email.smtp import send, server_of
from tocsin.outbox import claims


@pytest.fixture
def mail(letter: Letter, mailbox: Mailbox, settings: Settings) -> Letter:
    settings.SMTP_URL = f"smtp://127.0.0.1:{mailbox.port}"
    settings.DEFAULT_FROM_EMAIL = "Tocsin <tocsin@example.com>"
    settings.PUBLIC_URL = "https://tocsin.example"
    return replace(letter, kind="email", target="ada@example.com")


def test_a_mail_says_the_same_in_text_and_html(mail: Letter, mailbox: Mailbox) -> None:
    assert isinstance(send(mail), Sent)
    (got,) = mailbox.mails
    assert (got["Subject"], got["From"], got["To"]) == (
        "Disk full on db1",
        "Tocsin <tocsin@example.com>",
        "ada@example.com",
    )
    for kind in ("plain", "html"):
        part = got.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert "http://tocsin.example/ack/abc/" in text
        assert "Only 2 % left." in text
        assert "Checkout" in text
    assert mailbox.senders == ["tocsin@example.com"]
    assert got["Auto-Submitted"] == "auto-generated"


def test_a_mail_sent_again_is_the_same_mail(mail: Letter, mailbox: Mailbox) -> None:
    result = send(mail)
    send(mail)
    send(replace(mail, key="another page"))
    first, second, third = (m["Message-ID"] for m in mailbox.mails)
    assert first == second != third
    assert first.endswith("@tocsin.example>")
    assert result == Sent(provider_id=first)


def test_what_monitoring_says_cannot_become_markup_or_headers(mail: Letter, mailbox: Mailbox) -> None:
    evil = Content(
        purpose="page", title="a\r\nBcc: eve@example.com", text="<script>1</script>", facts=(("<b>", "<i>"),)
    )
    send(replace(mail, content=evil))
    (got,) = mailbox.mails
    assert got["Bcc"] is None
    assert got["Subject"] == "a Bcc: eve@example.com"
    assert "<script>" not in html_of(evil)
    assert "<b>" not in html_of(evil)


def test_other_alphabets_arrive(mail: Letter, mailbox: Mailbox) -> None:
    send(replace(mail, content=Content(purpose="page", title="磁盘已满 — größer 🔥", text="Ünïcödé " * 200)))
    (got,) = mailbox.mails
    assert got["Subject"] == "磁盘已满 — größer 🔥"
    body = got.get_body(("plain",))
    assert body is not None
    assert "Ünïcödé" in body.get_content()


@pytest.mark.parametrize(
    ("recipient", "data", "expected"),
    [
        ("550 no such user", "", Failed),  # the mailbox is not there
        ("451 greylisted, come again", "", Retry),
        ("", "554 looks like spam", Failed),
        ("", "452 disk full", Retry),
    ],
)
def test_what_the_server_refuses(
    recipient: str, data: str, expected: type[Result], mail: Letter, mailbox: Mailbox
) -> None:
    mailbox.refuse_recipient, mailbox.refuse_mail = recipient, data
    result = send(mail)
    assert isinstance(result, expected)
    assert isinstance(result, Failed | Retry)
    assert (recipient or data)[4:] in result.error


def test_a_server_that_is_down_is_tried_again(mail: Letter, settings: Settings) -> None:
    settings.SMTP_URL = "smtp://127.0.0.1:1"
    assert isinstance(send(mail), Retry)


def test_without_a_server_the_mail_fails_with_the_cure(mail: Letter, settings: Settings) -> None:
    settings.SMTP_URL = ""
    result = send(mail)
    assert isinstance(result, Failed)
    assert "TOCSIN_SMTP_URL" in result.error


def test_starttls_is_used_where_it_is_offered(mail: Letter, settings: Settings, server_tls: ssl.SSLContext) -> None:
    with servers.mailbox(starttls=server_tls) as box:
        settings.SMTP_URL = f"smtp://127.0.0.1:{box.port}"
        assert isinstance(send(mail), Sent)
        assert box.over_tls == [True]


def test_tls_from_the_start_with_a_password(mail: Letter, settings: Settings, server_tls: ssl.SSLContext) -> None:
    with servers.mailbox(tls=server_tls) as box:
        box.user, box.password = "ada@example.com", "p@ss/word"
        settings.SMTP_URL = f"smtps://ada%40example.com:p%40ss%2Fword@127.0.0.1:{box.port}"
        assert isinstance(send(mail), Sent)
        settings.SMTP_URL = f"smtps://ada%40example.com:wrong@127.0.0.1:{box.port}"
        result = send(mail)
        assert isinstance(result, Failed)
        assert "535" in result.error


def test_a_password_is_not_sent_in_the_clear(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "_LOCAL", set())  # as if the server were elsewhere
    with pytest.raises(smtp.Unsafe, match="STARTTLS"):
        smtp._hand_over(server_of(f"smtp://user:pw@127.0.0.1:{mailbox.port}"), b"", "ada@example.com", monotonic() + 5)


def test_the_url_says_where_and_how() -> None:
    assert (server_of("smtp://mail.example").port, server_of("smtps://mail.example").port) == (25, 465)
    assert server_of("smtp://mail.example:587").verify
    assert not server_of("smtp://mail.example:587?verify=no").verify
    assert not server_of("smtp://localhost:25").verify  # its certificate names nobody


@pytest.mark.parametrize(("typed", "taken"), [(" Ada@Example.COM ", "Ada@example.com"), ("a+b@x.org", "a+b@x.org")])
def test_good_addresses(typed: str, taken: str) -> None:
    assert check(typed) == taken


@pytest.mark.parametrize("typed", ["", "ada", "ada@", "a b@example.com", "a@b.com\r\nBcc: c@d.com"])
def test_bad_addresses(typed: str) -> None:
    with pytest.raises(BadAddress):
        check(typed)


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("smtp", b"2"),  # a byte now and then
        ("smtp", b"220-welcome\r\n"),  # lines without end
        ("smtps", b""),  # nothing at all
    ],
)
def test_a_server_that_never_comes_to_its_end_is_left_at_the_deadline(
    mail: Letter, settings: Settings, monkeypatch: pytest.MonkeyPatch, said: bytes, scheme: str
) -> None:
    monkeypatch.setattr(smtp, "DEADLINE", 0.3)
    with servers.dripping(said, every=0.02) as port:
        settings.SMTP_URL = f"{scheme}://127.0.0.1:{port}"
        begun = monotonic()
        result = send(mail)
    assert monotonic() - begun < 1.5
    assert isinstance(result, Retry)
    assert "not done within 0 s" in result.error


def test_a_slow_name_server_holds_nothing_up(mail: Letter, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(10) and [])
    monkeypatch.setattr(smtp, "STEP", 0.1)
    settings.SMTP_URL = "smtp://mail.example.com"
    result = send(mail)
    over.set()
    assert isinstance(result, Retry)
    assert "could not be looked up" in result.error


def test_whatever_a_server_does_a_send_ends_long_before_its_lease() -> None:
    assert max(smtp.DEADLINE, http.DEADLINE) * 2 < claims.LEASE.total_seconds()

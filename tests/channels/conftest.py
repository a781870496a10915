"""Servers and letters for the channels' tests."""

import ssl
from collections.abc import Iterator

import pytest
import trustme

from tests.channels import servers
from tocsin.channels import http
from tocsin.channels.contract import Content, Letter
from tocsin.channels.email import smtp

CONTENT = Content(
    purpose="page",
    title="Disk full on db1",
    text="Only 2 % left.\n\nIt grows by 1 % an hour.",
    url="http://tocsin.example/alerts/7/",
    ack_url="http://tocsin.example/ack/abc/",
    facts=(("Service", "Checkout"), ("Value", "2 % < 5 %")),
    severity="critical",
    data={"group": 7},
)


@pytest.fixture
def letter() -> Letter:
    return Letter(kind="webhook", target="", secret="", key="page 7 of ada", content=CONTENT)


@pytest.fixture
def receiver() -> Iterator[servers.Receiver]:
    with servers.receiver() as made:
        yield made


@pytest.fixture
def mailbox() -> Iterator[servers.Mailbox]:
    with servers.mailbox() as made:
        yield made


@pytest.fixture
def server_tls(monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's certificate by an authority that this process trusts."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with authority.cert_pem.tempfile() as path:
        monkeypatch.setenv("SSL_CERT_FILE", path)
        http._tls.cache_clear()
        smtp._tls.cache_clear()
        yield context
    http._tls.cache_clear()
    smtp._tls.cache_clear()

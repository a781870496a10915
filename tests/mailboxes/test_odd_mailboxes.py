"""A mailbox that cannot be looked into is shown as a problem, whatever the reason: mails page people."""

import socket
import threading
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.apps.hearing import make_integration
from tocsin import clock
from tocsin.health.problems import open_problems
from tocsin.mailboxes import pulling
from tocsin.mailboxes.models import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def port(settings: object) -> Iterator[int]:
    """A server that knows LOGIN and no AUTH=PLAIN, as RFC 3501 has it."""
    settings.ALLOW_PRIVATE = True  # type: ignore[attr-defined]
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            with peer, peer.makefile("rwb") as file:
                file.write(b"* OK ready\r\n")
                file.flush()
                for line in file:
                    tag, _, rest = line.partition(b" ")
                    if rest.upper().startswith(b"CAPABILITY"):
                        file.write(b"* CAPABILITY IMAP4rev1\r\n")
                    file.write(tag + b" OK done\r\n")
                    file.flush()
                    if rest.upper().startswith(b"LOGOUT"):
                        break

    threading.Thread(target=serve, daemon=True).start()
    yield listening.getsockname()[1]
    listening.close()


def mailbox(port: int) -> Mailbox:
    now = clock.now()
    return Mailbox.objects.create(
        integration=make_integration(kind="email"), host="127.0.0.1", port=port, security="none", user="ada",
        password="pässwört", next_due=now, created_at=now,
    )  # fmt: skip


def test_a_password_that_is_not_ascii_at_a_server_that_takes_no_other(port: int) -> None:
    row = mailbox(port)
    pulling.pull_due(clock.now())
    row.refresh_from_db()
    assert [p.key for p in open_problems()] == [pulling.problem(row)]
    assert row.error == "the server takes no user name or password with letters other than ASCII"


def test_a_password_whose_key_is_lost(port: int) -> None:
    row = mailbox(port)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailboxes_mailbox SET password = 'gibberish' WHERE id = %s", [row.pk])
    pulling.pull_due(clock.now())
    assert [p.key for p in open_problems()] == [pulling.problem(row)]
    said = Mailbox.objects.defer("password").get(pk=row.pk)
    assert said.error.startswith("its password was sealed with another TOCSIN_SECRET_KEY")
    assert said.failures == 1

"""Mails come in by SMTP: real clients and sockets, a store that can be stopped."""

import asyncio
import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import trustme
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.test_commit import StoppableStore, settle
from tocsin.ingest import smtp
from tocsin.ingest.bodies import nobody
from tocsin.ingest.commit import Committer
from tocsin.ingest.contract import LARGEST, LARGEST_KNOWN, Key, Unavailable
from tocsin.ingest.smtp import Listener
from tocsin.ingest.sorting import Sorter
from tocsin.sealing import fingerprint
from tocsin.sources.email import mail

KEY, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
HOST = "tocsin.example.org"
TO = f"{KEY}@{HOST}"
MAIL = f"From: cron@db1\r\nTo: {TO}\r\nSubject: Disk full\r\nMessage-ID: <1@db1>\r\n\r\nvery full\r\n"


class MailStore(StoppableStore):
    def __init__(self) -> None:
        super().__init__()
        self.going.set()
        self.rows: list[Any] = []  # that were written

    async def write(self, rows: Any) -> None:
        await super().write(rows)
        self.taken |= {row.receipt for row in rows}
        self.rows += rows

    async def keys(self, fingerprints: Any) -> dict[str, Key]:
        if isinstance(self.error, Unavailable):
            raise self.error
        known = {KEY: Key(integration_id=1, kind="email"), OTHER: Key(integration_id=2, kind="email")}
        known["9" * 32] = Key(integration_id=3, kind="generic")
        return {fingerprint(key): found for key, found in known.items()}


@contextlib.asynccontextmanager
async def listening(
    store: StoppableStore, most_rows: int = 100, tls: Any = None, refused: Any = nobody
) -> AsyncIterator[Listener]:
    held = socket.create_server(("127.0.0.1", 0))
    sorter = Sorter(store, Committer(store, most_rows=most_rows), host=HOST, public_host=HOST)
    listener = Listener(sorter, held, tls=tls, refused=refused)
    await listener.open()
    try:
        yield listener
    finally:
        await listener.close()


def send(port: int, raw: str | bytes = MAIL, *to: str, sender: str = "cron@db1", tls: Any = None) -> dict[str, Any]:
    """Those of the recipients that were refused."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="db1", timeout=20) as client:
        if tls is not None:
            client.starttls(context=tls)
        return client.sendmail(sender, list(to) or [TO], raw)


async def sent(listener: Listener, *given: Any, **more: Any) -> Any:
    return await asyncio.to_thread(send, listener.port, *given, **more)


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(4000):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")


def run(story: Callable[[MailStore], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story(MailStore()))


def test_250_is_said_after_the_commit_and_not_before() -> None:
    async def story(store: MailStore) -> None:
        store.going.clear()
        async with listening(store) as listener:
            sending = asyncio.ensure_future(sent(listener))
            await until(lambda: bool(store.batches))
            await settle()
            assert not sending.done()
            store.going.set()
            assert await sending == {}
        (row,) = store.rows
        assert (row.integration_id, row.kind) == (1, "email")
        assert row.body.startswith(f"X-Tocsin-To: @{HOST}\r\nX-Tocsin-From: cron@db1\r\nFrom: cron@db1\r\n".encode())
        assert KEY.encode() not in row.body
        assert mail.read(row.body).text == "very full"

    run(story)


def test_the_last_answer_names_the_receipts_also_of_a_mail_that_comes_again() -> None:
    async def story(store: MailStore) -> None:
        def said(port: int, *to: str) -> str:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="db1", timeout=20) as client:
                client.helo("db1")
                client.mail("cron@db1")
                for address in to:
                    client.rcpt(address)
                return client.data(MAIL)[1].decode()

        async with listening(store) as listener:
            many = [f"{KEY}+{number}@{HOST}" for number in range(40)]
            first, again, both, all_ = [
                await asyncio.to_thread(said, listener.port, *to)
                for to in ((TO,), (TO,), (TO, f"{OTHER}@{HOST}"), many)
            ]
        assert first == again == f"2.0.0 Taken {store.rows[0].receipt}"
        assert both == f"{first} {store.rows[1].receipt}"
        assert all_.count("-") == 4 * 12

    run(story)


def test_a_store_that_fails_says_451_and_the_mail_that_comes_again_is_taken_once() -> None:
    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            await sent(listener, "Subject: first\r\n\r\n")  # the key is remembered
            store.error = Unavailable()
            with pytest.raises(smtplib.SMTPDataError) as refused:
                await sent(listener)
            assert refused.value.smtp_code == 451
            store.error = None
            assert len(store.rows) == 1
            for _ in range(3):  # its 250 was lost on the way
                await sent(listener)
            assert len(store.rows) == 2

    run(story)


def test_an_address_cannot_be_looked_up_while_the_store_is_away() -> None:
    async def story(store: MailStore) -> None:
        store.error = Unavailable()
        async with listening(store) as listener:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                await sent(listener)
        assert refused.value.recipients[TO][0] == 451

    run(story)


def test_a_full_queue_says_451() -> None:
    async def story(store: MailStore) -> None:
        async with listening(store, most_rows=0) as listener:
            with pytest.raises(smtplib.SMTPDataError) as refused:
                await sent(listener)
            assert refused.value.smtp_code == 451

    run(story)


def test_mails_that_are_not_copies_are_all_taken() -> None:
    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            for raw in ("Subject: x\r\n\r\n", "Subject: x\r\n\r\n", MAIL, MAIL.replace("very", "still")):
                await sent(listener, raw)
        assert len(store.rows) == 4

    run(story)


@pytest.mark.parametrize(
    "address",
    [
        f"{'a' * 32}@{HOST}",
        f"{KEY}@example.com",
        f"{'9' * 32}@{HOST}",
        "postmaster@example.com",
        f"x+{KEY}@{HOST}",
        KEY,
    ],
)
def test_nothing_is_taken_for_others_and_nothing_is_sent_on(address: str) -> None:
    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                await sent(listener, MAIL, address)
            assert refused.value.recipients[address][0] == 550
        assert store.batches == []

    run(story)


def test_each_recipient_has_an_event_of_its_own() -> None:
    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            to = [TO, f"{OTHER.upper()}+disk-db1@{HOST.upper()}", TO, f"{'a' * 32}@{HOST}"]
            refused = await sent(listener, MAIL, *to)
        assert [code for code, _ in refused.values()] == [550]
        assert sorted(row.integration_id for row in store.rows) == [1, 2]
        tags = {row.integration_id: mail.read(row.body).headers.get("x-tocsin-tag", "") for row in store.rows}
        assert tags == {1: "", 2: "disk-db1"}

    run(story)


def test_a_mail_that_is_too_large_is_refused_for_good_announced_or_not_and_its_integration_is_told() -> None:
    async def story(store: MailStore) -> None:
        big = "Subject: x\r\n\r\n" + "a line of a long log\r\n" * 400_000
        told: list[tuple[int, int]] = []

        def unannounced(port: int) -> tuple[int, bytes]:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="db1", timeout=20) as client:
                client.helo("db1")
                client.mail("a@b")
                client.rcpt(TO)
                return client.data(big)

        async with listening(store, refused=lambda *said: told.append(said)) as listener:
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                await sent(listener, big, f"{'a' * 32}@{HOST}")
            assert (refused.value.recipients[f"{'a' * 32}@{HOST}"][0], told) == (550, [])
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                await sent(listener, big)
            assert refused.value.recipients[TO][0] == 552
            assert (await asyncio.to_thread(unannounced, listener.port))[0] == 552
            assert told == [(1, LARGEST_KNOWN)] * 2
            await sent(listener, "Subject: x\r\n\r\n" + "one line " * 20_000)  # longer than lines may be, but not large
        assert len(store.rows) == 1
        assert len(big) > LARGEST_KNOWN
        assert len(told) == 2

    run(story)


def test_of_a_large_mail_the_beginning_is_kept() -> None:
    async def story(store: MailStore) -> None:
        picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ\r\n" * 60_000
        async with listening(store) as listener:
            assert await sent(listener, f"{MAIL}{picture}") == {}
        (row,) = store.rows
        assert LARGEST < len(row.body) < LARGEST + 200
        assert mail.read(row.body).text.startswith("very full")

    run(story)


def test_of_many_large_mails_at_once_some_have_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "MOST_HELD", 2 * LARGEST)

    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(f"HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<{TO}>\r\nDATA\r\n".encode())
            with contextlib.suppress(ConnectionError):  # what it still sends meets nobody
                writer.write(b"a line of a long log\r\n" * 70_000)
                await writer.drain()
                await asyncio.wait_for(reader.read(), 20)
            writer.close()
            await until(lambda: not listener.dialogues)
            assert store.rows == []
            assert await sent(listener) == {}

    run(story)


def test_a_line_without_an_end_ends_the_connection() -> None:
    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            with contextlib.suppress(ConnectionError):
                writer.write(b"a" * 4 * LARGEST)
                await writer.drain()
                await reader.read()
            writer.close()
            await until(lambda: not listener.dialogues)

    run(story)


def test_the_banner_and_the_answers_say_no_version() -> None:
    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(b"EHLO x\r\nHELP\r\nVRFY root\r\nAUTH PLAIN AGEAYg==\r\nQUIT\r\n")
            said = (await reader.read()).decode()
            writer.close()
        assert said.startswith(f"220 {HOST} ESMTP\r\n")
        assert f"250-SIZE {LARGEST_KNOWN}" in said
        assert "aiosmtpd" not in said.lower()
        assert "python" not in said.lower()

    run(story)


def _tls() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_starttls(runner: Any) -> None:
    async def story(store: MailStore) -> None:
        server, client = _tls()
        async with listening(store, tls=server) as listener:
            assert await sent(listener, tls=client) == {}
        assert len(store.rows) == 1

    runner(story(MailStore()))


def test_what_is_on_its_way_at_the_end_is_taken_first() -> None:
    async def story(store: MailStore) -> None:
        store.going.clear()
        async with listening(store) as listener:
            idle_reader, idle = await asyncio.open_connection("127.0.0.1", listener.port)
            await idle_reader.readline()
            sending = asyncio.ensure_future(sent(listener))
            await until(lambda: bool(store.batches))
            ending = asyncio.ensure_future(listener.close())
            assert (await idle_reader.read()).startswith(b"421 ")
            idle.close()
            assert not ending.done()
            store.going.set()
            await ending
            assert await sending == {}

    run(story)


def test_our_own_mails_and_reports_about_them_are_refused_and_those_of_other_machines_are_not() -> None:
    own = f"Subject: Alert\r\nAuto-Submitted: auto-generated\r\nX-Tocsin-Sent-By: {HOST}\r\n\r\nhi"
    report = f"Subject: Undelivered\r\nAuto-Submitted: auto-replied\r\n\r\n--b\r\n{own}"

    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            for raw, sender in ((own, "t@x"), (report, "")):
                with pytest.raises(smtplib.SMTPDataError) as refused:
                    await sent(listener, raw, sender=sender)
                assert refused.value.smtp_code == 554
            for raw in (report.replace(HOST, "other"), "Subject: x\r\nPrecedence: bulk\r\nList-Id: x\r\n\r\n"):
                await sent(listener, raw, sender="")
        assert len(store.rows) == 2

    run(story)


def test_more_connections_than_there_may_be_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "MOST_CONNECTIONS", 1)

    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            await reader.readline()
            with pytest.raises(smtplib.SMTPConnectError) as refused:
                await sent(listener)
            assert refused.value.smtp_code == 421
            writer.close()

    run(story)


LINES = st.sampled_from(
    [b"EHLO x", b"HELO x", b"MAIL FROM:<a@b>", b"MAIL FROM:<>", b"MAIL FROM:<a@b> SIZE=9e9", f"RCPT TO:<{TO}>".encode(),
     b"RCPT TO:<", b"RCPT TO:<a@b> X=", b"DATA", b".", b"", b"RSET", b"NOOP", b"STARTTLS", b"AUTH PLAIN", b"\xff\x00"]
) | st.binary(max_size=20)  # fmt: skip


@settings(max_examples=25)
@given(lines=st.lists(LINES, max_size=12), end=st.sampled_from([b"\r\n", b"\n"]))
def test_whatever_is_said_there_is_an_answer_and_the_next_caller_is_heard(lines: list[bytes], end: bytes) -> None:
    async def story(store: MailStore) -> None:
        async with listening(store) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(end.join([*lines, b"\r\n.\r\nQUIT\r\n"]))
            answers = await asyncio.wait_for(reader.read(), 20)
            writer.close()
            assert answers.endswith(b"\r\n")  # only both end a line (RFC 5321 2.3.8); one alone may be repeated
            assert all(re.match(rb"\d{3}[ -]", line) for line in answers.split(b"\r\n")[:-1]), answers
            before = len(store.rows)
            await sent(listener, "Subject: next\r\n\r\n")
            assert len(store.rows) == before + 1

    run(story)

"""Mails are fetched from a real IMAP server."""

import imaplib
from datetime import timedelta
from typing import Any

import pytest

from tests.apps.hearing import make_integration
from tests.conftest import NOON
from tests.mailboxes.dovecot import Box, Server, given
from tocsin.alerts.models import Event
from tocsin.core.permissions import NOBODY, TOCSIN, Denied
from tocsin.health.models import Problem
from tocsin.mailboxes import actions, imap, pulling
from tocsin.mailboxes.models import Mailbox
from tocsin.people.problems import Refused
from tocsin.services.models import Integration
from tocsin.sources.email import mail

pytestmark = pytest.mark.django_db
MAIL = "From: cron@db1\r\nSubject: {0}\r\nMessage-ID: <{0}@db1>\r\n\r\ntext\r\n"


def made(box: Box, **more: object) -> Mailbox:
    return actions.save(TOCSIN, make_integration(kind="email"), NOON, **given(box, **more))


def pull(row: Mailbox, minutes: int = 1) -> int:
    return pulling.pull(Mailbox.objects.get(pk=row.pk), NOON + timedelta(minutes=minutes))


def subjects() -> list[str]:
    return [mail.read(bytes(body)).subject for body in Event.objects.order_by("id").values_list("body", flat=True)]


def test_what_was_there_stays_and_what_comes_is_an_event_once(box: Box) -> None:
    box.put(MAIL.format("old"))
    row = made(box)
    assert pull(row) == 0
    box.put(MAIL.format("one"))
    box.put("Subject: two\r\n\r\nno number")
    assert pull(row) == 2
    assert pull(row) == 0
    assert subjects() == ["one", "two"]
    assert (box.count("SEEN"), box.count("UNSEEN")) == (2, 1)
    row.refresh_from_db()
    assert (row.good_at, row.heard_at) == (NOON + timedelta(minutes=1),) * 2


def test_what_breaks_between_commit_and_mark_loses_nothing_and_doubles_nothing(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = made(box)
    pull(row)
    box.put(MAIL.format("one"))
    box.put("Subject: two\r\n\r\nno number")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(imap.Folder, "settle", crash)
        with pytest.raises(KeyboardInterrupt):
            pull(row)
    assert subjects() == ["one"]
    assert pull(row) == 2
    assert subjects() == ["one", "two"]
    assert box.count("UNSEEN") == 0


def test_moved_and_deleted(box: Box) -> None:
    box.make("Gel&APY-scht")
    row = made(box, afterwards="move", move_to="Gelöscht")
    pull(row)
    box.put(MAIL.format("one"))
    pull(row)
    assert (box.count(), box.count(folder="Gel&APY-scht")) == (0, 1)
    actions.save(TOCSIN, row.integration, NOON, **given(box, afterwards="delete", password=""))
    box.put(MAIL.format("two"))
    pull(row)
    assert box.count() == 0
    assert subjects() == ["one", "two"]


def test_a_folder_that_is_not_there_any_more_is_told_and_the_mail_is_an_alert_nevertheless(box: Box) -> None:
    row = made(box, afterwards="move", move_to="Nowhere")
    pull(row)
    for name in ("one", "two"):
        box.put(MAIL.format(name))
    assert pull(row) == 2
    assert subjects() == ["one", "two"]
    assert "does not move the mail" in Problem.objects.get(over_at=None).detail
    assert pull(row) == 0
    assert Problem.objects.filter(over_at=None).exists()
    box.make("Nowhere")
    box.put(MAIL.format("three"))
    assert pull(row) == 1
    assert not Problem.objects.filter(over_at=None).exists()


def test_a_folder_with_new_numbers_is_looked_through_and_copies_are_known(box: Box) -> None:
    box.make("Alerts")
    row = made(box, folder="Alerts")
    pull(row)
    box.put(MAIL.format("one"), "Alerts")
    pull(row)
    box.drop("Alerts")
    box.make("Alerts")
    for name in ("one", "two"):
        box.put(MAIL.format(name), "Alerts")
    pull(row)
    assert subjects() == ["one", "two"]


def test_a_mailbox_that_breaks_is_a_problem_until_it_works_and_is_tried_less_often(box: Box) -> None:
    row = made(box)
    Mailbox.objects.update(password="wrong")
    pull(row)
    problem = Problem.objects.get()
    assert problem.title == f"The mailbox {box.user} at 127.0.0.1 does not work"
    assert "does not let" in problem.detail
    pull(row)
    pull(row)
    row.refresh_from_db()
    assert row.next_due == NOON + timedelta(minutes=3)
    Mailbox.objects.update(password="secret")
    pull(row)
    assert Problem.objects.filter(over_at=None).count() == 0
    row.refresh_from_db()
    assert (row.error, row.failures) == ("", 0)


def test_what_is_taken_out_or_switched_off_is_no_problem_any_more(box: Box) -> None:
    row = made(box)
    Mailbox.objects.update(password="wrong")
    pull(row)
    Integration.objects.update(is_enabled=False)
    assert pulling.forget(NOON) == 0
    assert not Problem.objects.filter(over_at=None).exists()
    assert Mailbox.objects.exists()
    Integration.objects.update(deleted_at=NOON)
    gone = Mailbox.objects.get()
    assert pulling.forget(NOON) == 1
    pulling.pull(gone, NOON)  # it had begun before
    assert not Problem.objects.filter(over_at=None).exists()


def test_a_mail_at_which_dovecot_hangs_up_is_fetched_again_and_the_others_go_on(box: Box) -> None:
    row = made(box)
    pull(row)
    box.put(MAIL.format("one"))
    box.permit(0)
    box.put(MAIL.format("two"))
    pull(row)
    pull(row)
    assert subjects() == ["two"]
    assert not Problem.objects.filter(over_at=None).exists()  # it may be over in a moment
    for _ in range(3):
        pull(row)
    problem = Problem.objects.get(over_at=None)
    assert problem.title == f"1 mail in the mailbox {box.user} at 127.0.0.1 cannot be fetched"
    box.put(MAIL.format("three"))
    pull(row)
    assert subjects() == ["two", "three"]
    box.permit(0o644)
    pull(row)
    assert subjects() == ["two", "three", "one"]
    assert box.count("UNSEEN") == 0
    assert not Problem.objects.filter(over_at=None).exists()
    row.refresh_from_db()
    assert row.withheld == {}


def test_a_mail_that_the_server_does_not_hand_out_is_fetched_again(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    row = made(box)
    pull(row)
    for name in ("one", "two"):
        box.put(MAIL.format(name))
    uid, withheld = imaplib.IMAP4.uid, ["1"]

    def answered(client: imaplib.IMAP4, command: str, *arguments: str) -> tuple[str, list[Any]]:
        is_refused = command == "FETCH" and arguments[0] in withheld
        return ("NO", [b"[UNAVAILABLE] Try later."]) if is_refused else uid(client, command, *arguments)

    monkeypatch.setattr(imaplib.IMAP4, "uid", answered)
    for _ in range(2):
        pull(row)
    assert subjects() == ["two"]
    assert not Problem.objects.exists()  # it may be over in a moment
    pull(row)
    problem = Problem.objects.get()
    assert problem.title == f"1 mail in the mailbox {box.user} at 127.0.0.1 cannot be fetched"
    assert "The server says: [UNAVAILABLE] Try later. It may be an alert" in problem.detail
    withheld.clear()
    pull(row)
    assert subjects() == ["two", "one"]
    assert not Problem.objects.filter(over_at=None).exists()


def test_one_that_is_deleted_meanwhile_is_no_problem_any_more(box: Box) -> None:
    row = made(box)
    pull(row)
    box.put(MAIL.format("one"))
    box.permit(0)
    for _ in range(4):
        pull(row)
    assert Problem.objects.filter(over_at=None).exists()
    box.empty()
    pull(row)
    assert not Problem.objects.filter(over_at=None).exists()
    assert subjects() == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([None], None),  # gone
        ([b"3 (FLAGS (\\Seen))"], None),  # something about another one
        ([(b"1 (UID 1 BODY[]<0> {0}", b""), b")"], b""),
        ([(b"1 (UID 1 BODY[]<0> {3}", b"a\r\n"), b")"], b"a\r\n"),
        ([b'1 (UID 1 BODY[]<0> "Subject: \\"x\\"")'], b'Subject: "x"'),
        ([b'1 (UID 1 BODY[] "")'], b""),
    ],
)
def test_what_a_server_says_of_a_mail(said: list[object], text: bytes | None) -> None:
    assert imap._text_of(said) == text


def test_a_mail_without_a_text_is_not_taken_for_gone() -> None:
    with pytest.raises(imap.Withheld):
        imap._text_of([b"1 (UID 1 BODY[]<0> NIL)"])


def test_our_own_mails_are_marked_and_are_no_alerts(box: Box) -> None:
    row = made(box)
    pull(row)
    box.put("Subject: Alert\r\nX-Tocsin-Sent-By: localhost\r\n\r\nhi")
    pull(row)
    assert subjects() == []
    assert box.count("UNSEEN") == 0


def test_a_mail_of_many_megabytes_gives_its_beginning(box: Box) -> None:
    row = made(box)
    pull(row)
    box.put("Subject: big\r\n\r\n" + "a line\r\n" * 200_000)
    assert pull(row) == 1
    assert subjects() == ["big"]
    assert len(bytes(Event.objects.get().body)) < imap.LARGEST + 1000


def test_trying_says_what_is_there_and_changes_nothing(box: Box) -> None:
    box.put(MAIL.format("old"))
    integration = make_integration(kind="email")
    said = actions.try_it(TOCSIN, integration, NOON, **given(box))
    assert said.startswith(f"It works: INBOX of {box.user} has 1 mail, 1 of them unread.")
    assert box.count("UNSEEN") == 1
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"password": "no"}, "does not let"),
        ({"folder": "Nowhere"}, "no folder “Nowhere”"),
        ({"port": 1}, "cannot be connected to"),
        ({"security": "tls"}, "cannot be connected to"),
        ({"security": "starttls", "host": "localhost"}, "cannot be connected to: .*unable to get local issuer"),
    ],
)
def test_trying_says_what_is_wrong(box: Box, wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        actions.try_it(TOCSIN, make_integration(kind="email"), NOON, **given(box, **wrong))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mails_come_over_tls_where_the_authority_is_trusted(
    server: Server, box: Box, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SSL_CERT_FILE` is how an authority of one's own is told to any program that uses OpenSSL."""
    there = {"host": "localhost", "security": security, "port": server.tls if security == "tls" else server.port}
    integration = make_integration(kind="email")
    with pytest.raises(Refused, match=r"cannot be connected to: .*unable to get local issuer"):
        actions.try_it(TOCSIN, integration, NOON, **given(box, **there))
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    assert actions.try_it(TOCSIN, integration, NOON, **given(box, **there)).startswith("It works")
    row = actions.save(TOCSIN, integration, NOON, **given(box, **there))
    pull(row)
    box.put(MAIL.format("sealed"))
    assert pull(row) == 1
    assert subjects() == ["sealed"]
    with pytest.raises(Refused, match="IP address mismatch"):
        actions.try_it(TOCSIN, integration, NOON, **given(box, **{**there, "host": "127.0.0.1"}))


def test_addresses_inside_are_refused_unless_allowed(box: Box, settings: Any) -> None:
    settings.ALLOW_PRIVATE = False
    with pytest.raises(Refused, match="not a public address"):
        actions.try_it(TOCSIN, make_integration(kind="email"), NOON, **given(box))


def test_the_password_is_kept_for_its_own_server_only(box: Box) -> None:
    row = made(box)
    kept = actions.save(TOCSIN, row.integration, NOON, **given(box, password="", folder="Other"))
    assert Mailbox.objects.get(pk=kept.pk).password == "secret"
    for wrong in ({"host": "evil.example.org"}, {"user": "other"}, {"port": 144}, {"security": "tls"}):
        with pytest.raises(Refused, match="Enter the password"):
            actions.try_it(TOCSIN, row.integration, NOON, **given(box, password="", **wrong))


def test_only_who_may_and_only_for_mails(box: Box) -> None:
    integration = make_integration(kind="email")
    with pytest.raises(Denied):
        actions.save(NOBODY, integration, NOON, **given(box))
    with pytest.raises(Denied):
        actions.try_it(NOBODY, integration, NOON, **given(box))
    with pytest.raises(Refused, match="kind email"):
        actions.save(TOCSIN, make_integration(integration.service, kind="generic"), NOON, **given(box))


def test_the_engine_takes_what_is_due_and_no_other_node_does(box: Box) -> None:
    row = made(box)
    assert pulling._take(row, NOON)
    assert not pulling._take(row, NOON)
    row.refresh_from_db()
    assert pulling.pull_due(NOON) == 0
    assert row.next_due == NOON + pulling.LEASE

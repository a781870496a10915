"""Looking into mailboxes. A mail is an event first, and marked, moved or deleted then; numbers go on last.

So what breaks in between only makes it come again, and it is known by its receipt then.
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from tocsin import clock
from tocsin.alerts.actions import post
from tocsin.alerts.models import KnownReceipt
from tocsin.health import problems
from tocsin.health.edges import contained
from tocsin.mailboxes import imap
from tocsin.mailboxes.imap import Account, Broken, Folder
from tocsin.mailboxes.models import Mailbox
from tocsin.sources.copies import receipt_of
from tocsin.sources.email import SOURCE, copies, stamps

EVERY = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)  # of one that does not work
LEASE = timedelta(minutes=10)
AT_ONCE = 4  # mailboxes
MOST = 100  # mails of one at a time


def account_of(row: Mailbox) -> Account:
    return Account(
        host=row.host,
        port=row.port,
        security=row.security,
        user=row.user,
        password=row.password,
        folder=row.folder,
    )


def pull_due(now: datetime) -> int:
    """Those that are due, side by side; each is taken by one node. How many."""
    due = Mailbox.objects.filter(next_due__lte=now, integration__is_enabled=True).order_by("next_due")[:50]
    taken = [row.pk for row in due.only("pk", "next_due") if _take(row, now)]
    if taken:
        with ThreadPoolExecutor(AT_ONCE, "mailbox") as pool:
            list(pool.map(_pull_apart, taken))
    return len(taken)


def _take(row: Mailbox, now: datetime) -> bool:
    return bool(Mailbox.objects.filter(pk=row.pk, next_due=row.next_due).update(next_due=now + LEASE))


def _pull_apart(pk: int) -> None:
    """On a thread of its own, which has a connection of its own."""
    try:
        contained(lambda: pull(Mailbox.objects.get(pk=pk), clock.now()), "a mailbox cannot be pulled", id=pk)
    finally:
        connection.close()


def pull(row: Mailbox, now: datetime) -> int:
    """How many mails were taken. What is wrong with the mailbox is a problem that is shown."""
    try:
        with imap.opened(account_of(row)) as folder:
            taken, late = _empty(row, folder, now)
    except Broken as error:
        _failed(row, str(error), now)
        return 0
    if late:
        _stays(row, late, now)
    elif taken or row.failures or not row.error:
        _worked(row, now)
    else:  # mails could not be marked, moved or deleted, and none came by which to see whether they can be now
        Mailbox.objects.filter(pk=row.pk).update(next_due=now + EVERY, good_at=now)
    return taken


def _empty(row: Mailbox, folder: Folder, now: datetime) -> tuple[int, str]:
    """How many there were, and why one of them could not be marked, moved or deleted."""
    if row.uid_validity is None:
        _go_on(row, folder.validity, folder.last)
        return 0, ""
    uids, late = _new(row, folder), ""
    for uid in uids[:MOST]:
        raw = folder.fetch(uid)
        if raw is not None:
            _keep(row, folder, uid, raw, now)
            late = _settle(row, folder, uid) or late
        _go_on(row, folder.validity, uid)
    if uids:
        Mailbox.objects.filter(pk=row.pk).update(heard_at=now)
    return len(uids[:MOST]), late


def _new(row: Mailbox, folder: Folder) -> Sequence[int]:
    """A folder that has new numbers is looked through from the day before it was last seen: receipts know the rest."""
    if row.uid_validity == folder.validity:
        return folder.after(row.last_uid)
    return folder.since((row.good_at or row.created_at).date() - timedelta(days=1))


def _keep(row: Mailbox, folder: Folder, uid: int, raw: bytes, now: datetime) -> None:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    if stamps.is_own(raw, host, "a sender that IMAP does not tell"):
        return
    owner = ("imap", str(row.integration_id))
    receipt = uuid.UUID(copies.receipt(raw, *owner) or receipt_of(*owner, str(folder.validity), str(uid)))
    with transaction.atomic():
        if not KnownReceipt.objects.filter(receipt=receipt).exists():
            post(row.integration_id, SOURCE.kind, stamps.stamped(raw, {stamps.TO: row.user}), now, receipt)


def _settle(row: Mailbox, folder: Folder, uid: int) -> str:
    try:
        folder.settle(uid, row.afterwards, row.move_to)
    except Broken as error:
        return str(error)
    return ""


def _go_on(row: Mailbox, validity: int, uid: int) -> None:
    row.uid_validity, row.last_uid = validity, uid
    Mailbox.objects.filter(pk=row.pk).update(uid_validity=validity, last_uid=uid)


def _worked(row: Mailbox, now: datetime) -> None:
    Mailbox.objects.filter(pk=row.pk).update(next_due=now + EVERY, good_at=now, error="", failures=0)
    problems.over(problem(row), now)


def _stays(row: Mailbox, error: str, now: datetime) -> None:
    Mailbox.objects.filter(pk=row.pk).update(next_due=now + EVERY, good_at=now, error=error, failures=0)
    problems.report(
        problem(row),
        f"Mails stay in the mailbox {row}",
        f"{error[:1].upper()}{error[1:]}. They are alerts nevertheless, and each is taken once. Change what is done "
        "with them afterwards, or put the folder right.",
        row.get_absolute_url(),
        now,
    )


def _failed(row: Mailbox, error: str, now: datetime) -> None:
    pause = min(EVERY * 2 ** min(row.failures, 10), LONGEST_PAUSE)
    if not Mailbox.objects.filter(pk=row.pk).update(next_due=now + pause, error=error, failures=row.failures + 1):
        return  # it was taken out meanwhile
    since = f"It last worked at {row.good_at:%d %b %Y %H:%M} UTC." if row.good_at else "It has not worked yet."
    problems.report(
        problem(row),
        f"The mailbox {row} does not work",
        f"{error[:1].upper()}{error[1:]}. {since} Mails wait there, and are taken when it works again; it is tried "
        "again by itself, at least every quarter of an hour.",
        row.get_absolute_url(),
        now,
    )


def forget(now: datetime) -> int:
    """Mailboxes of integrations that were deleted go, and their passwords. What is switched off is no problem."""
    resting = Mailbox.objects.filter(integration__is_enabled=False)
    for row in resting.exclude(error=""):
        problems.over(problem(row), now)
    return resting.exclude(integration__deleted_at=None).delete()[0]


def problem(row: Mailbox) -> str:
    return f"mailbox {row.integration_id}"

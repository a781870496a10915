"""Looking into mailboxes. A mail is an event first, and marked, moved or deleted then; numbers go on last.

So what breaks in between only makes it come again, and it is known by its receipt then.
"""

import uuid
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from tocsin import clock
from tocsin.alerts.models import KnownReceipt
from tocsin.alerts.posting import post
from tocsin.health import problems
from tocsin.health.edges import contained
from tocsin.mailboxes import imap
from tocsin.mailboxes.imap import Account, Broken, Folder, Withheld
from tocsin.mailboxes.models import Mailbox
from tocsin.sealing import Unsealable
from tocsin.sources.copies import receipt_of
from tocsin.sources.email import SOURCE, copies, stamps

EVERY = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)  # of one that does not work
LEASE = timedelta(minutes=10)
AT_ONCE = 4  # mailboxes
MOST = 100  # mails of one at a time
MOST_WITHHELD = 100  # of one: where more cannot be fetched, it is the mailbox that does not work
TRIES = 3  # of a mail, before people are told


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
    """On a thread of its own, which has a connection of its own. Whatever goes wrong is told: mails page people."""
    try:
        done = contained(lambda: pull(Mailbox.objects.get(pk=pk), clock.now()), "a mailbox cannot be pulled", id=pk)
        if done.error is not None and not done.is_mood:
            contained(partial(_broke, pk, done.error), "a mailbox that cannot be pulled cannot be told of", id=pk)
    finally:
        connection.close()


def _broke(pk: int, error: Exception) -> None:
    row = Mailbox.objects.defer("password").filter(pk=pk).first()
    if row is not None:  # it may have been taken out meanwhile
        said = f"its password was {error}" if isinstance(error, Unsealable) else f"{type(error).__name__}: {error}"
        _failed(row, said.rstrip("."), clock.now())


def pull(row: Mailbox, now: datetime) -> int:
    """How many mails were taken. What is wrong with the mailbox is a problem that is shown."""
    withheld = dict(row.withheld)
    try:
        with imap.opened(account_of(row)) as folder:
            taken, late = _empty(row, folder, now)
            more, why = _again(row, folder, withheld.keys() & row.withheld.keys(), now)
    except Broken as error:
        _failed(row, str(error), now)
        return 0
    if withheld or row.withheld:
        _tell_withheld(row, why, now)
    taken += more
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
        try:
            raw = folder.fetch(uid)
        except Broken as error:
            _withhold(row, folder, uid)
            if not isinstance(error, Withheld):
                raise
            continue
        late = _take_in(row, folder, uid, raw, now) or late
        _go_on(row, folder.validity, uid)
    if uids:
        Mailbox.objects.filter(pk=row.pk).update(heard_at=now)
    return len(uids[:MOST]), late


def _take_in(row: Mailbox, folder: Folder, uid: int, raw: bytes | None, now: datetime) -> str:
    """Why it could not be marked, moved or deleted."""
    if raw is None:
        return ""
    _keep(row, folder, uid, raw, now)
    return _settle(row, folder, uid)


def _withhold(row: Mailbox, folder: Folder, uid: int) -> None:
    """The others go on, and it is fetched again at every turn."""
    _is_of(row, folder.validity)
    if len(row.withheld) >= MOST_WITHHELD:
        raise Broken(f"{MOST_WITHHELD} mails cannot be fetched, and more come")
    row.withheld[str(uid)] = 1
    _go_on(row, folder.validity, uid)


def _again(row: Mailbox, folder: Folder, names: Collection[str], now: datetime) -> tuple[int, str]:
    """Fetches what could not be fetched before, after the new ones: how many could be now, and why others could not.

    Where one breaks the connection, those that were tried less often come before it at the next turn.
    """
    taken, why, is_open = 0, "", True
    for name in sorted(names, key=row.withheld.__getitem__):
        try:
            raw = folder.fetch(int(name))
        except Broken as error:
            row.withheld[name] += 1
            why, is_open = str(error), isinstance(error, Withheld)
        else:
            _take_in(row, folder, int(name), raw, now)
            taken += 1
            del row.withheld[name]
        Mailbox.objects.filter(pk=row.pk).update(withheld=row.withheld)
        if not is_open:
            break
    return taken, why


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
    _is_of(row, validity)
    row.last_uid = uid
    Mailbox.objects.filter(pk=row.pk).update(uid_validity=validity, last_uid=uid, withheld=row.withheld)


def _is_of(row: Mailbox, validity: int) -> None:
    """Numbers of a folder that has new ones mean nothing any more."""
    if row.uid_validity != validity:
        row.uid_validity, row.withheld = validity, {}


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


def _tell_withheld(row: Mailbox, why: str, now: datetime) -> None:
    stubborn = sorted(int(name) for name, tries in row.withheld.items() if tries >= TRIES)
    if not stubborn:
        problems.over(withheld_problem(row), now)
        return
    many = len(stubborn) > 1
    problems.report(
        withheld_problem(row),
        f"{len(stubborn)} mail{'s' if many else ''} in the mailbox {row} cannot be fetched",
        f"The server says: {why}. {'They' if many else 'It'} may be {'alerts' if many else 'an alert'} that nobody "
        f"was told of: look into the folder {row.folder}. {'They are' if many else 'It is'} fetched again by itself, "
        f"every half minute, until that works or {'they are' if many else 'it is'} moved or deleted there; all others "
        f"are taken meanwhile. {'Numbers' if many else 'Number'} (UID): {', '.join(map(str, stubborn[:20]))}.",
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
    for row in resting.exclude(error="", withheld={}):
        over(row, now)
    return resting.exclude(integration__deleted_at=None).delete()[0]


def over(row: Mailbox, now: datetime) -> None:
    """Nothing of it is a problem any more."""
    problems.over(problem(row), now)
    problems.over(withheld_problem(row), now)


def problem(row: Mailbox) -> str:
    return f"mailbox {row.integration_id}"


def withheld_problem(row: Mailbox) -> str:
    return f"mailbox {row.integration_id} withholds"

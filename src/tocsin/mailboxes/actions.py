"""Setting up the mailbox of an integration, and trying it."""

from datetime import datetime

from django.db import transaction

from tocsin.core.permissions import Actor, Verb, require
from tocsin.health import problems
from tocsin.mailboxes import imap, pulling, queries
from tocsin.mailboxes.imap import Account, Broken
from tocsin.mailboxes.models import Mailbox
from tocsin.people.problems import Refused
from tocsin.people.writing import change, check_fields, create, delete
from tocsin.services.models import Integration
from tocsin.sources.email import SOURCE

_FIELDS = {"host", "port", "security", "user", "password", "folder", "afterwards", "move_to"}
_PLACE = {"host", "port", "security", "user", "folder"}  # with another of these, other mails have these numbers


def save(actor: Actor, integration: Integration, now: datetime, **fields: object) -> Mailbox:
    """An empty password keeps the one that there is, for the same server and user. It is looked into at once."""
    require(actor, Verb.CONFIGURE)
    check_fields(fields, _FIELDS)
    if integration.kind != SOURCE.kind:
        raise Refused("Only an integration of kind email has a mailbox. Nothing was saved.")
    row = queries.mailbox_of(actor, integration)
    fields["password"] = _password(row, fields)
    if fields.get("afterwards") == "move" and not fields.get("move_to"):
        raise Refused("Say where mails are to be moved to.", {"move_to": "Say where mails are to be moved to."})
    if row is None:
        return create(actor, Mailbox(integration=integration, next_due=now, created_at=now, **fields), now)
    is_elsewhere = any(fields.get(name, getattr(row, name)) != getattr(row, name) for name in _PLACE)
    anew = {"uid_validity": None, "last_uid": 0} if is_elsewhere else {}
    return change(actor, row, now, {**fields, **anew, "next_due": now, "failures": 0, "error": ""})


def remove(actor: Actor, integration: Integration, now: datetime) -> None:
    """Nothing is looked into any more; the mails stay where they are."""
    require(actor, Verb.CONFIGURE)
    row = queries.mailbox_of(actor, integration)
    if row is not None:
        with transaction.atomic():
            problems.over(pulling.problem(row), now)
            delete(actor, row, now)


def try_it(actor: Actor, integration: Integration, **fields: object) -> str:
    """What is found there, in a sentence. Nothing is changed. `Refused` says what does not work."""
    require(actor, Verb.CONFIGURE)
    check_fields(fields, _FIELDS)
    password = _password(queries.mailbox_of(actor, integration), fields)
    port = int(str(fields["port"]))
    names = ("host", "security", "user", "folder")
    account = Account(port=port, password=password, **{name: str(fields[name]) for name in names})
    try:
        with imap.opened(account) as folder:
            unread = folder.unread()
            count = folder.count
    except Broken as error:
        raise Refused(f"This mailbox cannot be used: {error}. Nothing was changed.") from error
    return (
        f"It works: {account.folder} of {account.user} has {count} mail{'' if count == 1 else 's'}, {unread} of them "
        "unread. These stay as they are; what comes after you save becomes alerts. Nothing was changed."
    )


def _password(row: Mailbox | None, fields: dict[str, object]) -> str:
    """What is kept is not handed to another server than the one that it was typed for."""
    typed = str(fields.get("password") or "")
    if typed:
        return typed
    is_same = row is not None and all(fields.get(n) == getattr(row, n) for n in ("host", "port", "security", "user"))
    if row is None or not is_same:
        raise Refused("Enter the password.", {"password": "Enter the password."})
    return str(row.password)

"""Setting up the mailbox of an integration, and trying it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import transaction

from tocsin.core.permissions import Actor, Verb, require
from tocsin.mailboxes import imap, pulling, queries
from tocsin.mailboxes.imap import AFTERWARDS, SECURITIES, Broken
from tocsin.mailboxes.models import Mailbox
from tocsin.people.problems import Refused
from tocsin.people.writing import as_if, change, check_fields, create, delete
from tocsin.services.models import Integration
from tocsin.sources.email import SOURCE

HIGHEST_PORT = 65_535
_FIELDS = {"host", "port", "security", "user", "password", "folder", "afterwards", "move_to"}
_PLACE = {"host", "port", "security", "user", "folder"}  # with another of these, other mails have these numbers
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def save(actor: Actor, integration: Integration, now: datetime, **fields: object) -> Mailbox:
    """An empty password keeps the one that there is, for the same server and user. It is looked into at once."""
    require(actor, Verb.CONFIGURE)
    row = queries.mailbox_of(actor, integration)
    given = _checked(integration, row, fields)
    if row is None:
        return create(actor, Mailbox(integration=integration, next_due=now, created_at=now, **given), now)
    is_elsewhere = any(given.get(name, getattr(row, name)) != getattr(row, name) for name in _PLACE)
    if is_elsewhere:
        pulling.over(row, now)
    anew: dict[str, object] = {"uid_validity": None, "last_uid": 0, "withheld": {}} if is_elsewhere else {}
    return change(actor, row, now, {**given, **anew, "next_due": now, "failures": 0, "error": ""})


def remove(actor: Actor, integration: Integration, now: datetime) -> None:
    """Nothing is looked into any more; the mails stay where they are."""
    require(actor, Verb.CONFIGURE)
    row = queries.mailbox_of(actor, integration)
    if row is not None:
        with transaction.atomic():
            pulling.over(row, now)
            delete(actor, row, now)


def try_it(actor: Actor, integration: Integration, now: datetime, **fields: object) -> str:
    """What is found there, in a sentence. Nothing is changed. `Refused` says what does not work."""
    require(actor, Verb.CONFIGURE)
    row = queries.mailbox_of(actor, integration)
    given = _checked(integration, row, fields)
    account = pulling.account_of(as_if(row or Mailbox(integration=integration, next_due=now, created_at=now), given))
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


def _checked(integration: Integration, row: Mailbox | None, fields: Mapping[str, object]) -> dict[str, object]:
    """The fields, with the password. `Refused` names the field that is wrong."""
    check_fields(fields, _FIELDS)
    if integration.kind != SOURCE.kind:
        raise Refused("Only an integration of kind email has a mailbox. Nothing was saved.")
    given = {name: value.strip() if isinstance(value, str) else value for name, value in fields.items()}
    if wrong := dict(_wrong(given)):
        raise Refused(" ".join(wrong.values()), wrong)
    return {**given, "password": _password(row, {**given, "password": fields.get("password")})}


def _wrong(fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Names of fields, and what is wrong with them."""
    for name, value in fields.items():
        if isinstance(value, str) and _CONTROL.search(value):
            yield name, f"{name.capitalize()} has a character in it that is none to be written."
    for name, known in (("security", SECURITIES), ("afterwards", AFTERWARDS)):
        if name in fields and fields[name] not in dict(known):
            yield name, f"{name.capitalize()} is one of {', '.join(dict(known))}."
    if not 1 <= int(str(fields.get("port", 1))) <= HIGHEST_PORT:
        yield "port", f"Ports go from 1 to {HIGHEST_PORT}."
    if fields.get("afterwards") == "move" and not fields.get("move_to"):
        yield "move_to", "Say where mails are to be moved to."


def _password(row: Mailbox | None, fields: Mapping[str, object]) -> str:
    """What is kept is not handed to another server than the one that it was typed for."""
    typed = str(fields.get("password") or "")
    if typed:
        return typed
    is_same = row is not None and all(fields.get(n) == getattr(row, n) for n in ("host", "port", "security", "user"))
    if row is None or not is_same:
        raise Refused("Enter the password.", {"password": "Enter the password."})
    return str(row.password)

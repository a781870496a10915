"""The mailboxes of integrations of kind email over the API. A password is written and never read."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.mailboxes import actions, queries
from tocsin.mailboxes.models import Mailbox
from tocsin.rest import Page, Paging, actor
from tocsin.services import queries as services

router = Router(tags=["mailboxes"])

_COPIED = (
    "host", "port", "security", "user", "folder", "afterwards", "move_to", "good_at", "heard_at", "error",
)  # fmt: skip


class Settings(Schema):
    host: str = Field(min_length=1, max_length=253, description="IMAP server.")
    port: int = Field(993, ge=1, le=actions.HIGHEST_PORT)
    security: Literal["tls", "starttls", "none"] = Field("tls", description="none: only inside your own network.")
    user: str = Field(min_length=1, max_length=255)
    folder: str = Field("INBOX", min_length=1, max_length=255)
    afterwards: Literal["seen", "move", "delete"] = Field(
        "seen", description="What becomes of a mail that is an alert."
    )
    move_to: str = Field("", max_length=255, description="Folder, where mails are moved.")


class MailboxIn(Settings):
    password: str | None = Field(
        None, max_length=500, description="Null keeps the one there is, for the same server and user."
    )


class MailboxOut(Settings):
    integration: int
    good_at: datetime | None = Field(description="When it was last looked into.")
    heard_at: datetime | None = Field(description="When there was last a mail in it.")
    error: str = Field(description="Why it does not work; empty when it does.")


class Tried(Schema):
    said: str = Field(description="A sentence: what was found there.")


@router.get("/mailboxes", response=Page[MailboxOut], summary="All mailboxes that mails are fetched from")
def mailboxes(request: HttpRequest, paging: Query[Paging], search: str = "") -> dict[str, object]:
    return rest.page_of(queries.mailboxes(actor(request), search), paging, _mailbox)


@router.get("/integrations/{int:pk}/mailbox", response=MailboxOut, summary="The mailbox of an integration")
def mailbox(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    return _mailbox(queries.mailbox(who, services.integration(who, pk)))


@router.put("/integrations/{int:pk}/mailbox", response=MailboxOut, summary="Set up or change a mailbox")
def save_mailbox(request: HttpRequest, pk: int, body: MailboxIn) -> dict[str, object]:
    who = actor(request)
    return _mailbox(actions.save(who, services.integration(who, pk), clock.now(), **_fields(body)))


@router.post("/integrations/{int:pk}/mailbox/try", response=Tried, summary="Sign in and look; nothing is kept")
def try_mailbox(request: HttpRequest, pk: int, body: MailboxIn) -> dict[str, object]:
    who = actor(request)
    return {"said": actions.try_it(who, services.integration(who, pk), clock.now(), **_fields(body))}


@router.delete("/integrations/{int:pk}/mailbox", response={204: None}, summary="Look into it no more")
def remove_mailbox(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    row = queries.mailbox(who, services.integration(who, pk))
    actions.remove(who, row.integration, clock.now())
    return Status(204, None)


def _fields(body: MailboxIn) -> dict[str, Any]:
    return {**body.dict(), "password": body.password or ""}


def _mailbox(row: Mailbox) -> dict[str, object]:
    return {"integration": row.integration_id, **{name: getattr(row, name) for name in _COPIED}}

"""Deliveries over the API: every message that leaves, whatever it is for. Never what it says: there are links in it."""

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.outbox import actions as outbox
from tocsin.outbox.models import Message
from tocsin.paging import outgoing
from tocsin.rest import Page, Paging, actor

router = Router()


class MessageOut(Schema):
    id: int
    kind: str = Field(description="The channel.", examples=["email"])
    purpose: str = Field(description="page, test, verification, invitation, notice or subscription.", examples=["page"])
    state: str = Field(
        description="pending, sending, sent (the provider took it), delivered (it says that it arrived), failed (for "
        "good), unknown (it may have left, and is sent again) or cancelled (no longer needed)."
    )
    attempts: int
    due_at: datetime | None = Field(description="Of the next attempt; null: there is none.")
    error: str = Field(description="The last one, in words.", examples=["550 no such mailbox"])
    created_at: datetime
    finished_at: datetime | None
    person: int | None = Field(description="Whom a page or a test is for; null: it is neither.")
    group: int | None = Field(description="What a page is about.")
    notification: int | None = Field(description="As `/notifications` has it.")


class AttemptOut(Schema):
    at: datetime
    outcome: str = Field(description="sent, delivered, retry, failed or unknown.")
    detail: str = Field(description="What the provider said.", examples=["connection refused"])


class MessageDetail(MessageOut):
    address: str = Field(description="Of one's own messages, and for who manages people; else empty.")
    provider_id: str = Field(description="By which the provider knows it.")
    tries: list[AttemptOut] = Field(description="Oldest first.")


class SentListed(Schema):
    state: Literal["", "pending", "failed", "sent", "cancelled"] = Field(
        "", description="pending: everything that is on its way; sent: also what was delivered. Empty: all."
    )
    kind: str = Field("", description="The channel, such as email.")
    purpose: str = ""


@router.get("/messages", response=Page[MessageOut], summary="Everything that leaves, newest first")
def messages(request: HttpRequest, paging: Query[Paging], listed: Query[SentListed]) -> dict[str, object]:
    """The page Deliveries: pages, tests, codes, invitations and notices, with what became of each."""
    filters = outgoing.read(listed.state, listed.kind, listed.purpose)
    return rest.page_of(outgoing.listed(actor(request), filters), paging, _message)


@router.get("/messages/{int:pk}", response=MessageDetail, summary="A message with its attempts")
def message(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    row = outgoing.one(who, pk)
    tries = [{name: getattr(each, name) for name in ("at", "outcome", "detail")} for each in row.tries.all()]
    own = {"address": outgoing.address_of(who, row), "provider_id": row.provider_id, "tries": tries}
    return {**_message(row), **own}


@router.post("/messages/{int:pk}/retry", response={202: None}, summary="Send a failed message again")
def retry(request: HttpRequest, pk: int) -> Status[None]:
    if not outbox.retry(actor(request), pk, clock.now()):
        raise rest.BadRequest(status=409, detail="There is nothing to send again: it has not failed, or is under way.")
    return Status(202, None)


def _message(row: Message) -> dict[str, object]:
    names = ("kind", "purpose", "state", "attempts", "due_at", "error", "created_at", "finished_at")
    page = getattr(row, "notification", None)
    about = {
        "person": page.user_id if page else None,
        "group": page.escalation.group_id if page else None,
        "notification": page.pk if page else None,
    }
    return {"id": row.pk, **about, **{name: getattr(row, name) for name in names}}

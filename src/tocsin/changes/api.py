"""Changes over the API."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.changes import actions, filters, queries
from tocsin.changes.models import Change
from tocsin.core import signals, suspects
from tocsin.rest import Moment, Page, Paging, actor
from tocsin.services import queries as services
from tocsin.sources import texts

router = Router(tags=["changes"])

_COPIED = (
    "key", "summary", "status", "source", "environment", "version", "author", "rollback", "links", "details",
    "at", "said_at", "received_at", "receipt",
)  # fmt: skip
_TAKEN = ("key", "summary", "status", "source", "environment", "version", "author", "rollback", "details", "at")


class LinkIn(Schema):
    href: str = Field(max_length=2000)
    text: str = Field("", max_length=255)


class ChangeIn(Schema):
    summary: Annotated[str, Field(min_length=1, max_length=1024, description="What was changed, in one line.")]
    service: str | None = Field(None, description="Slug. Without one, it may concern any service.")
    key: str = Field("", max_length=255, description="Sent again with it, a change gets its news: it began, it ended.")
    status: str = Field("", max_length=20, description="pending, success, failure, or as your tool says it.")
    source: str = Field("", max_length=255, description="Where it was made.")
    environment: str = Field("", max_length=80)
    version: str = Field("", max_length=255)
    author: str = Field("", max_length=255)
    rollback: str = Field("", max_length=2000, description="One sentence, or the command: how to go back.")
    links: list[LinkIn] = Field([], max_length=20)
    details: dict[str, Any] = {}
    at: Moment | None = Field(None, description="When it was made; now, if nothing is said.")


class ChangeOut(Schema):
    id: int
    service: str | None
    integration: int | None
    key: str
    summary: str
    status: str
    outcome: suspects.Outcome = Field(description="What the status comes down to.")
    source: str
    environment: str
    version: str
    author: str
    rollback: str
    links: list[dict[str, str]]
    details: dict[str, Any]
    at: datetime
    said_at: datetime = Field(description="When the last of it was said.")
    received_at: datetime
    receipt: uuid.UUID | None = Field(description="Of the message with the last news; null when recorded by hand.")
    url: str


class Listed(Schema):
    service: str = Field("", description="Slug.")
    environment: str = ""
    status: str = Field("", description="under way, done, failed or stopped.")
    text: str = Field("", description="In the summary, version or author.")
    since: str = Field("", description="2h, 24h, 7d, 30d, or an ISO date with or without a time.")


@router.get("/changes", response=Page[ChangeOut], summary="Changes, newest first")
def changes(request: HttpRequest, paging: Query[Paging], listed: Query[Listed]) -> dict[str, object]:
    wanted = filters.read(listed.dict())
    return rest.page_of(queries.changes(actor(request), clock.now(), wanted), paging, change_out)


@router.post("/changes", response={201: ChangeOut}, summary="Record a change")
def record(request: HttpRequest, body: ChangeIn) -> Status[dict[str, object]]:
    who = actor(request)
    service = services.service(who, body.service) if body.service else None
    links = texts.links((link.href, link.text) for link in body.links)
    what = signals.Change(links=links, **{name: getattr(body, name) for name in _TAKEN})
    return Status(201, change_out(actions.record(who, what, service, clock.now())))


@router.get("/changes/{int:pk}", response=ChangeOut, summary="A change")
def change(request: HttpRequest, pk: int) -> dict[str, object]:
    return change_out(queries.change(actor(request), pk))


def change_out(row: Change) -> dict[str, object]:
    return {
        "id": row.pk,
        "service": row.service.slug if row.service else None,
        "integration": row.integration_id,
        "outcome": suspects.outcome_of(row.status),
        "url": row.get_absolute_url(),
        **{name: getattr(row, name) for name in _COPIED},
    }

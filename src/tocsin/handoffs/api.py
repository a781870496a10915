"""Handoffs over the API."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tocsin import clock, rest
from tocsin.core.handover import State
from tocsin.handoffs import actions, queries
from tocsin.handoffs.models import Handoff
from tocsin.handoffs.queries import Filters
from tocsin.rest import Page, Paging, actor

router = Router(tags=["handoffs"])


class HandoffOut(Schema):
    id: int
    schedule: str = Field(description="Its slug.")
    outgoing: int
    incoming: int
    leaves_at: datetime
    begins_at: datetime
    state: State
    body: str
    signed_at: datetime | None
    signed_by: int | None
    accepted_at: datetime | None
    accepted_by: int | None
    lapsed_at: datetime | None
    lapsed_why: str


class Listed(Schema):
    search: str = Field("", description="Words, in the note and in the names of people and schedule.")
    state: str = Field("", description="draft, signed, accepted or lapsed.")
    schedule: str = ""
    person: int | None = None


class Note(Schema):
    body: str = Field(max_length=actions.LONGEST)


@router.get("/handoffs", response=Page[HandoffOut], summary="Handoffs, newest first")
def handoffs(request: HttpRequest, paging: Query[Paging], listed: Query[Listed]) -> dict[str, object]:
    return rest.page_of(queries.handoffs(actor(request), Filters(**listed.dict())), paging, _handoff)


@router.get("/handoffs/{int:pk}", response=HandoffOut, summary="A handoff")
def handoff(request: HttpRequest, pk: int) -> dict[str, object]:
    return _handoff(queries.handoff(actor(request), pk))


@router.put("/handoffs/{int:pk}", response=HandoffOut, summary="Write the note; it stays a draft")
def write(request: HttpRequest, pk: int, body: Note) -> dict[str, object]:
    who = actor(request)
    return _handoff(actions.write(who, queries.handoff(who, pk), body.body, clock.now()))


@router.post("/handoffs/{int:pk}/sign", response=HandoffOut, summary="Sign the note")
def sign(request: HttpRequest, pk: int, body: Note) -> dict[str, object]:
    who = actor(request)
    return _handoff(actions.sign(who, queries.handoff(who, pk), body.body, clock.now()))


@router.post("/handoffs/{int:pk}/accept", response=HandoffOut, summary="Accept a signed handoff")
def accept(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    return _handoff(actions.accept(who, queries.handoff(who, pk), clock.now()))


def _handoff(row: Handoff) -> dict[str, object]:
    names = ("leaves_at", "begins_at", "state", "body", "signed_at", "accepted_at", "lapsed_at", "lapsed_why")
    ids = {
        "id": row.pk,
        "schedule": row.schedule.slug,
        "outgoing": row.outgoing_id,
        "incoming": row.incoming_id,
        "signed_by": row.signed_by_id,
        "accepted_by": row.accepted_by_id,
    }
    return {**ids, **{name: getattr(row, name) for name in names}}

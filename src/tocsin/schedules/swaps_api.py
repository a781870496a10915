"""Swaps over the API."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.people import queries as people
from tocsin.rest import Moment, Page, Paging, actor
from tocsin.schedules import queries, swap_queries, swaps
from tocsin.schedules.models import SwapRequest

router = Router()


class SpanBody(Schema):
    starts_at: Moment
    ends_at: Moment


class SwapIn(SpanBody):
    asker: int | None = Field(None, description="Whose shift; null: the token's person.")
    asked: int | None = Field(None, description="Who is asked; null: the whole team.")
    back: SpanBody | None = Field(None, description="A shift of theirs that the asker takes for it.")
    note: str = Field("", max_length=200)


class SwapOut(Schema):
    id: int
    schedule: str
    asker: int
    asked: int | None
    taker: int | None
    starts_at: datetime
    ends_at: datetime
    back_starts_at: datetime | None
    back_ends_at: datetime | None
    note: str
    state: str = Field(description="open, accepted, declined, withdrawn, cancelled or expired.")


@router.get("/swaps", response=Page[SwapOut], summary="All swap requests")
def all_swaps(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(swap_queries.swaps(actor(request)), paging, _shown)


@router.get("/swaps/asked-of-me", response=list[SwapOut], summary="Requests that wait for your answer")
def asked_of_me(request: HttpRequest) -> list[dict[str, object]]:
    return [_shown(row) for row in swap_queries.asked_of_me(actor(request), clock.now())]


@router.post("/schedules/{slug}/swaps", response={201: SwapOut}, summary="Ask who takes a shift")
def ask(request: HttpRequest, slug: str, body: SwapIn) -> Status[dict[str, object]]:
    who = actor(request)
    row = swaps.ask(
        who,
        queries.schedule(who, slug),
        (body.starts_at, body.ends_at),
        clock.now(),
        asker=people.person(who, body.asker) if body.asker else None,
        of=people.person(who, body.asked) if body.asked else None,
        back=(body.back.starts_at, body.back.ends_at) if body.back else None,
        note=body.note,
    )
    return Status(201, _shown(row))


@router.get("/swaps/{int:pk}", response=SwapOut, summary="A swap request")
def swap(request: HttpRequest, pk: int) -> dict[str, object]:
    return _shown(swap_queries.swap(actor(request), pk))


@router.post("/swaps/{int:pk}/accept", response=SwapOut, summary="Take the shift")
def accept(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    return _shown(swaps.accept(who, swap_queries.swap(who, pk), clock.now()))


@router.post("/swaps/{int:pk}/decline", response=SwapOut, summary="Decline")
def decline(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    return _shown(swaps.decline(who, swap_queries.swap(who, pk), clock.now()))


@router.post("/swaps/{int:pk}/withdraw", response=SwapOut, summary="Withdraw a request that nobody has taken")
def withdraw(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    return _shown(swaps.withdraw(who, swap_queries.swap(who, pk), clock.now()))


@router.post("/swaps/{int:pk}/cancel", response=SwapOut, summary="Undo an accepted swap before it begins")
def cancel(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    return _shown(swaps.cancel(who, swap_queries.swap(who, pk), clock.now()))


def _shown(row: SwapRequest) -> dict[str, object]:
    people_ = {"asker": row.asker_id, "asked": row.asked_id, "taker": row.taker_id}
    names = ("starts_at", "ends_at", "back_starts_at", "back_ends_at", "note", "state")
    return {"id": row.pk, "schedule": row.schedule.slug, **people_, **{name: getattr(row, name) for name in names}}

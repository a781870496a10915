"""Calendars over the API: links out, imports in."""

from datetime import datetime

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema, Status
from pydantic import Field

from tocsin import clock
from tocsin.rest import actor
from tocsin.schedules import feeds, queries
from tocsin.schedules.models import CalendarLink

router = Router()


class LinkIn(Schema):
    schedule: str | None = Field(None, description="Slug; null: all shifts of the token's person.")


class LinkOut(LinkIn):
    id: int
    created_at: datetime
    read_at: datetime | None


class LinkMade(LinkOut):
    url: str = Field(description="Shown only now.")


@router.get("/calendar-links", response=list[LinkOut], summary="Your calendar links")
def links(request: HttpRequest) -> list[dict[str, object]]:
    return [_link(row) for row in feeds.links(actor(request))]


@router.post("/calendar-links", response={201: LinkMade}, summary="Make a calendar link, or make it anew")
def make_link(request: HttpRequest, body: LinkIn) -> Status[dict[str, object]]:
    who = actor(request)
    schedule = queries.schedule(who, body.schedule) if body.schedule else None
    row, url = feeds.make_link(who, schedule, clock.now())
    return Status(201, {**_link(row), "url": url})


@router.delete("/calendar-links/{int:pk}", response={204: None}, summary="Stop a calendar link")
def drop_link(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    feeds.drop_link(who, get_object_or_404(feeds.links(who), pk=pk), clock.now())
    return Status(204, None)


def _link(row: CalendarLink) -> dict[str, object]:
    schedule = row.schedule.slug if row.schedule else None
    return {"id": row.pk, "schedule": schedule, "created_at": row.created_at, "read_at": row.read_at}

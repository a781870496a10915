"""Calendars over the API: links out, imports in."""

from datetime import datetime

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.rest import Page, Paging, actor
from tocsin.schedules import feeds, importing, queries
from tocsin.schedules.models import CalendarLink, ImportedCalendar

router = Router()


class CalendarLinkIn(Schema):
    schedule: str | None = Field(None, description="Slug; null: all shifts of the token's person.")


class CalendarLinkOut(CalendarLinkIn):
    id: int
    created_at: datetime
    read_at: datetime | None


class CalendarLinkMade(CalendarLinkOut):
    url: str = Field(description="Shown only now.")


@router.get("/calendar-links", response=Page[CalendarLinkOut], summary="Your calendar links")
def links(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(feeds.links(actor(request)), paging, _link)


@router.post("/calendar-links", response={201: CalendarLinkMade}, summary="Make a calendar link, or make it anew")
def make_link(request: HttpRequest, body: CalendarLinkIn) -> Status[dict[str, object]]:
    who = actor(request)
    schedule = queries.schedule(who, body.schedule) if body.schedule else None
    row, url = feeds.make_link(who, schedule, clock.now())
    return Status(201, {**_link(row), "url": url})


@router.delete("/calendar-links/{int:pk}", response={204: None}, summary="Stop a calendar link")
def drop_link(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    feeds.drop_link(who, get_object_or_404(feeds.links(who), pk=pk), clock.now())
    return Status(204, None)


class CalendarIn(Schema):
    name: str = Field(max_length=60)
    url: str = Field("", description="Read now and every quarter of an hour; this, or `text`.")
    text: str = Field("", description="The iCalendar itself.")
    is_above: bool = Field(default=True, description="Counts before the layers; else only where they have nobody.")


class UnmatchedOut(Schema):
    at: datetime
    summary: str


class CalendarOut(Schema):
    id: int
    name: str
    is_above: bool
    good_at: datetime | None = Field(description="Of when the copy in use is.")
    error: str = Field(description="Why it cannot be read now; empty: it can.")
    unmatched: list[UnmatchedOut] = Field(description="Events that name nobody here; the first 50.")


@router.get("/schedules/{slug}/calendars", response=Page[CalendarOut], summary="Imported calendars")
def calendars(request: HttpRequest, slug: str, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(importing.calendars(who, queries.schedule(who, slug)), paging, _calendar)


@router.post("/schedules/{slug}/calendars", response={201: CalendarOut}, summary="Import a calendar as a layer")
def add_calendar(request: HttpRequest, slug: str, body: CalendarIn) -> Status[dict[str, object]]:
    who = actor(request)
    row = importing.add_calendar(who, queries.schedule(who, slug), now=clock.now(), **body.dict())
    return Status(201, _calendar(row))


@router.post("/calendars/{int:pk}/refresh", response=CalendarOut, summary="Read an imported calendar again now")
def refresh_calendar(request: HttpRequest, pk: int) -> dict[str, object]:
    """By itself it is read every quarter of an hour. When it cannot be read, `error` says why and the last good copy
    counts."""
    who = actor(request)
    row = importing.calendar(who, pk)
    importing.refresh(who, row, clock.now())
    return _calendar(row)


@router.delete("/calendars/{int:pk}", response={204: None}, summary="Take an imported calendar out")
def remove_calendar(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    importing.remove_calendar(who, importing.calendar(who, pk), clock.now())
    return Status(204, None)


def _calendar(row: ImportedCalendar) -> dict[str, object]:
    names = ("name", "is_above", "good_at", "error", "unmatched")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def _link(row: CalendarLink) -> dict[str, object]:
    schedule = row.schedule.slug if row.schedule else None
    return {"id": row.pk, "schedule": schedule, "created_at": row.created_at, "read_at": row.read_at}

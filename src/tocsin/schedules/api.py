"""Schedules over the API: rotations, overrides, who is on call."""

from datetime import date, datetime, time, timedelta

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from tocsin import clock, rest
from tocsin.core.rota import Change, Segment, Unloadable
from tocsin.core.rotation import Layer as LayerSpec
from tocsin.core.rotation import Restriction as RestrictionSpec
from tocsin.core.rotation import Unit
from tocsin.people import queries as people
from tocsin.rest import Page, Paging, actor
from tocsin.schedules import actions, calendars_api, queries
from tocsin.schedules.models import Layer, Override, Schedule

router = Router(tags=["schedules"])
router.add_router("", calendars_api.router)

LONGEST_WINDOW = timedelta(days=400)


class RestrictionBody(Schema):
    weekdays: list[int] = Field(description="0 Monday … 6 Sunday: the day on which the window begins.")
    starts: time
    ends: time = Field(description="Not after `starts`: over midnight.")


class LayerBody(Schema):
    name: str = Field(max_length=60)
    unit: Unit = Unit.WEEK
    every: int = Field(1, ge=1, description="The length of a turn, in units.")
    starts_on: date = Field(description="The day of the first handoff.")
    handoff_at: time = Field(description="Wall time in the schedule's zone.")
    until: AwareDatetime | None = None
    turns: list[list[int]] = Field(description="The people of each turn, in order.")
    restrictions: list[RestrictionBody] = []
    is_shadow: bool = False


class ScheduleIn(Schema):
    name: str = Field(max_length=80)
    time_zone: str = Field(description="IANA, such as Europe/Berlin.")
    description: str = ""
    team: str | None = Field(None, description="Slug.")


class ScheduleOut(ScheduleIn):
    slug: str


class ScheduleDetail(ScheduleOut):
    layers: list[LayerBody] = Field(description="From lowest to highest priority.")


class OverrideIn(Schema):
    person: int
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    change: Change = Change.REPLACE
    instead_of: int | None = None
    note: str = Field("", max_length=200)


class OverrideOut(OverrideIn):
    id: int


class SegmentOut(Schema):
    starts_at: datetime
    ends_at: datetime
    people: list[int] = Field(description="Empty: nobody is on call.")
    shadows: list[int]
    sources: list[str]


class Window(Schema):
    start: AwareDatetime
    end: AwareDatetime


class OnCall(Schema):
    schedule: str
    people: list[int]
    until: datetime | None
    next_people: list[int]
    trouble: str


@router.get("/on-call", response=list[OnCall], summary="Who is on call now, in every schedule")
def on_call(request: HttpRequest) -> list[dict[str, object]]:
    return [
        {
            "schedule": duty.schedule.slug,
            "people": [p.pk for p in duty.people],
            "until": duty.until,
            "next_people": [p.pk for p in duty.next_people],
            "trouble": duty.trouble,
        }
        for duty in queries.duties(actor(request), clock.now())
    ]


@router.get("/schedules", response=Page[ScheduleOut], summary="All schedules")
def schedules(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.schedules(actor(request)), paging, _schedule)


@router.post("/schedules", response={201: ScheduleDetail}, summary="Make a schedule")
def create_schedule(request: HttpRequest, body: ScheduleIn) -> Status[dict[str, object]]:
    who = actor(request)
    team = people.team(who, body.team) if body.team else None
    row = actions.create_schedule(who, body.name, body.time_zone, clock.now(), team=team, description=body.description)
    return Status(201, _detail(row))


@router.get("/schedules/{slug}", response=ScheduleDetail, summary="A schedule with its layers")
def schedule(request: HttpRequest, slug: str) -> dict[str, object]:
    return _detail(queries.schedule(actor(request), slug))


@router.put("/schedules/{slug}", response=ScheduleDetail, summary="Change a schedule")
def change_schedule(request: HttpRequest, slug: str, body: ScheduleIn) -> dict[str, object]:
    who = actor(request)
    team = people.team(who, body.team) if body.team else None
    changes = {**body.dict(), "team": team}
    actions.change_schedule(who, queries.schedule(who, slug), clock.now(), **changes)
    return _detail(queries.schedule(who, slug))


@router.put("/schedules/{slug}/layers", response=ScheduleDetail, summary="Set the layers")
def save_layers(request: HttpRequest, slug: str, body: list[LayerBody]) -> dict[str, object]:
    who = actor(request)
    actions.save_layers(who, queries.schedule(who, slug), [_spec(layer) for layer in body], clock.now())
    return _detail(queries.schedule(who, slug))


@router.delete("/schedules/{slug}", response={204: None}, summary="Delete a schedule")
def delete_schedule(request: HttpRequest, slug: str) -> Status[None]:
    who = actor(request)
    actions.delete_schedule(who, queries.schedule(who, slug), clock.now())
    return Status(204, None)


@router.get("/schedules/{slug}/final", response=list[SegmentOut], summary="The final schedule in a window")
def final(request: HttpRequest, slug: str, window: Query[Window]) -> list[dict[str, object]]:
    if not timedelta() < window.end - window.start <= LONGEST_WINDOW:
        raise rest.BadRequest(detail=f"`end` must come after `start`, by {LONGEST_WINDOW.days} days at most.")
    try:
        segments = queries.final(queries.schedule(actor(request), slug), window.start, window.end)
    except Unloadable as error:
        raise rest.BadRequest(status=409, detail=f"This schedule cannot be read: {error}.") from error
    return [_segment(segment) for segment in segments]


@router.get("/schedules/{slug}/overrides", response=list[OverrideOut], summary="Overrides that are not over")
def overrides(request: HttpRequest, slug: str) -> list[dict[str, object]]:
    who = actor(request)
    return [_override(row) for row in queries.overrides(who, queries.schedule(who, slug), clock.now())]


@router.post("/schedules/{slug}/overrides", response={201: OverrideOut}, summary="Add an override")
def add_override(request: HttpRequest, slug: str, body: OverrideIn) -> Status[dict[str, object]]:
    who = actor(request)
    row = actions.add_override(
        who,
        queries.schedule(who, slug),
        people.person(who, body.person),
        body.starts_at,
        body.ends_at,
        clock.now(),
        change=body.change,
        instead_of=people.person(who, body.instead_of) if body.instead_of else None,
        note=body.note,
    )
    return Status(201, _override(row))


@router.delete("/overrides/{int:pk}", response={204: None}, summary="Remove an override, or end it now")
def remove_override(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    actions.remove_override(who, queries.override(who, pk), clock.now())
    return Status(204, None)


def _schedule(row: Schedule) -> dict[str, object]:
    team = row.team.slug if row.team else None
    names = ("name", "slug", "time_zone", "description")
    return {"team": team, **{name: getattr(row, name) for name in names}}


def _detail(row: Schedule) -> dict[str, object]:
    return {**_schedule(row), "layers": [_layer(layer) for layer in row.layers.all()]}


def _layer(layer: Layer) -> dict[str, object]:
    turns: dict[int, list[int]] = {}
    for participant in layer.participants.all():
        turns.setdefault(participant.turn, []).append(participant.user_id)
    restrictions = [{"weekdays": r.weekdays, "starts": r.starts, "ends": r.ends} for r in layer.restrictions.all()]
    names = ("name", "unit", "every", "starts_on", "handoff_at", "until", "is_shadow")
    return {
        "turns": list(turns.values()),
        "restrictions": restrictions,
        **{name: getattr(layer, name) for name in names},
    }


def _spec(body: LayerBody) -> LayerSpec:
    return LayerSpec(
        name=body.name,
        unit=body.unit,
        every=body.every,
        starts_on=body.starts_on,
        handoff_at=body.handoff_at.replace(tzinfo=None),
        until=body.until,
        slots=tuple(tuple(turn) for turn in body.turns),
        restrictions=tuple(
            RestrictionSpec(weekdays=frozenset(r.weekdays), starts=r.starts, ends=r.ends) for r in body.restrictions
        ),
        shadow=body.is_shadow,
    )


def _segment(segment: Segment) -> dict[str, object]:
    return {
        "starts_at": segment.starts_at,
        "ends_at": segment.ends_at,
        "people": list(segment.people),
        "shadows": list(segment.shadows),
        "sources": list(segment.sources),
    }


def _override(row: Override) -> dict[str, object]:
    names = ("starts_at", "ends_at", "change", "note")
    ids = {"id": row.pk, "person": row.user_id, "instead_of": row.instead_of_id}
    return {**ids, **{name: getattr(row, name) for name in names}}

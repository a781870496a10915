"""Schedules over the API: rotations, overrides, who is on call."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.core.rota import Change, Segment, Unloadable
from tocsin.people import queries as people
from tocsin.rest import Moment, Page, Paging, actor
from tocsin.schedules import actions, calendars_api, queries, replacements_api, swaps_api
from tocsin.schedules.layers_api import LayerBody, layer_out, spec_of
from tocsin.schedules.models import Override, Schedule
from tocsin.schedules.rating import rating

router = Router(tags=["schedules"])
for more in (calendars_api, replacements_api, swaps_api):
    router.add_router("", more.router)

LONGEST_WINDOW = timedelta(days=400)


class ScheduleIn(Schema):
    name: str = Field(max_length=80)
    time_zone: str = Field(description="IANA, such as Europe/Berlin.")
    description: str = ""
    team: str | None = Field(None, description="Slug.")
    tells_gaps: bool = Field(default=True, description="Whether the team's leads are told when nobody will be on call.")


class ScheduleOut(ScheduleIn):
    slug: str


class ScheduleDetail(ScheduleOut):
    layers: list[LayerBody] = Field(description="From lowest to highest priority.")


class OverrideIn(Schema):
    person: int
    starts_at: Moment
    ends_at: Moment
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


class LoadOut(Schema):
    person: int
    percent: float


class QualityOut(Schema):
    score: int = Field(description="From 0 to 100.")
    coverage: float = Field(description="Percent of the next four weeks in which somebody is on call.")
    balance: float = Field(description="Percent; 100 when everybody carries the same over the next year.")
    loads: list[LoadOut]


class Window(Schema):
    start: Moment
    end: Moment


class LayersTry(Window):
    schedule: str | None = Field(
        None, description="Slug: its overrides, replacements and calendars count too. Null: of a schedule to be made."
    )
    time_zone: str | None = Field(None, description="IANA. Null: the schedule's, else UTC.", examples=["Europe/Berlin"])
    layers: list[LayerBody] = Field(description="From lowest to highest priority.")


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
    row = actions.create_schedule(who, now=clock.now(), **{**body.dict(), "team": team})
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
    actions.save_layers(who, queries.schedule(who, slug), [spec_of(layer) for layer in body], clock.now())
    return _detail(queries.schedule(who, slug))


@router.post("/layers/try", response=list[SegmentOut], summary="Who would be on call by other layers")
def try_layers(request: HttpRequest, body: LayersTry) -> list[dict[str, object]]:
    """The final schedule of a window as it would be with these layers. Nothing is saved, and what saving would refuse
    is refused."""
    who = actor(request)
    draft = queries.schedule(who, body.schedule) if body.schedule else Schedule(name="draft", time_zone="UTC")
    draft.time_zone = body.time_zone or draft.time_zone
    specs = [spec_of(layer) for layer in body.layers]
    _check_window(body)
    found = actions.try_layers(who, draft, specs, body.start, body.end, clock.now())
    return [_segment(segment) for segment in found]


@router.delete("/schedules/{slug}", response={204: None}, summary="Delete a schedule")
def delete_schedule(request: HttpRequest, slug: str) -> Status[None]:
    who = actor(request)
    actions.delete_schedule(who, queries.schedule(who, slug), clock.now())
    return Status(204, None)


@router.get("/schedules/{slug}/final", response=list[SegmentOut], summary="The final schedule in a window")
def final(request: HttpRequest, slug: str, window: Query[Window]) -> list[dict[str, object]]:
    _check_window(window)
    try:
        segments = queries.final(queries.schedule(actor(request), slug), window.start, window.end)
    except Unloadable as error:
        raise rest.BadRequest(status=409, detail=f"This schedule cannot be read: {error}.") from error
    return [_segment(segment) for segment in segments]


@router.get("/schedules/{slug}/quality", response=QualityOut, summary="Coverage and balance")
def quality(request: HttpRequest, slug: str) -> dict[str, object]:
    try:
        found = rating(queries.schedule(actor(request), slug), clock.now())
    except (Unloadable, LookupError) as error:
        raise rest.BadRequest(status=409, detail=f"This schedule cannot be read: {error}.") from error
    loads = [{"person": user.pk, "percent": percent} for user, percent in found.loads]
    return {"score": found.quality.score, "coverage": found.coverage, "balance": found.balance, "loads": loads}


@router.get("/schedules/{slug}/overrides", response=Page[OverrideOut], summary="Overrides that are not over")
def overrides(request: HttpRequest, slug: str, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(queries.overrides(who, queries.schedule(who, slug), clock.now()), paging, _override)


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


def _check_window(window: Window) -> None:
    if not timedelta() < window.end - window.start <= LONGEST_WINDOW:
        raise rest.BadRequest(detail=f"`end` must come after `start`, by {LONGEST_WINDOW.days} days at most.")


def _schedule(row: Schedule) -> dict[str, object]:
    team = row.team.slug if row.team else None
    names = ("name", "slug", "time_zone", "description", "tells_gaps")
    return {"team": team, **{name: getattr(row, name) for name in names}}


def _detail(row: Schedule) -> dict[str, object]:
    return {**_schedule(row), "layers": [layer_out(layer) for layer in row.layers.all()]}


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

"""Silences and maintenance windows over the API. Rules that are written once are in `tuning.rules_api`."""

import uuid
from datetime import datetime, timedelta
from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.alerts import queries as alerts
from tocsin.core.matching import Matchers
from tocsin.core.permissions import Actor
from tocsin.rest import BadRequest, Moment, Page, Paging, WallTime, Weekday, actor
from tocsin.rules import maintenance, queries, silences, typed
from tocsin.rules.models import Maintenance, Silence
from tocsin.rules.queries import SilenceFilters
from tocsin.rules.silences import SilenceChanges
from tocsin.services import queries as services
from tocsin.services.models import Service
from tocsin.tuning import samples, trying
from tocsin.tuning.rules_api import TrialOut, trial_out

router = Router(tags=["silences and maintenance"])


class SilenceIn(Schema):
    matchers: str = Field(description='In Prometheus\' syntax: service="checkout", alertname=~"Disk.*".')
    reason: str
    starts_at: Moment | None = Field(None, description="Now when it is not given.")
    ends_at: Moment | None = Field(None, description="This or `minutes`.")
    minutes: int | None = Field(None, ge=1, le=525_600, description="From its start.")


class SilenceOut(Schema):
    id: uuid.UUID
    state: Literal["active", "pending", "expired"]
    matchers: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    creator: str
    integration: int | None = Field(description="When it is for this integration's alerts only.")


class Extension(Schema):
    minutes: int = Field(ge=1, le=10_080)


class MatchersIn(Schema):
    matchers: str


class ProposedOut(Schema):
    matchers: str = Field(examples=['service="checkout", alertname="DiskFull"'])


class PreviewOut(Schema):
    open: int = Field(description="Open alerts that match.")
    last_day: int = Field(description="Of the alerts of the last 24 hours.")
    last_day_total: int
    last_week: int = Field(description="Of the alerts of the last 7 days.")
    doubts: list[str] = Field(description="Sentences: matchers that ask for what nothing has.")
    is_cut: bool = Field(description="There were more alerts than could be looked at.")
    trial: TrialOut


class MaintenanceIn(Schema):
    name: str = Field(max_length=120)
    services: list[str] = Field([], description="Slugs.")
    matchers: str = Field("", description="With services: both have to hold.")
    starts_at: Moment | None = Field(None, description="Weekly: not before.")
    ends_at: Moment | None = Field(None, description="Weekly: not after.")
    weekdays: list[Weekday] = Field([], description="0: Monday. With `opens`, `minutes` and `zone`: every week.")
    opens: WallTime | None = None
    minutes: int = Field(0, ge=0)
    zone: str = "UTC"


class MaintenanceOut(MaintenanceIn):
    id: int
    creator: str
    cut_at: datetime | None = Field(description="What was going on then was ended early.")
    state: Literal["active", "upcoming", "over"]
    changes_at: datetime | None = Field(description="When what goes on ends, else when it begins next; null: over.")


@router.get("/silences", response=Page[SilenceOut], summary="Silences: those that are not over, unless told")
def silence_list(
    request: HttpRequest, paging: Query[Paging], state: Literal["", "active", "pending", "expired"] = "", text: str = ""
) -> dict[str, object]:
    now = clock.now()
    found = queries.silences(actor(request), SilenceFilters(state=state, text=text), now)
    return rest.page_of(found, paging, lambda row: _silence(row, now))


@router.post("/silences", response={201: SilenceOut}, summary="Silence alerts")
def create_silence(request: HttpRequest, body: SilenceIn) -> Status[dict[str, object]]:
    now = clock.now()
    starts, ends = _span(body, now)
    return Status(
        201, _silence(silences.create_silence(actor(request), body.matchers, starts, ends, body.reason, now), now)
    )


@router.post("/silences/preview", response=PreviewOut, summary="What a silence would match")
def preview(request: HttpRequest, body: MatchersIn) -> dict[str, object]:
    now, who = clock.now(), actor(request)
    matchers: Matchers = typed.some_matchers(body.matchers)
    seen = samples.preview(who, matchers, None, now)
    return {
        "open": seen.open_count,
        "last_day": seen.day_count,
        "last_day_total": seen.day_total,
        "last_week": seen.week_count,
        "doubts": list(seen.doubts),
        "is_cut": seen.is_cut,
        "trial": trial_out(trying.of_silence(who, None, matchers, now)),
    }


@router.get("/alert-groups/{int:pk}/matchers", response=ProposedOut, summary="By what a silence would match a group")
def propose(request: HttpRequest, pk: int) -> dict[str, str]:
    """What its alerts have in common, said as briefly as tells them from others: for `matchers` of a silence."""
    who = actor(request)
    return {"matchers": samples.matchers_of(who, alerts.group(who, pk))}


@router.get("/silences/{uuid:key}", response=SilenceOut, summary="A silence")
def silence(request: HttpRequest, key: uuid.UUID) -> dict[str, object]:
    return _silence(queries.silence(actor(request), key), clock.now())


@router.put("/silences/{uuid:key}", response=SilenceOut, summary="Change a silence that is not over")
def change_silence(request: HttpRequest, key: uuid.UUID, body: SilenceIn) -> dict[str, object]:
    now, who = clock.now(), actor(request)
    return _silence(silences.change_silence(who, queries.silence(who, key), now, **_changes(body, now)), now)


@router.post("/silences/{uuid:key}/trial", response=TrialOut, summary="What changing it so would have meant")
def try_change_of_silence(request: HttpRequest, key: uuid.UUID, body: SilenceIn) -> dict[str, object]:
    now, who = clock.now(), actor(request)
    row = queries.silence(who, key)
    edited = silences.silence_as_if(who, row, now, **_changes(body, now))
    return trial_out(trying.of_silence(who, row, typed.matchers(edited.matchers), now))


@router.post("/silences/{uuid:key}/extension", response=SilenceOut, summary="Make a silence last longer")
def extend_silence(request: HttpRequest, key: uuid.UUID, body: Extension) -> dict[str, object]:
    now, who = clock.now(), actor(request)
    return _silence(silences.extend(who, queries.silence(who, key), timedelta(minutes=body.minutes), now), now)


@router.delete("/silences/{uuid:key}", response={204: None}, summary="End a silence now; it stays in the list")
def expire_silence(request: HttpRequest, key: uuid.UUID) -> Status[None]:
    who = actor(request)
    silences.expire(who, queries.silence(who, key), clock.now())
    return Status(204, None)


@router.get("/maintenance", response=Page[MaintenanceOut], summary="Maintenance windows")
def maintenance_list(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.maintenances(actor(request)), paging, _maintenance)


@router.post("/maintenance", response={201: MaintenanceOut}, summary="Plan maintenance")
def create_maintenance(request: HttpRequest, body: MaintenanceIn) -> Status[dict[str, object]]:
    who = actor(request)
    fields = body.dict(exclude={"services"})
    row = maintenance.create_maintenance(who, _services(who, body.services), clock.now(), **fields)
    return Status(201, _maintenance(row))


@router.post("/maintenance/trial", response=TrialOut, summary="What it would have meant for the last messages")
def try_maintenance(request: HttpRequest, body: MaintenanceIn) -> dict[str, object]:
    who = actor(request)
    fields = body.dict(exclude={"services"})
    return trial_out(trying.of_maintenance(who, None, _services(who, body.services), fields, clock.now()))


@router.get("/maintenance/{int:pk}", response=MaintenanceOut, summary="A maintenance window")
def one_maintenance(request: HttpRequest, pk: int) -> dict[str, object]:
    return _maintenance(queries.maintenance(actor(request), pk))


@router.put("/maintenance/{int:pk}", response=MaintenanceOut, summary="Change a maintenance window")
def change_maintenance(request: HttpRequest, pk: int, body: MaintenanceIn) -> dict[str, object]:
    who = actor(request)
    row, fields = queries.maintenance(who, pk), body.dict(exclude={"services"})
    maintenance.change_maintenance(who, row, _services(who, body.services), clock.now(), **fields)
    return _maintenance(queries.maintenance(who, pk))


@router.post("/maintenance/{int:pk}/trial", response=TrialOut, summary="What changing it so would have meant")
def try_change_of_maintenance(request: HttpRequest, pk: int, body: MaintenanceIn) -> dict[str, object]:
    who = actor(request)
    row, fields = queries.maintenance(who, pk), body.dict(exclude={"services"})
    return trial_out(trying.of_maintenance(who, row, _services(who, body.services), fields, clock.now()))


@router.post("/maintenance/{int:pk}/end", response=MaintenanceOut, summary="End what goes on now")
def end_maintenance(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    return _maintenance(maintenance.end_early(who, queries.maintenance(who, pk), clock.now()))


@router.delete("/maintenance/{int:pk}", response={204: None}, summary="Delete a maintenance window")
def delete_maintenance(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    maintenance.delete_maintenance(who, queries.maintenance(who, pk), clock.now())
    return Status(204, None)


def _span(body: SilenceIn, now: datetime) -> tuple[datetime, datetime]:
    starts = body.starts_at or now
    if body.minutes:
        return starts, starts + timedelta(minutes=body.minutes)
    if body.ends_at is None:
        raise BadRequest(detail="Say `minutes` or `ends_at`: a silence has an end.")
    return starts, body.ends_at


def _changes(body: SilenceIn, now: datetime) -> SilenceChanges:
    starts, ends = _span(body, now)
    return {"matchers": body.matchers, "reason": body.reason, "starts_at": starts, "ends_at": ends}


def _services(who: Actor, slugs: list[str]) -> list[Service]:
    return [services.service(who, slug) for slug in slugs]


def _silence(row: Silence, now: datetime) -> dict[str, object]:
    names = ("matchers", "reason", "starts_at", "ends_at", "creator")
    known = {"id": row.uuid, "state": queries.state_of(row, now), "integration": row.integration_id}
    return {**known, **{name: getattr(row, name) for name in names}}


def _maintenance(row: Maintenance) -> dict[str, object]:
    names = ("name", "matchers", "starts_at", "ends_at", "weekdays", "opens", "minutes", "zone", "creator", "cut_at")
    stands = queries.planned(row, clock.now())
    known = {"id": row.pk, "services": [service.slug for service in row.services.all()]}
    known |= {"state": stands.state, "changes_at": stands.at}
    return {**known, **{name: getattr(row, name) for name in names}}

"""Heartbeats and probes over the API."""

import uuid
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.checks import actions, queries
from tocsin.checks.models import Check, Ping, Result, Spell
from tocsin.checks.queries import Filters
from tocsin.core.probes import Finding
from tocsin.core.signals import Severity
from tocsin.rest import Page, Paging, actor
from tocsin.services import queries as services

router = Router(tags=["checks"])

Kind = Literal["heartbeat", "http", "tcp", "dns", "tls"]
_CONFIG = (
    "By kind; times are in seconds. heartbeat: rhythm (every, cron), period, expression, time_zone, grace, "
    "longest_run. All others: interval, timeout, retries, recoveries, regions, regions_down. http: url, method, body, "
    "status, contains, lacks, expression, equals, max_ms, follow, verify. tcp: host, port, send, expect. "
    "dns: host, type, expected, resolver. tls: host, port, days, verify."
)
_HEADERS = "Of an HTTP probe, a line each; sealed and never given out."


class CheckIn(Schema):
    kind: Kind
    service: str = Field(description="Slug.")
    name: str = Field(min_length=1, max_length=255)
    config: dict[str, Any] = Field({}, description=_CONFIG)
    note: str = Field("", description="What to do when it is down.")
    severity: Severity = Severity.CRITICAL
    headers: str = Field("", max_length=8000, description=_HEADERS)
    integration: int | None = Field(
        None, description="Through which a heartbeat is pinged by its name; none: it gets an address of its own."
    )


class CheckChange(Schema):
    name: str | None = Field(None, min_length=1, max_length=255)
    config: dict[str, Any] | None = Field(None, description="Takes the place of the whole config.")
    note: str | None = None
    severity: Severity | None = None
    headers: str | None = Field(None, max_length=8000, description=_HEADERS)


class Trial(Schema):
    kind: Kind
    config: dict[str, Any] = Field(description=_CONFIG)
    headers: str = Field("", max_length=8000)


class ChangeTrial(Schema):
    config: dict[str, Any] = Field(description=_CONFIG, examples=[{"url": "https://shop.example.org/health"}])
    headers: str | None = Field(
        None, max_length=8000, description="Null: those that are kept, as long as the address stays the same."
    )


class CheckOut(Schema):
    id: int
    kind: Kind
    service: str
    name: str
    config: dict[str, Any]
    note: str
    severity: Severity
    state: str = Field(
        description="new, up, late, failing, down, blocked (Tocsin does not go to its address) or paused."
    )
    reason: str
    since: datetime
    last_at: datetime | None = Field(description="The last ping or result.")
    expected_at: datetime | None = Field(description="The next success of a heartbeat.")
    integration: int | None
    url: str


class CheckDetail(CheckOut):
    uptime: dict[str, float | None] = Field(description="From 0 to 1; null when it was not watched in that time.")


class NewCheck(CheckOut):
    ping_url: str = Field(description="Of a heartbeat with an address of its own. Shown once.")


class PingUrl(Schema):
    ping_url: str


class PingOut(Schema):
    id: int
    at: datetime
    kind: str
    exit_code: int | None
    run_id: str
    body: str
    seconds: float | None = Field(description="How long the run took that ended with it.")
    receipt: uuid.UUID


class ResultOut(Schema):
    id: int
    region: str
    at: datetime
    is_ok: bool
    seconds: float | None
    phases: dict[str, float]
    facts: dict[str, Any]
    error: str


class SpellOut(Schema):
    id: int
    state: str
    reason: str
    began_at: datetime
    ended_at: datetime | None


class FindingOut(Schema):
    is_ok: bool
    error: str
    seconds: float | None
    phases: dict[str, float]
    facts: dict[str, Any]


class Listed(Schema):
    search: str = ""
    state: str = ""
    kind: str = ""
    service: str = Field("", description="Slug.")


@router.get("/checks", response=Page[CheckOut], summary="Checks, newest first")
def checks(request: HttpRequest, paging: Query[Paging], listed: Query[Listed]) -> dict[str, object]:
    return rest.page_of(queries.checks(actor(request), Filters(**listed.dict())), paging, _check)


@router.post("/checks", response={201: NewCheck}, summary="Make a heartbeat or a probe")
def create_check(request: HttpRequest, body: CheckIn) -> Status[dict[str, object]]:
    who = actor(request)
    fields = body.dict()
    fields["service"] = services.service(who, body.service)
    fields["integration"] = services.integration(who, body.integration) if body.integration else None
    made, key = actions.create_check(who, now=clock.now(), **fields)
    return Status(201, {**_check(made), "ping_url": queries.ping_url(key) if key else ""})


@router.post("/checks/try", response=FindingOut, summary="Look at a target once; nothing is kept")
def try_probe(request: HttpRequest, body: Trial) -> dict[str, object]:
    return _finding(actions.try_probe(actor(request), body.kind, body.config, body.headers, clock.now()))


@router.post("/checks/{int:pk}/try", response=FindingOut, summary="Look as a change would; nothing is kept")
def try_change_of_check(request: HttpRequest, pk: int, body: ChangeTrial) -> dict[str, object]:
    """As `/checks/try`, with the headers of the check, which are never given out."""
    who = actor(request)
    row = queries.check(who, pk)
    headers = actions.kept_headers(row, body.config) if body.headers is None else body.headers
    return _finding(actions.try_probe(who, row.kind, body.config, headers, clock.now()))


@router.get("/checks/{int:pk}", response=CheckDetail, summary="A check, with its uptime")
def check(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    row = queries.check(who, pk)
    uptime = {u.label.replace(" ", ""): u.share for u in queries.uptimes(who, row, clock.now())}
    return {**_check(row), "uptime": uptime}


@router.patch("/checks/{int:pk}", response=CheckOut, summary="Change a check")
def change_check(request: HttpRequest, pk: int, body: CheckChange) -> dict[str, object]:
    who = actor(request)
    return _check(actions.change_check(who, queries.check(who, pk), clock.now(), **body.dict(exclude_none=True)))


@router.delete("/checks/{int:pk}", response={204: None}, summary="Delete a check; its alerts stay")
def delete_check(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    actions.delete_check(who, queries.check(who, pk), clock.now())
    return Status(204, None)


@router.post("/checks/{int:pk}/pause", response=CheckOut, summary="Expect nothing; its alert is resolved")
def pause(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    actions.pause(who, queries.check(who, pk), clock.now())
    return _check(queries.check(who, pk))


@router.post("/checks/{int:pk}/resume", response=CheckOut, summary="Watch it again from now on")
def resume(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    actions.resume(who, queries.check(who, pk), clock.now())
    return _check(queries.check(who, pk))


@router.post("/checks/{int:pk}/key", response=PingUrl, summary="Make a new ping address; the old one stops")
def new_key(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    return {"ping_url": queries.ping_url(actions.new_key(who, queries.check(who, pk), clock.now()))}


@router.post("/checks/{int:pk}/look", response={202: None}, summary="Look at the target of a probe at once")
def look(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    actions.look_soon(who, queries.check(who, pk), clock.now())
    return Status(202, None)


@router.get("/checks/{int:pk}/pings", response=Page[PingOut], summary="Pings of a heartbeat, newest first")
def pings(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(queries.pings(who, queries.check(who, pk)), paging, _ping)


@router.get("/checks/{int:pk}/results", response=Page[ResultOut], summary="Results of a probe, newest first")
def results(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(queries.results(who, queries.check(who, pk)), paging, _result)


@router.get("/checks/{int:pk}/states", response=Page[SpellOut], summary="Its states, newest first")
def states(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(queries.spells(who, queries.check(who, pk)), paging, _spell)


def _check(row: Check) -> dict[str, object]:
    names = (
        "kind", "name", "config", "note", "severity", "state", "reason", "since", "last_at", "expected_at",
    )  # fmt: skip
    known = {
        "id": row.pk,
        "service": row.service.slug,
        "integration": row.integration_id,
        "url": row.get_absolute_url(),
    }
    return {**known, **{name: getattr(row, name) for name in names}}


def _ping(row: Ping) -> dict[str, object]:
    names = ("at", "kind", "exit_code", "run_id", "body", "seconds", "receipt")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def _result(row: Result) -> dict[str, object]:
    names = ("region", "at", "is_ok", "seconds", "phases", "facts", "error")
    return {"id": row.pk, **{name: getattr(row, name) for name in names}}


def _spell(row: Spell) -> dict[str, object]:
    return {"id": row.pk, **{name: getattr(row, name) for name in ("state", "reason", "began_at", "ended_at")}}


def _finding(found: Finding) -> dict[str, object]:
    return {
        "is_ok": found.is_ok,
        "error": found.error,
        "seconds": found.seconds,
        "phases": dict(found.phases),
        "facts": dict(found.facts),
    }

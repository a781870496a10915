"""Alert groups, their alerts and history, and receipts, over the API. Answering a page is in `paging.api`."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.alerts import actions, context_api, events_api, filters, queries
from tocsin.alerts.events_api import EventOut, event_out
from tocsin.alerts.models import Alert, AlertGroup, Entry
from tocsin.core.lifecycle import AlertState, GroupState
from tocsin.core.signals import Severity, Urgency
from tocsin.rest import Page, Paging, actor

router = Router(tags=["alerts"])
for more in (events_api, context_api):
    router.add_router("", more.router)


class GroupOut(Schema):
    id: int
    title: str
    service: str
    severity: Severity
    urgency: Urgency
    state: GroupState
    opened_at: datetime
    last_event_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: int | None
    resolved_at: datetime | None
    resolved_by: int | None
    alert_count: int
    event_count: int
    held: str = Field(description="What holds all its open alerts back, so that nobody is paged; empty: nothing.")
    url: str


class AlertOut(Schema):
    id: int
    integration: int
    dedup_key: str
    state: AlertState
    severity: Severity
    summary: str
    source: str
    component: str
    details: dict[str, Any]
    links: list[dict[str, str]]
    images: list[dict[str, str]]
    event_count: int
    opened_at: datetime
    last_event_at: datetime
    resolved_at: datetime | None
    held: str = Field(
        description="silence, maintenance, inhibition, pause, flapping, settling, storm; empty: nothing holds it back."
    )
    held_reason: str
    held_until: datetime | None


class EntryOut(Schema):
    id: int
    at: datetime
    kind: str
    text: str
    person: int | None
    via: str


class NoteIn(Schema):
    text: str = Field(min_length=1, max_length=10_000)


class Listed(Schema):
    state: str = Field(
        "open", description="open, triggered (and not held back), suppressed, acknowledged, resolved or all."
    )
    urgency: str = ""
    severity: str = ""
    service: str = Field("", description="Slug.")
    team: str = Field("", description="Slug.")
    text: str = ""
    since: str = Field("", description="1h, 24h, 7d, 30d, or an ISO date.")


class NotifiedOut(Schema):
    at: datetime
    text: str


class SignalOut(Schema):
    dedup_key: str
    action: str
    reason: str
    sentence: str
    group: int | None
    grouping: str = Field(description="Why it is in that alert group; empty where it opened no alert.")
    notified: list[NotifiedOut] = Field(description="Who was paged for that alert group, by which step; the first ten.")


class ReceiptOut(Schema):
    receipt: uuid.UUID
    state: str = Field(description="new, absorbed or quarantined.")
    sentence: str
    error: str
    received_at: datetime
    signals: list[SignalOut]


@router.get("/alert-groups", response=Page[GroupOut], summary="Alert groups, newest first")
def groups(request: HttpRequest, paging: Query[Paging], listed: Query[Listed]) -> dict[str, object]:
    found = queries.groups(actor(request), filters.read(listed.dict()), clock.now())
    return rest.page_of(found, paging, group_out)


@router.get("/alert-groups/{int:pk}", response=GroupOut, summary="An alert group")
def group(request: HttpRequest, pk: int) -> dict[str, object]:
    return group_out(queries.group(actor(request), pk))


@router.get("/alert-groups/{int:pk}/alerts", response=Page[AlertOut], summary="The alerts of a group")
def alerts(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(queries.alerts_of(who, queries.group(who, pk)), paging, _alert)


@router.get("/alert-groups/{int:pk}/history", response=Page[EntryOut], summary="What happened, newest first")
def history(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(queries.entries_of(who, queries.group(who, pk)), paging, _entry)


@router.post("/alert-groups/{int:pk}/notes", response={201: EntryOut}, summary="Add a note")
def add_note(request: HttpRequest, pk: int, body: NoteIn) -> Status[dict[str, object]]:
    return Status(201, _entry(actions.add_note(actor(request), pk, body.text, clock.now())))


@router.get("/receipts/{uuid:receipt}", response=ReceiptOut, summary="What became of an event, and why")
def receipt(request: HttpRequest, receipt: uuid.UUID) -> dict[str, object]:
    found = queries.receipt(actor(request), receipt)
    return {
        "receipt": found.event.receipt,
        "state": found.event.state,
        "sentence": found.sentence,
        "error": found.event.error,
        "received_at": found.event.received_at,
        "signals": [_signal(signal) for signal in found.signals],
    }


@router.get("/events/quarantined", response=Page[EventOut], summary="Events that could not be read")
def quarantined(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.quarantined(actor(request)), paging, event_out)


@router.post("/events/{int:pk}/retry", response={202: None}, summary="Try a quarantined event again")
def retry(request: HttpRequest, pk: int) -> Status[None]:
    if not actions.requeue_event(actor(request), pk, clock.now()):
        raise rest.BadRequest(status=409, detail="This event is not in quarantine.")
    return Status(202, None)


@router.post("/events/{int:pk}/discard", response={204: None}, summary="Discard a quarantined event")
def discard(request: HttpRequest, pk: int) -> Status[None]:
    if not actions.discard_event(actor(request), pk, clock.now()):
        raise rest.BadRequest(status=409, detail="This event is not in quarantine.")
    return Status(204, None)


def group_out(row: AlertGroup) -> dict[str, object]:
    names = (
        "title", "severity", "urgency", "state", "opened_at", "last_event_at", "acknowledged_at", "resolved_at",
        "alert_count", "event_count", "held",
    )  # fmt: skip
    return {
        "id": row.pk,
        "service": row.service.slug,
        "acknowledged_by": row.acknowledged_by_id,
        "resolved_by": row.resolved_by_id,
        "url": row.get_absolute_url(),
        **{name: getattr(row, name) for name in names},
    }


def _alert(row: Alert) -> dict[str, object]:
    names = (
        "dedup_key", "state", "severity", "summary", "source", "component", "details", "links", "images",
        "event_count", "opened_at", "last_event_at", "resolved_at", "held", "held_reason", "held_until",
    )  # fmt: skip
    return {"id": row.pk, "integration": row.integration_id, **{name: getattr(row, name) for name in names}}


def _entry(row: Entry) -> dict[str, object]:
    return {"id": row.pk, "person": row.user_id, **{n: getattr(row, n) for n in ("at", "kind", "text", "via")}}


def _signal(signal: queries.SignalReceipt) -> dict[str, object]:
    names = ("dedup_key", "action", "reason", "sentence", "grouping")
    return {
        "group": signal.group.pk if signal.group else None,
        "notified": [{"at": entry.at, "text": entry.text} for entry in signal.notified],
        **{name: getattr(signal, name) for name in names},
    }

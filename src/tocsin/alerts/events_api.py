"""Messages that came in over the API: of an alert group, of an integration, as they came; and trying both."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.alerts import listing, queries
from tocsin.alerts.bodies import readable
from tocsin.alerts.mapping import tried
from tocsin.alerts.models import Event, Outcome
from tocsin.alerts.testing import test_alert
from tocsin.core.permissions import Actor
from tocsin.core.receipts import Reason
from tocsin.core.signals import Action, Severity, Signal
from tocsin.rest import Page, Paging, actor
from tocsin.services import queries as services
from tocsin.services.forms import LONGEST_SAMPLE
from tocsin.services.models import Integration

router = Router()


class EventOut(Schema):
    id: int
    receipt: uuid.UUID
    integration: int
    received_at: datetime
    state: str = Field(description="new, absorbed or quarantined.")
    error: str = Field(description="Why it is in quarantine; empty: it is not.")


class OutcomeOut(Schema):
    dedup_key: str = Field(examples=["disk-db-1"])
    action: str = Field(description="trigger, acknowledge or resolve; empty: the message said nothing.")
    reason: str = Field(examples=["deduplicated"])
    sentence: str = Field(examples=["It is known already: the open alert counts it."])


class HeardOut(EventOut):
    outcomes: list[OutcomeOut] = Field(description="One an alert in it. Empty: it waits to be read, or cannot be.")


class MessageBody(Schema):
    receipt: uuid.UUID
    kind: str = Field(description="The kind of integration that reads it.", examples=["pagerduty"])
    integration: int
    received_at: datetime
    body: str = Field(
        description="JSON indented, anything else as it came. Keys are cut out, and so is what is after 100,000 "
        "characters.",
        examples=['{\n  "event_action": "trigger"\n}'],
    )


class TestSent(Schema):
    receipt: uuid.UUID = Field(description="`/receipts/<receipt>` says what becomes of it.")


class MappingTry(Schema):
    mapping: dict[str, Any] = Field(
        description="As an integration takes it: the field of an alert, and the expression that finds it.",
        examples=[{"summary": "title", "severity": "level"}],
    )
    sample: str = Field(
        "",
        max_length=LONGEST_SAMPLE,
        description="A message as the tool sends it.",
        examples=['{"title": "Disk full"}'],
    )
    receipt: uuid.UUID | None = Field(None, description="In place of `sample`: a message that this integration got.")


class MappedOut(Schema):
    action: Action
    dedup_key: str
    summary: str
    severity: Severity
    source: str
    component: str
    details: dict[str, Any]
    links: list[dict[str, str]]


class MappingTried(Schema):
    alerts: list[MappedOut]


@router.get("/alert-groups/{int:pk}/events", response=Page[HeardOut], summary="The messages of a group, newest first")
def events_of_group(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    """What the monitoring tools sent, each with what became of it for this group. What is past its retention is gone.
    `/receipts/{receipt}/message` has a message itself."""
    who = actor(request)
    return rest.page_of(listing.events_with_outcomes(who, queries.group(who, pk)), paging, _heard)


@router.get("/integrations/{int:pk}/events", response=Page[HeardOut], summary="What an integration got, newest first")
def events_of_integration(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    """Whether the tool sends, and whether it is understood: `?limit=1` has the last message."""
    who = actor(request)
    return rest.page_of(queries.recent_events(who, services.integration(who, pk)), paging, _heard)


@router.get("/receipts/{uuid:receipt}/message", response=MessageBody, summary="A message as it came in")
def message(request: HttpRequest, receipt: uuid.UUID) -> dict[str, object]:
    row = queries.event(actor(request), receipt)
    known = {"receipt": row.receipt, "kind": row.kind, "integration": row.integration_id}
    return {**known, "received_at": row.received_at, "body": readable(bytes(row.body))}


@router.post("/integrations/{int:pk}/test", response={202: TestSent}, summary="Send a test alert")
def send_test(request: HttpRequest, pk: int) -> Status[dict[str, object]]:
    """A message in the integration's own format, put where real ones are put. It pages like a real one: acknowledge or
    resolve it when it does. An integration that tells of changes gets a test change, which pages nobody."""
    who = actor(request)
    return Status(202, {"receipt": test_alert(who, services.integration(who, pk), clock.now())})


@router.post("/integrations/{int:pk}/mapping/try", response=MappingTried, summary="Try a mapping; nothing is kept")
def try_mapping(request: HttpRequest, pk: int, body: MappingTry) -> dict[str, object]:
    """On `sample`, on a message that came in, or, with neither, on the usual message of its kind. 409 says in words why
    it cannot be read. To keep the mapping, PATCH the integration with it."""
    who = actor(request)
    integration = services.integration(who, pk)
    found = tried(who, integration, body.mapping, _message(who, integration, body))
    return {"alerts": [_mapped(signal) for signal in found]}


def _message(who: Actor, integration: Integration, body: MappingTry) -> bytes:
    if body.receipt is None:
        return body.sample.encode()
    if body.sample:
        raise rest.BadRequest(detail="Give `sample` or `receipt`, not both.")
    return bytes(queries.sample(who, integration, str(body.receipt)).body)


def event_out(row: Event) -> dict[str, object]:
    names = ("receipt", "received_at", "state", "error")
    return {"id": row.pk, "integration": row.integration_id, **{name: getattr(row, name) for name in names}}


def _heard(row: Event) -> dict[str, object]:
    return {**event_out(row), "outcomes": [_outcome(outcome) for outcome in row.outcomes.all()]}


def _outcome(row: Outcome) -> dict[str, str]:
    sentence = f"{Reason(row.reason).sentence} {row.why}".rstrip()
    return {"dedup_key": row.dedup_key, "action": row.action, "reason": row.reason, "sentence": sentence}


def _mapped(signal: Signal) -> dict[str, object]:
    names = ("action", "dedup_key", "summary", "severity", "source", "component")
    links = [{"href": link.href, "text": link.text} for link in signal.links]
    return {**{n: getattr(signal, n) for n in names}, "details": dict(signal.details), "links": links}

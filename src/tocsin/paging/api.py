"""Answering pages, and what became of each notification, over the API."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.alerts import queries as alerts
from tocsin.core.lifecycle import GroupState
from tocsin.core.permissions import Actor
from tocsin.outbox import actions as outbox
from tocsin.paging import actions, handing, queries
from tocsin.paging.answering import Answer
from tocsin.paging.models import Escalation, Notification
from tocsin.paging.queries import Deliveries
from tocsin.policies import queries as policies
from tocsin.rest import Page, Paging, actor

router = Router(tags=["paging"])


class AnswerOut(Schema):
    group: int
    state: GroupState
    reason: str = Field(description="What was done; or why there was nothing to do.")


class SnoozeIn(Schema):
    minutes: int = Field(ge=1, le=7 * 24 * 60)


class ReassignIn(Schema):
    person: int | None = None
    policy: str | None = Field(None, description="Slug.")


class ResponderIn(Schema):
    person: int


class NotificationOut(Schema):
    id: int
    group: int | None = Field(description="Null: a test of the pager.")
    person: int
    kind: str
    state: str
    step: int
    round: int
    created_at: datetime
    settled_at: datetime | None
    error: str
    message: int | None


class EscalationOut(Schema):
    id: int
    status: str
    reason: str
    step: int
    round: int
    next_due: datetime | None
    started_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: int | None
    ended_at: datetime | None


class Listed(Schema):
    state: str = Field("", description="waiting, queued, sent, delivered, failed or cancelled.")
    kind: str = ""
    person: int | None = None


def _answered(act: Callable[[int, Actor, datetime], Answer], request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    answer = act(pk, who, clock.now())
    return {"group": pk, "state": alerts.group(who, pk).state, "reason": answer.reason}


@router.post("/alert-groups/{int:pk}/acknowledge", response=AnswerOut, summary="Acknowledge: the escalation stops")
def acknowledge(request: HttpRequest, pk: int) -> dict[str, object]:
    return _answered(actions.acknowledge, request, pk)


@router.post("/alert-groups/{int:pk}/unacknowledge", response=AnswerOut, summary="Take it back: it pages again")
def unacknowledge(request: HttpRequest, pk: int) -> dict[str, object]:
    return _answered(actions.unacknowledge, request, pk)


@router.post("/alert-groups/{int:pk}/resolve", response=AnswerOut, summary="Resolve")
def resolve(request: HttpRequest, pk: int) -> dict[str, object]:
    return _answered(actions.resolve, request, pk)


@router.post("/alert-groups/{int:pk}/escalate", response=AnswerOut, summary="Page the next step now")
def escalate(request: HttpRequest, pk: int) -> dict[str, object]:
    return _answered(actions.escalate, request, pk)


@router.post("/alert-groups/{int:pk}/snooze", response=AnswerOut, summary="Acknowledge for a time; then it pages again")
def snooze(request: HttpRequest, pk: int, body: SnoozeIn) -> dict[str, object]:
    minutes = timedelta(minutes=body.minutes)
    return _answered(lambda group, who, now: handing.snooze(group, now + minutes, who, now), request, pk)


@router.post("/alert-groups/{int:pk}/take-over", response=AnswerOut, summary="Acknowledge instead of whoever did")
def take_over(request: HttpRequest, pk: int) -> dict[str, object]:
    return _answered(handing.take_over, request, pk)


@router.post("/alert-groups/{int:pk}/reassign", response=AnswerOut, summary="Give it to a person or another policy")
def reassign(request: HttpRequest, pk: int, body: ReassignIn) -> dict[str, object]:
    if (body.person is None) == (body.policy is None):
        raise rest.BadRequest(status=422, detail="Give either a person or a policy.")
    return _answered(lambda group, who, now: _reassigned(group, body, who, now), request, pk)


@router.post("/alert-groups/{int:pk}/responders", response=AnswerOut, summary="Page one more person beside")
def add_responder(request: HttpRequest, pk: int, body: ResponderIn) -> dict[str, object]:
    return _answered(lambda group, who, now: handing.add_responder(group, body.person, who, now), request, pk)


@router.get("/alert-groups/{int:pk}/notifications", response=Page[NotificationOut], summary="Who was paged by what")
def pages(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(queries.pages_of(who, alerts.group(who, pk)), paging, _notification)


@router.get("/alert-groups/{int:pk}/escalation", response=EscalationOut, summary="How far its escalation has come")
def escalation(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    found = queries.escalation_of(who, alerts.group(who, pk))
    if found is None:
        raise rest.BadRequest(status=404, detail="Nobody was paged for this alert group.")
    return _escalation(found)


@router.get("/notifications", response=Page[NotificationOut], summary="Every notification, newest first")
def notifications(request: HttpRequest, paging: Query[Paging], listed: Query[Listed]) -> dict[str, object]:
    filters = Deliveries(state=listed.state, kind=listed.kind, user_id=listed.person)
    return rest.page_of(queries.deliveries(actor(request), filters), paging, _notification)


@router.post("/messages/{int:pk}/retry", response={202: None}, summary="Send a failed message again")
def retry(request: HttpRequest, pk: int) -> Status[None]:
    if not outbox.retry(actor(request), pk, clock.now()):
        raise rest.BadRequest(status=409, detail="There is nothing to send again: it has not failed, or is under way.")
    return Status(202, None)


@router.post("/people/{int:pk}/test-page", response={202: EscalationOut}, summary="Test somebody's pager")
def test_pager(request: HttpRequest, pk: int) -> Status[dict[str, object]]:
    return Status(202, _escalation(actions.test_pager(pk, actor(request), clock.now())))


def _reassigned(pk: int, body: ReassignIn, who: Actor, now: datetime) -> Answer:
    if body.person is not None:
        return handing.reassign_to_person(pk, body.person, who, now)
    return handing.reassign_to_policy(pk, policies.policy(who, body.policy or ""), who, now)


def _notification(row: Notification) -> dict[str, object]:
    names = ("kind", "state", "step", "round", "created_at", "settled_at", "error")
    ids = {"id": row.pk, "group": row.escalation.group_id, "person": row.user_id, "message": row.message_id}
    return {**ids, **{name: getattr(row, name) for name in names}}


def _escalation(row: Escalation) -> dict[str, object]:
    names = ("status", "reason", "step", "round", "next_due", "started_at", "acknowledged_at", "ended_at")
    return {"id": row.pk, "acknowledged_by": row.acknowledged_by_id, **{name: getattr(row, name) for name in names}}

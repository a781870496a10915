"""Answering pages, and what became of each notification, over the API."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tocsin import clock, rest
from tocsin.alerts import listing
from tocsin.alerts import queries as alerts
from tocsin.alerts.api import GroupOut, group_out
from tocsin.alerts.listing import MOST
from tocsin.core.escalation import Status
from tocsin.core.lifecycle import GroupState
from tocsin.core.permissions import Actor
from tocsin.paging import actions, deliveries_api, handing, queries, tests_api, together
from tocsin.paging.answering import Answer
from tocsin.paging.models import Notification
from tocsin.paging.queries import Deliveries
from tocsin.paging.tests_api import EscalationOut, escalation_out
from tocsin.paging.together import Act
from tocsin.policies import queries as policies
from tocsin.rest import Page, Paging, actor

router = Router(tags=["paging"])
for more in (deliveries_api, tests_api):
    router.add_router("", more.router)


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


class Together(Schema):
    groups: list[int] = Field(
        min_length=1, max_length=MOST, description="Ids. Those that are not there are left out.", examples=[[17, 18]]
    )


class AnswersOut(Schema):
    answers: list[AnswerOut]


class NextOut(Schema):
    status: Status = Field(description="Of the escalation: running or acknowledged.")
    at: datetime | None = Field(description="When; null: nothing more happens by itself.")
    people: list[str] = Field(description="Who is paged then, as things stand.", examples=[["Grace Hopper"]])
    why: str = Field(examples=["on call in Primary"])
    step: int | None = Field(description="From 1; null: the catch-all.")


class Listed(Schema):
    state: str = Field("", description="waiting, queued, sent, delivered, failed or cancelled.")
    kind: str = ""
    person: int | None = None


def _answered(act: Act, request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    answer = act(pk, who, clock.now())
    return {"group": pk, "state": alerts.group(who, pk).state, "reason": answer.reason}


@router.get("/alert-groups/mine", response=Page[GroupOut], summary="Those that page you and nobody has answered")
def mine(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.my_pages(actor(request)), paging, group_out)


@router.post("/alert-groups/acknowledge", response=AnswersOut, summary="Acknowledge many")
def acknowledge_many(request: HttpRequest, body: Together) -> dict[str, object]:
    """Each by itself: `reason` says of each what was done, or why there was nothing to do."""
    return _together(actions.acknowledge, request, body)


@router.post("/alert-groups/resolve", response=AnswersOut, summary="Resolve many")
def resolve_many(request: HttpRequest, body: Together) -> dict[str, object]:
    return _together(actions.resolve, request, body)


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


@router.get("/alert-groups/{int:pk}/next", response=NextOut, summary="What happens if nobody does anything")
def next_up(request: HttpRequest, pk: int) -> dict[str, object]:
    """Who is paged next and when, decided as the engine will decide it; 404 when no escalation is live."""
    who = actor(request)
    found = queries.next_up(who, alerts.group(who, pk), clock.now())
    if found is None:
        raise rest.BadRequest(status=404, detail="Nobody is paged for this alert group: its escalation is over.")
    return {**vars(found), "people": list(found.people)}


@router.get("/alert-groups/{int:pk}/escalation", response=EscalationOut, summary="How far its escalation has come")
def escalation(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    found = queries.escalation_of(who, alerts.group(who, pk))
    if found is None:
        raise rest.BadRequest(status=404, detail="Nobody was paged for this alert group.")
    return escalation_out(found)


@router.get("/notifications", response=Page[NotificationOut], summary="Every notification, newest first")
def notifications(request: HttpRequest, paging: Query[Paging], listed: Query[Listed]) -> dict[str, object]:
    filters = Deliveries(state=listed.state, kind=listed.kind, user_id=listed.person)
    return rest.page_of(queries.deliveries(actor(request), filters), paging, _notification)


def _together(act: Act, request: HttpRequest, body: Together) -> dict[str, object]:
    who, now = actor(request), clock.now()
    answers = dict(together.each(act, body.groups, who, now))
    states = dict(listing.shown(who, list(answers), now).values_list("pk", "state"))
    return {"answers": [{"group": pk, "state": states[pk], "reason": a.reason} for pk, a in answers.items()]}


def _reassigned(pk: int, body: ReassignIn, who: Actor, now: datetime) -> Answer:
    if body.person is not None:
        return handing.reassign_to_person(pk, body.person, who, now)
    return handing.reassign_to_policy(pk, policies.policy(who, body.policy or ""), who, now)


def _notification(row: Notification) -> dict[str, object]:
    names = ("kind", "state", "step", "round", "created_at", "settled_at", "error")
    ids = {"id": row.pk, "group": row.escalation.group_id, "person": row.user_id, "message": row.message_id}
    return {**ids, **{name: getattr(row, name) for name in names}}

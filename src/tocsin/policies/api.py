"""Escalation policies over the API."""

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.core.conditions import ALWAYS, Condition
from tocsin.core.escalation import Target as TargetSpec
from tocsin.core.escalation import TargetKind
from tocsin.core.reach import Method
from tocsin.core.signals import Severity, Urgency
from tocsin.people import queries as people
from tocsin.people.models import User
from tocsin.policies import actions, conditions, queries
from tocsin.policies import places as told
from tocsin.policies.actions import StepSpec
from tocsin.policies.models import EscalationPolicy, Place, Step, Target
from tocsin.rest import Page, Paging, WallTime, Weekday, actor

router = Router(tags=["escalation policies"])


class TargetBody(Schema):
    kind: TargetKind = Field(
        description="user, schedule, team (everybody), turn (one of a team, the next each time) or place (a chat "
        "channel or webhook: told, reaches nobody for certain); stewards in the catch-all: every owner and admin."
    )
    id: int = 0


class ConditionBody(Schema):
    urgency: Urgency | None = None
    severity: Severity | None = Field(None, description="At least.")
    weekdays: list[Weekday] = Field([], description="0: Monday. Empty: every day.")
    starts: WallTime | None = Field(None, description="With `ends`: hours of a day, over midnight if they end earlier.")
    ends: WallTime | None = None
    zone: str = Field("UTC", description="IANA, of the days and hours.")


class StepBody(Schema):
    delay_minutes: int = Field(5, description="Until the next step.")
    targets: list[TargetBody]
    when: ConditionBody | None = Field(None, description="Else the step is passed over.")
    answers: int = Field(1, description="So many people have to acknowledge.")


class PlaceIn(Schema):
    name: str = Field(max_length=80)
    kind: Literal["chat", "webhook", "ntfy"] = Field(description="chat: an incoming webhook in Slack's format.")
    address: str = Field(description="Not shown again.")
    secret: str = ""


class PlaceOut(Schema):
    id: int
    name: str
    kind: str


class PlaceMade(PlaceOut):
    secret: str = Field("", description="What a webhook's messages are signed with, where Tocsin made it. Shown once.")


class NewSecret(Schema):
    secret: str = Field(description="Shown once. What was signed with the one before may still be on its way.")


class PolicyIn(Schema):
    name: str = Field(max_length=80)
    description: str = ""
    team: str | None = Field(None, description="Slug.")
    repeats: int = Field(2, description="How often the steps run again before the catch-all.")
    ack_timeout_high_minutes: int = Field(30, ge=0, description="0: an acknowledgement lasts.")
    ack_timeout_low_minutes: int = Field(0, ge=0)
    repeat_from: int = Field(1, description="The step with which repeats begin.")
    hold_low_hours: int = Field(0, description="Low urgency that reaches nobody waits for somebody to be on call.")


class PolicyOut(PolicyIn):
    id: int
    slug: str
    steps: list[StepBody]
    catch_all: list[TargetBody]


class StepsIn(Schema):
    steps: list[StepBody]
    catch_all: list[TargetBody] = []


class DefectOut(Schema):
    where: str
    text: str


class ReachedOut(Schema):
    person: int
    method: str = Field(description="Its kind, such as email.")
    after_seconds: int = Field(description="After the step, by the person's rules and quiet hours.")
    is_held: bool = Field(description="Quiet hours make it later than the rules say.")


class LineOut(Schema):
    after_seconds: int
    at: datetime
    people: list[int] = Field(description="Empty: the step is passed over.")
    notified: list[ReachedOut] = Field(description="Each message that would leave, if nobody acknowledged before.")
    where: str
    round: int
    why: str


_NUMBERS = ("ack_timeout_high_minutes", "ack_timeout_low_minutes", "repeat_from", "hold_low_hours")


class Moment(Schema):
    at: rest.Moment | None = Field(None, description="Now when it is not given.")
    urgency: Urgency = Urgency.HIGH
    severity: Severity | None = Field(None, description="For conditions; the usual one of the urgency if not given.")


@router.get("/escalation-policies", response=Page[PolicyOut], summary="All policies")
def policies(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.policies(actor(request)), paging, _policy)


@router.post("/escalation-policies", response={201: PolicyOut}, summary="Make a policy")
def create_policy(request: HttpRequest, body: PolicyIn) -> Status[dict[str, object]]:
    who = actor(request)
    fields = body.dict(exclude={"name", "team"})
    team = people.team(who, body.team) if body.team else None
    row = actions.create_policy(who, body.name, clock.now(), team=team, **fields)
    return Status(201, _policy(queries.policy(who, row.slug)))


@router.get("/escalation-policies/{slug}", response=PolicyOut, summary="A policy")
def policy(request: HttpRequest, slug: str) -> dict[str, object]:
    return _policy(queries.policy(actor(request), slug))


@router.put("/escalation-policies/{slug}", response=PolicyOut, summary="Change a policy")
def change_policy(request: HttpRequest, slug: str, body: PolicyIn) -> dict[str, object]:
    who = actor(request)
    team = people.team(who, body.team) if body.team else None
    actions.change_policy(who, queries.policy(who, slug), clock.now(), **{**body.dict(), "team": team})
    return _policy(queries.policy(who, slug))


@router.put("/escalation-policies/{slug}/steps", response=PolicyOut, summary="Set the steps and the catch-all")
def save_steps(request: HttpRequest, slug: str, body: StepsIn) -> dict[str, object]:
    who = actor(request)
    steps = [
        StepSpec(
            delay_minutes=s.delay_minutes,
            targets=_specs(s.targets),
            when=_condition(s.when),
            answers=s.answers,
        )
        for s in body.steps
    ]
    actions.save_steps(who, queries.policy(who, slug), steps, _specs(body.catch_all), clock.now())
    return _policy(queries.policy(who, slug))


@router.delete("/escalation-policies/{slug}", response={204: None}, summary="Delete a policy")
def delete_policy(request: HttpRequest, slug: str) -> Status[None]:
    who = actor(request)
    actions.delete_policy(who, queries.policy(who, slug), clock.now())
    return Status(204, None)


@router.get("/escalation-policies/{slug}/defects", response=list[DefectOut], summary="What is wrong with it")
def defects(request: HttpRequest, slug: str) -> list[queries.Defect]:
    return queries.defects(queries.policy(actor(request), slug), clock.now())


@router.get("/escalation-policies/{slug}/simulation", response=list[LineOut], summary="Who would be paged")
def simulate(request: HttpRequest, slug: str, moment: Query[Moment]) -> list[dict[str, object]]:
    at = moment.at or clock.now()
    lines = queries.simulate(queries.policy(actor(request), slug), at, moment.urgency, moment.severity)
    return [_line(line, at) for line in lines]


@router.get("/places", response=Page[PlaceOut], summary="Chat channels and webhooks that steps tell")
def places(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(told.places(actor(request)), paging, _place)


@router.post("/places", response={201: PlaceMade}, summary="Add a chat channel or webhook")
def create_place(request: HttpRequest, body: PlaceIn) -> Status[dict[str, object]]:
    made = told.create(actor(request), body.name, body.kind, body.address, clock.now(), secret=body.secret)
    return Status(201, {**_place(made), "secret": "" if body.secret else made.secret})


@router.post("/places/{int:pk}/secret", response=NewSecret, summary="A new signing secret of a webhook")
def new_secret(request: HttpRequest, pk: int) -> dict[str, str]:
    who = actor(request)
    return {"secret": told.new_secret(who, told.place(who, pk), clock.now())}


@router.delete("/places/{int:pk}", response={204: None}, summary="Delete a chat channel or webhook")
def delete_place(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    told.delete(who, told.place(who, pk), clock.now())
    return Status(204, None)


def _condition(body: ConditionBody | None) -> Condition:
    return Condition(**{**body.dict(), "weekdays": tuple(body.weekdays)}) if body else ALWAYS


def _place(row: Place) -> dict[str, object]:
    return {"id": row.pk, "name": row.name, "kind": row.kind}


def _policy(row: EscalationPolicy) -> dict[str, object]:
    steps = list(row.steps.all())
    names = ("name", "slug", "description", "repeats", *_NUMBERS)
    return {
        "id": row.pk,
        "team": row.team.slug if row.team else None,
        "steps": [_step(step) for step in steps if not step.is_catch_all],
        "catch_all": [target for step in steps if step.is_catch_all for target in _targets(step)]
        or [{"kind": TargetKind.STEWARDS, "id": 0}],
        **{name: getattr(row, name) for name in names},
    }


def _step(step: Step) -> dict[str, object]:
    when = vars(conditions.read(step.when))
    return {"delay_minutes": step.delay_minutes, "targets": _targets(step), "when": when, "answers": step.answers}


def _targets(step: Step) -> list[dict[str, object]]:
    return [_target(target) for target in step.targets.all()]


def _target(target: Target) -> dict[str, object]:
    if target.user_id:
        return {"kind": TargetKind.USER, "id": target.user_id}
    if target.schedule_id:
        return {"kind": TargetKind.SCHEDULE, "id": target.schedule_id}
    if target.place_id:
        return {"kind": TargetKind.PLACE, "id": target.place_id}
    return {"kind": TargetKind.TURN if target.in_turn else TargetKind.TEAM, "id": target.team_id}


def _specs(targets: list[TargetBody]) -> tuple[TargetSpec, ...]:
    return tuple(TargetSpec(kind=t.kind, id=t.id, name="") for t in targets)


def _line(line: queries.Line, at: datetime) -> dict[str, object]:
    return {
        "after_seconds": int(line.after.total_seconds()),
        "at": at + line.after,
        "people": [p.pk for p in line.people],
        "notified": [_notified(p, m) for p, of in zip(line.people, line.methods, strict=True) for m in of],
        "where": line.where,
        "round": line.round,
        "why": line.why,
    }


def _notified(person: User, method: Method) -> dict[str, object]:
    after = int(method.delay.total_seconds())
    return {"person": person.pk, "method": method.kind, "after_seconds": after, "is_held": method.is_held}

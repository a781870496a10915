"""Routes, urgency rules and inhibition rules over the API, each with a trial on the last messages."""

import uuid
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.core.permissions import Actor
from tocsin.core.routing import destination
from tocsin.core.signals import Urgency
from tocsin.policies import queries as policies
from tocsin.rest import Page, Paging, WallTime, Weekday, actor
from tocsin.rules import inhibitions, queries, routing, urgency
from tocsin.rules.models import Inhibition, Route, UrgencyRule
from tocsin.services import queries as services
from tocsin.services.api import NoiseIn
from tocsin.tuning import trying
from tocsin.tuning.trying import Trial

router = Router(tags=["alert rules"])


class DifferenceOut(Schema):
    receipt: uuid.UUID = Field(description="Of the message that opened the alert.")
    at: datetime
    summary: str
    words: list[str] = Field(description="What would be different about it.")
    before: str = Field(description="What becomes of it by today's rules, and why. Empty: it is no alert of its own.")
    after: str = Field(description="What would become of it, and why.")


class TallyOut(Schema):
    alerts: int = Field(description="Opened.")
    groups: int = Field(description="Opened.")
    held: int = Field(description="Alerts that were held back, for a time or for good.")
    pages: int = Field(description="How often paging began.")


class TrialOut(Schema):
    events: int = Field(description="The last messages that were looked at: 500 at most.")
    since: datetime | None = Field(description="When the first of them came.")
    alerts: int = Field(description="That they opened.")
    unreadable: int
    before: TallyOut = Field(description="By today's rules, when nothing is open at first and nobody does anything.")
    after: TallyOut = Field(description="By those that are tried.")
    counts: dict[str, int] = Field(description="How many alerts would be silenced, would page, would go elsewhere …")
    differences: list[DifferenceOut] = Field(description="The newest.")
    is_cut: bool = Field(description="There was more in the messages than is looked at.")
    doubts: list[str] = Field([], description="Sentences: matchers that ask for what nothing has.")


class InhibitionIn(Schema):
    name: str = Field(max_length=120)
    source: str = Field(description="Matchers: while such an alert is open …")
    target: str = Field(description="… such alerts page nobody …")
    equal: list[str] = Field([], description="… if they are alike in these labels.")
    is_enabled: bool = True


class InhibitionOut(InhibitionIn):
    id: int


class RouteIn(Schema):
    name: str = Field(max_length=120)
    matchers: str = Field("", description="Empty: everything.")
    parent: int | None = None
    goes_on: bool = Field(default=False, description="Later siblings may say what this one leaves open.")
    service: str | None = Field(None, description="Slug.")
    policy: str | None = Field(None, description="Slug.")
    urgency: Urgency | None = None


class RouteOut(RouteIn):
    id: int
    position: int = Field(description="Among its siblings.")


class Move(Schema):
    to: Literal["up", "down"]


class Labels(Schema):
    labels: dict[str, str] = Field({}, examples=[{"alertname": "DiskFull"}])
    receipt: uuid.UUID | None = Field(
        None, description="Of a message that came in: its first alert is asked about, with `labels` on top."
    )


class DestinationOut(Schema):
    service: int | None = Field(description="Null: the integration's own.")
    policy: int | None = Field(description="Null: the service's own.")
    urgency: Urgency | None = Field(description="Null: by the urgency rules.")
    routes: list[int]
    reason: str


class UrgencyRuleIn(Schema):
    name: str = Field(max_length=120)
    matchers: str = Field("", description="Empty: everything.")
    urgency: Urgency
    otherwise: Urgency | None = Field(None, description="Outside its hours; null: the next rule says.")
    weekdays: list[Weekday] = Field([], description="0: Monday. Empty: every day.")
    starts: WallTime | None = None
    ends: WallTime | None = None
    zone: str = "UTC"


class UrgencyRuleOut(UrgencyRuleIn):
    id: int
    position: int


@router.get("/inhibitions", response=Page[InhibitionOut], summary="Inhibition rules")
def inhibition_list(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.inhibitions(actor(request)), paging, _inhibition)


@router.post("/inhibitions", response={201: InhibitionOut}, summary="Make an inhibition rule")
def create_inhibition(request: HttpRequest, body: InhibitionIn) -> Status[dict[str, object]]:
    return Status(201, _inhibition(inhibitions.save_inhibition(actor(request), None, clock.now(), **body.dict())))


@router.post("/inhibitions/trial", response=TrialOut, summary="What it would have meant for the last messages")
def try_inhibition(request: HttpRequest, body: InhibitionIn) -> dict[str, object]:
    return trial_out(trying.of_inhibition(actor(request), None, body.dict(), clock.now()))


@router.get("/inhibitions/{int:pk}", response=InhibitionOut, summary="An inhibition rule")
def one_inhibition(request: HttpRequest, pk: int) -> dict[str, object]:
    return _inhibition(queries.inhibition(actor(request), pk))


@router.put("/inhibitions/{int:pk}", response=InhibitionOut, summary="Change an inhibition rule")
def change_inhibition(request: HttpRequest, pk: int, body: InhibitionIn) -> dict[str, object]:
    who = actor(request)
    return _inhibition(inhibitions.save_inhibition(who, queries.inhibition(who, pk), clock.now(), **body.dict()))


@router.post("/inhibitions/{int:pk}/trial", response=TrialOut, summary="What changing it so would have meant")
def try_change_of_inhibition(request: HttpRequest, pk: int, body: InhibitionIn) -> dict[str, object]:
    who = actor(request)
    return trial_out(trying.of_inhibition(who, queries.inhibition(who, pk), body.dict(), clock.now()))


@router.delete("/inhibitions/{int:pk}", response={204: None}, summary="Delete an inhibition rule")
def delete_inhibition(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    inhibitions.delete_inhibition(who, queries.inhibition(who, pk), clock.now())
    return Status(204, None)


@router.get("/routes", response=Page[RouteOut], summary="The routing tree: every route, with its parent and position")
def route_list(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.routes(actor(request)), paging, _route)


@router.post("/routes", response={201: RouteOut}, summary="Make a route, the last of its siblings")
def create_route(request: HttpRequest, body: RouteIn) -> Status[dict[str, object]]:
    who = actor(request)
    return Status(201, _route(routing.save_route(who, None, clock.now(), **_route_fields(who, body))))


@router.post("/routes/trial", response=TrialOut, summary="What it would have meant for the last messages")
def try_route(request: HttpRequest, body: RouteIn) -> dict[str, object]:
    who = actor(request)
    return trial_out(trying.of_route(who, None, _route_fields(who, body), clock.now()))


@router.post("/routes/destination", response=DestinationOut, summary="Where an alert with these labels would go")
def ask_tree(request: HttpRequest, body: Labels) -> dict[str, object]:
    who = actor(request)
    queries.routes(who)
    fields = trying.fields_of_event(who, body.receipt) if body.receipt else {}
    found = destination(queries.rulebook(clock.now()).routes, {**fields, **body.labels})
    return {**{n: getattr(found, n) for n in ("service", "policy", "urgency", "reason")}, "routes": list(found.routes)}


@router.get("/routes/{int:pk}", response=RouteOut, summary="A route")
def one_route(request: HttpRequest, pk: int) -> dict[str, object]:
    return _route(queries.route(actor(request), pk))


@router.put("/routes/{int:pk}", response=RouteOut, summary="Change a route")
def change_route(request: HttpRequest, pk: int, body: RouteIn) -> dict[str, object]:
    who = actor(request)
    row = queries.route(who, pk)
    return _route(routing.save_route(who, row, clock.now(), **_route_fields(who, body)))


@router.post("/routes/{int:pk}/trial", response=TrialOut, summary="What changing it so would have meant")
def try_change_of_route(request: HttpRequest, pk: int, body: RouteIn) -> dict[str, object]:
    who = actor(request)
    return trial_out(trying.of_route(who, queries.route(who, pk), _route_fields(who, body), clock.now()))


@router.post("/routes/{int:pk}/move", response=RouteOut, summary="Move a route among its siblings")
def move_route(request: HttpRequest, pk: int, body: Move) -> dict[str, object]:
    who = actor(request)
    routing.move_route(who, queries.route(who, pk), -1 if body.to == "up" else 1, clock.now())
    return _route(queries.route(who, pk))


@router.delete("/routes/{int:pk}", response={204: None}, summary="Delete a route and all that is inside it")
def delete_route(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    routing.delete_route(who, queries.route(who, pk), clock.now())
    return Status(204, None)


@router.get("/urgency-rules", response=Page[UrgencyRuleOut], summary="Urgency rules, each with its position")
def urgency_rule_list(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.urgency_rules(actor(request)), paging, _urgency_rule)


@router.post("/urgency-rules", response={201: UrgencyRuleOut}, summary="Make an urgency rule, the last")
def create_urgency_rule(request: HttpRequest, body: UrgencyRuleIn) -> Status[dict[str, object]]:
    return Status(201, _urgency_rule(urgency.save_urgency_rule(actor(request), None, clock.now(), **body.dict())))


@router.post("/urgency-rules/trial", response=TrialOut, summary="What it would have meant for the last messages")
def try_urgency_rule(request: HttpRequest, body: UrgencyRuleIn) -> dict[str, object]:
    return trial_out(trying.of_urgency_rule(actor(request), None, body.dict(), clock.now()))


@router.get("/urgency-rules/{int:pk}", response=UrgencyRuleOut, summary="An urgency rule")
def one_urgency_rule(request: HttpRequest, pk: int) -> dict[str, object]:
    return _urgency_rule(queries.urgency_rule(actor(request), pk))


@router.put("/urgency-rules/{int:pk}", response=UrgencyRuleOut, summary="Change an urgency rule")
def change_urgency_rule(request: HttpRequest, pk: int, body: UrgencyRuleIn) -> dict[str, object]:
    who = actor(request)
    row = queries.urgency_rule(who, pk)
    return _urgency_rule(urgency.save_urgency_rule(who, row, clock.now(), **body.dict()))


@router.post("/urgency-rules/{int:pk}/trial", response=TrialOut, summary="What changing it so would have meant")
def try_change_of_urgency_rule(request: HttpRequest, pk: int, body: UrgencyRuleIn) -> dict[str, object]:
    who = actor(request)
    return trial_out(trying.of_urgency_rule(who, queries.urgency_rule(who, pk), body.dict(), clock.now()))


@router.post("/urgency-rules/{int:pk}/move", response=UrgencyRuleOut, summary="Move an urgency rule")
def move_urgency_rule(request: HttpRequest, pk: int, body: Move) -> dict[str, object]:
    who = actor(request)
    urgency.move_urgency_rule(who, queries.urgency_rule(who, pk), -1 if body.to == "up" else 1, clock.now())
    return _urgency_rule(queries.urgency_rule(who, pk))


@router.delete("/urgency-rules/{int:pk}", response={204: None}, summary="Delete an urgency rule")
def delete_urgency_rule(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    urgency.delete_urgency_rule(who, queries.urgency_rule(who, pk), clock.now())
    return Status(204, None)


@router.post("/services/{slug}/noise/trial", response=TrialOut, summary="What other noise settings would have meant")
def try_noise(request: HttpRequest, slug: str, body: NoiseIn) -> dict[str, object]:
    who = actor(request)
    fields = body.dict(exclude_unset=True)
    return trial_out(trying.of_noise(who, services.service(who, slug), fields, clock.now()))


def trial_out(trial: Trial) -> dict[str, object]:
    shown = [
        {"receipt": receipt, **{name: getattr(each, name) for name in ("at", "summary", "words", "before", "after")}}
        for receipt, each in trial.differences
    ]
    names = ("events", "since", "before", "after", "unreadable", "counts", "is_cut", "doubts")
    return {**{name: getattr(trial, name) for name in names}, "alerts": trial.before.alerts, "differences": shown}


def _route_fields(who: Actor, body: RouteIn) -> dict[str, Any]:
    return {
        **body.dict(),
        "parent": queries.route(who, body.parent) if body.parent else None,
        "service": services.service(who, body.service) if body.service else None,
        "policy": policies.policy(who, body.policy) if body.policy else None,
        "urgency": body.urgency.value if body.urgency else "",
    }


def _inhibition(row: Inhibition) -> dict[str, object]:
    return {name: getattr(row, name) for name in ("id", "name", "source", "target", "equal", "is_enabled")}


def _route(row: Route) -> dict[str, object]:
    return {
        **{name: getattr(row, name) for name in ("id", "position", "name", "matchers", "goes_on")},
        "parent": row.parent_id,
        "service": row.service.slug if row.service else None,
        "policy": row.policy.slug if row.policy else None,
        "urgency": row.urgency or None,
    }


def _urgency_rule(row: UrgencyRule) -> dict[str, object]:
    names = ("id", "position", "name", "matchers", "urgency", "weekdays", "starts", "ends", "zone")
    return {**{name: getattr(row, name) for name in names}, "otherwise": row.otherwise or None}

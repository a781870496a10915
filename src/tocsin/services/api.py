"""Services and integrations over the API."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.core.permissions import Actor
from tocsin.people import queries as people
from tocsin.policies import queries as policies
from tocsin.rest import Page, Paging, actor
from tocsin.services import actions, queries
from tocsin.services import setup as told
from tocsin.services.models import Integration, Service
from tocsin.sources.registry import BY_HAND

router = Router(tags=["services"])

_COPIED = (
    "name", "slug", "description", "tier", "runbook_url", "dashboard_url", "logs_url", "chat_url", "rollback",
    "group_minutes", "group_by", "group_hours", "pause_minutes", "resolve_minutes", "calms_flapping", "storm_threshold",
    "change_window_minutes",
)  # fmt: skip


Label = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class NoiseIn(Schema):
    """How loud a service is."""

    group_minutes: int = Field(
        0, ge=0, le=1440, description="Alerts within so many minutes join the open group; 0: each alone."
    )
    group_by: list[Label] = Field([], max_length=10, description="Labels that the alerts of a group share.")
    group_hours: int = Field(24, ge=1, le=168, description="A group collects for so long at most.")
    pause_minutes: int = Field(0, ge=0, le=60, description="What resolves within them pages nobody.")
    resolve_minutes: int = Field(0, ge=0, le=10_080, description="Without news, an alert resolves by itself; 0: never.")
    calms_flapping: bool = Field(default=True, description="What comes and goes again and again pages once.")
    storm_threshold: int = Field(
        20, ge=0, le=100_000, description="New alerts in 5 minutes that are one page; 0: never."
    )


class ServiceIn(NoiseIn):
    name: str = Field(max_length=80)
    policy: str = Field(description="Slug of the escalation policy.")
    team: str | None = Field(None, description="Slug.")
    description: str = ""
    tier: int = Field(2, ge=1, le=4, description="1 is the most important.")
    runbook_url: str = ""
    dashboard_url: str = ""
    logs_url: str = ""
    chat_url: str = ""
    rollback: str = Field("", description="One sentence: how to go back.")
    change_window_minutes: int = Field(
        0,
        ge=0,
        le=10080,
        description="How long before an alert changes are looked for; 0: as long as for all, 2 hours.",
    )


class ServiceOut(ServiceIn):
    slug: str


Topic = Annotated[str, Field(max_length=300, examples=["arn:aws:sns:eu-central-1:123456789012:alarms"])]


class IntegrationIn(Schema):
    kind: str = Field(description=f"One of {', '.join(sorted(BY_HAND))}.")
    name: str = Field(max_length=80)
    mapping: dict[str, Any] = {}


class IntegrationChange(Schema):
    name: str | None = None
    mapping: dict[str, Any] | None = None
    is_enabled: bool | None = None
    is_routed: bool | None = Field(None, description="Whether the routing tree may move its alerts.")
    secret: str | None = Field(None, max_length=500, description="What the tool signs with; empty: need not sign.")
    topics: list[Topic] | None = Field(
        None, max_length=50, description="Of kind sns: the ARNs that it listens to; none: the first that is subscribed."
    )


class IntegrationOut(Schema):
    id: int
    service: str
    kind: str
    name: str
    key_hint: str
    mapping: dict[str, Any]
    is_enabled: bool
    is_routed: bool
    topics: list[str] = Field(description="Of kind sns: the ARNs that it listens to.")
    is_signed: bool = Field(description="Whether only messages signed with its secret are taken.")


class NewIntegration(IntegrationOut):
    key: str = Field(description="Shown once.")
    url: str = Field(description="Where the monitoring tool sends to; of kind email an e-mail address.")


class SetupPart(Schema):
    text: str
    is_code: bool = Field(description="To be copied as it is.")


class SetupOut(Schema):
    url: str = Field(
        description="Where the tool sends to, with YOUR-KEY for the key, which is shown once, when it is made.",
        examples=["https://tocsin.example.org/v2/enqueue"],
    )
    parts: list[SetupPart] = Field(description="How to point the tool here, paragraph by paragraph.")
    is_deaf: bool = Field(description="Nothing can come in: this Tocsin takes no mails.")


class NewKey(Schema):
    key: str
    url: str


@router.get("/services", response=Page[ServiceOut], summary="All services")
def services(request: HttpRequest, paging: Query[Paging], search: str = "") -> dict[str, object]:
    return rest.page_of(queries.services(actor(request), search), paging, _service)


@router.post("/services", response={201: ServiceOut}, summary="Make a service")
def create_service(request: HttpRequest, body: ServiceIn) -> Status[dict[str, object]]:
    who = actor(request)
    fields = _fields(who, body)
    policy = policies.policy(who, body.policy)
    row = actions.create_service(who, body.name, policy, clock.now(), **_without(fields, "name", "policy"))
    return Status(201, _service(row))


@router.get("/services/{slug}", response=ServiceOut, summary="A service")
def service(request: HttpRequest, slug: str) -> dict[str, object]:
    return _service(queries.service(actor(request), slug))


@router.put("/services/{slug}", response=ServiceOut, summary="Change a service")
def change_service(request: HttpRequest, slug: str, body: ServiceIn) -> dict[str, object]:
    who = actor(request)
    return _service(actions.change_service(who, queries.service(who, slug), clock.now(), **_fields(who, body)))


@router.delete("/services/{slug}", response={204: None}, summary="Delete a service")
def delete_service(request: HttpRequest, slug: str) -> Status[None]:
    who = actor(request)
    actions.delete_service(who, queries.service(who, slug), clock.now())
    return Status(204, None)


@router.get("/integrations", response=Page[IntegrationOut], summary="All integrations")
def integrations(request: HttpRequest, paging: Query[Paging], service: str = "") -> dict[str, object]:
    return rest.page_of(queries.integrations(actor(request), service), paging, _integration)


@router.post("/services/{slug}/integrations", response={201: NewIntegration}, summary="Make an integration")
def create_integration(request: HttpRequest, slug: str, body: IntegrationIn) -> Status[dict[str, object]]:
    who = actor(request)
    owner = queries.service(who, slug)
    made, key = actions.create_integration(who, owner, body.kind, body.name, clock.now(), body.mapping)
    return Status(201, {**_integration(made), "key": key, "url": queries.inbound_url(made.kind, key)})


@router.get("/integrations/{int:pk}", response=IntegrationOut, summary="An integration")
def integration(request: HttpRequest, pk: int) -> dict[str, object]:
    return _integration(queries.integration(actor(request), pk))


@router.patch("/integrations/{int:pk}", response=IntegrationOut, summary="Change an integration")
def change_integration(request: HttpRequest, pk: int, body: IntegrationChange) -> dict[str, object]:
    who = actor(request)
    changes = body.dict(exclude_none=True)
    return _integration(actions.change_integration(who, queries.integration(who, pk), clock.now(), **changes))


@router.get("/integrations/{int:pk}/setup", response=SetupOut, summary="How to point the tool here")
def setup(request: HttpRequest, pk: int) -> dict[str, object]:
    kind = queries.integration(actor(request), pk).kind
    parts = [vars(part) for part in told.parts(kind, told.NO_KEY)]
    return {"url": queries.inbound_url(kind, told.NO_KEY), "parts": parts, "is_deaf": queries.is_deaf(kind)}


@router.post("/integrations/{int:pk}/key", response=NewKey, summary="Make a new key; the old one stops")
def rotate_key(request: HttpRequest, pk: int) -> dict[str, object]:
    who = actor(request)
    found = queries.integration(who, pk)
    key = actions.rotate_key(who, found, clock.now())
    return {"key": key, "url": queries.inbound_url(found.kind, key)}


@router.delete("/integrations/{int:pk}", response={204: None}, summary="Delete an integration; its alerts stay")
def delete_integration(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    actions.delete_integration(who, queries.integration(who, pk), clock.now())
    return Status(204, None)


def _fields(who: Actor, body: ServiceIn) -> dict[str, object]:
    team = people.team(who, body.team) if body.team else None
    return {**body.dict(), "team": team, "policy": policies.policy(who, body.policy)}


def _without(fields: dict[str, object], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _service(row: Service) -> dict[str, object]:
    team = row.team.slug if row.team else None
    return {"policy": row.policy.slug, "team": team, **{name: getattr(row, name) for name in _COPIED}}


def _integration(row: Integration) -> dict[str, object]:
    names = ("kind", "name", "key_hint", "mapping", "is_enabled", "is_routed", "topics")
    known = {"id": row.pk, "service": row.service.slug, "is_signed": bool(row.secret)}
    return {**known, **{name: getattr(row, name) for name in names}}

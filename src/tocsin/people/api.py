"""People, teams, contact methods and tokens over the API."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.core.permissions import Role, Scope
from tocsin.core.signals import Urgency
from tocsin.people import actions, entering_api, queries
from tocsin.people.entering_api import Link, link_out
from tocsin.people.models import ApiToken, ContactMethod, Team, User
from tocsin.rest import Page, Paging, WallTime, actor

router = Router()
router.add_router("", entering_api.router)


class PersonOut(Schema):
    id: int
    name: str
    email: str
    role: Role
    time_zone: str
    country: str
    quiet_from: WallTime | None
    quiet_until: WallTime | None
    is_active: bool
    invitation_ends_at: datetime | None = Field(
        description="While there is a link by which they choose a password: until when it works."
    )

    @staticmethod
    def resolve_invitation_ends_at(obj: object) -> datetime | None:
        return getattr(getattr(obj, "invitation", None), "expires_at", None)


class PersonIn(Schema):
    email: str = Field(max_length=254)
    name: str = Field(max_length=120)
    role: Role = Role.RESPONDER
    team: str | None = Field(None, description="The slug of a team to join.")


class PersonChange(Schema):
    name: str | None = None
    email: str | None = None
    time_zone: str | None = None
    country: str | None = Field(None, description="ISO 3166, two letters; empty: the team’s. For public holidays.")
    quiet_from: WallTime | None = Field(None, description="Low urgency waits from then …")
    quiet_until: WallTime | None = Field(None, description="… until then, on the person’s own wall.")
    role: Role | None = None
    is_active: bool | None = None


class Invited(Link):
    person: PersonOut


class Member(Schema):
    person: int
    is_lead: bool = False


class TeamIn(Schema):
    name: str = Field(max_length=80)
    description: str = ""


class TeamOut(TeamIn):
    slug: str
    members: list[Member]


class MethodIn(Schema):
    kind: str = Field(description="email, ntfy or webhook.")
    label: str = Field("", max_length=60)
    address: str
    secret: str = Field("", description="The signing secret or access token, where the channel has one. Never shown.")


class MethodOut(Schema):
    id: int
    kind: str
    label: str
    address: str
    is_verified: bool


class MethodMade(MethodOut):
    secret: str = Field("", description="What a webhook's messages are signed with, where Tocsin made it. Shown once.")


class NewSecret(Schema):
    secret: str = Field(description="Shown once. What was signed with the one before may still be on its way.")


class Code(Schema):
    code: str


class Rule(Schema):
    method: int
    delay_seconds: int = Field(0, ge=0)


class TokenIn(Schema):
    name: str = Field(max_length=80)
    scopes: list[Scope]
    person: int | None = Field(None, description="It acts as this person; as nobody when null, for admins only.")
    expires_at: rest.Moment | None = None


class TokenOut(Schema):
    id: int
    name: str
    hint: str
    scopes: list[Scope]
    person: int | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewToken(TokenOut):
    token: str = Field(description="Shown once.")


@router.get("/me", response=PersonOut, tags=["people"], summary="The person this token acts as")
def me(request: HttpRequest) -> Any:  # noqa: ANN401 - ninja shapes it by `response`
    who = actor(request)
    if who.user_id is None:
        raise rest.BadRequest(status=404, detail="This token acts as nobody.")
    return queries.person(who, who.user_id)


@router.get("/people", response=Page[PersonOut], tags=["people"], summary="Everybody")
def people(request: HttpRequest, paging: Query[Paging], search: str = "") -> dict[str, object]:
    return rest.page_of(queries.people(actor(request), search), paging, PersonOut.from_orm)


@router.post("/people", response={201: Invited}, tags=["people"], summary="Invite somebody")
def invite(request: HttpRequest, body: PersonIn) -> Status[dict[str, object]]:
    who = actor(request)
    team = queries.team(who, body.team) if body.team else None
    person, token = actions.invite(who, body.email, body.name, body.role, team, clock.now())
    return Status(201, {"person": person, **link_out(token)})


@router.get("/people/{int:pk}", response=PersonOut, tags=["people"], summary="A person")
def person(request: HttpRequest, pk: int) -> User:
    return queries.person(actor(request), pk)


@router.patch("/people/{int:pk}", response=PersonOut, tags=["people"], summary="Change a person")
def change_person(request: HttpRequest, pk: int, body: PersonChange) -> User:
    who, now = actor(request), clock.now()
    found = queries.person(who, pk)
    changes = body.dict(exclude_unset=True, exclude={"role", "is_active"})
    for name in {"quiet_from", "quiet_until"} & {name for name, value in changes.items() if value is not None}:
        changes[name] = changes[name].replace(tzinfo=None)
    with transaction.atomic():  # what is refused in one part is done in none
        if changes:
            found = actions.change_person(who, found, now, **changes)
        if body.role is not None:
            found = actions.set_role(who, found, body.role, now)
        if body.is_active is not None:
            found = actions.set_active(who, found, now, active=body.is_active)
    return found


@router.get("/people/{int:pk}/contact-methods", response=list[MethodOut], tags=["people"], summary="Ways to be reached")
def methods(request: HttpRequest, pk: int) -> list[dict[str, object]]:
    who = actor(request)
    return [_method(m) for m in queries.contact_methods(who, queries.person(who, pk))]


@router.post("/people/{int:pk}/contact-methods", response={201: MethodMade}, tags=["people"], summary="Add one")
def add_method(request: HttpRequest, pk: int, body: MethodIn) -> Status[dict[str, object]]:
    who = actor(request)
    person = queries.person(who, pk)
    method = actions.add_method(who, person, body.kind, body.label, body.address, clock.now(), secret=body.secret)
    return Status(201, {**_method(method), "secret": "" if body.secret else method.secret})


@router.post("/contact-methods/{int:pk}/secret", response=NewSecret, tags=["people"], summary="A new signing secret")
def new_secret(request: HttpRequest, pk: int) -> dict[str, str]:
    who = actor(request)
    return {"secret": actions.new_secret(who, queries.contact_method(who, pk), clock.now())}


@router.delete("/contact-methods/{int:pk}", response={204: None}, tags=["people"], summary="Remove one")
def remove_method(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    actions.remove_method(who, queries.contact_method(who, pk), clock.now())
    return Status(204, None)


@router.post("/contact-methods/{int:pk}/send-code", response={202: None}, tags=["people"], summary="Send a code there")
def send_code(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    actions.send_code(who, queries.contact_method(who, pk), clock.now())
    return Status(202, None)


@router.post("/contact-methods/{int:pk}/verify", response=MethodOut, tags=["people"], summary="Verify with the code")
def verify(request: HttpRequest, pk: int, body: Code) -> dict[str, object]:
    who = actor(request)
    return _method(actions.verify(who, queries.contact_method(who, pk), body.code, clock.now()))


@router.get("/people/{int:pk}/rules/{urgency}", response=list[Rule], tags=["people"], summary="Notification rules")
def rules(request: HttpRequest, pk: int, urgency: Urgency) -> list[dict[str, int]]:
    who = actor(request)
    found = queries.rules(who, queries.person(who, pk), urgency)
    return [{"method": r.method_id, "delay_seconds": r.delay_seconds} for r in found]


@router.put("/people/{int:pk}/rules/{urgency}", response=list[Rule], tags=["people"], summary="Set them")
def set_rules(request: HttpRequest, pk: int, urgency: Urgency, body: list[Rule]) -> list[dict[str, int]]:
    who = actor(request)
    wanted = [(r.method, r.delay_seconds) for r in body]
    saved = actions.set_rules(who, queries.person(who, pk), urgency, wanted, clock.now())
    return [{"method": r.method_id, "delay_seconds": r.delay_seconds} for r in saved]


@router.get("/teams", response=Page[TeamOut], tags=["people"], summary="All teams")
def teams(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.teams(actor(request)), paging, _team)


@router.post("/teams", response={201: TeamOut}, tags=["people"], summary="Make a team")
def create_team(request: HttpRequest, body: TeamIn) -> Status[dict[str, object]]:
    team = actions.create_team(actor(request), body.name, clock.now(), description=body.description)
    return Status(201, _team(team))


@router.get("/teams/{slug}", response=TeamOut, tags=["people"], summary="A team")
def team(request: HttpRequest, slug: str) -> dict[str, object]:
    return _team(queries.team(actor(request), slug))


@router.put("/teams/{slug}", response=TeamOut, tags=["people"], summary="Change a team")
def change_team(request: HttpRequest, slug: str, body: TeamIn) -> dict[str, object]:
    who = actor(request)
    return _team(actions.change_team(who, queries.team(who, slug), clock.now(), **body.dict()))


@router.put("/teams/{slug}/members", response=TeamOut, tags=["people"], summary="Set the members")
def set_members(request: HttpRequest, slug: str, body: list[Member]) -> dict[str, object]:
    who = actor(request)
    leads = [m.person for m in body if m.is_lead]
    actions.set_members(who, queries.team(who, slug), [m.person for m in body], clock.now(), leads=leads)
    return _team(queries.team(who, slug))


@router.delete("/teams/{slug}", response={204: None}, tags=["people"], summary="Delete a team")
def delete_team(request: HttpRequest, slug: str) -> Status[None]:
    who = actor(request)
    actions.delete_team(who, queries.team(who, slug), clock.now())
    return Status(204, None)


@router.get("/tokens", response=Page[TokenOut], tags=["tokens"], summary="Tokens")
def tokens(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(queries.tokens(actor(request)), paging, _token)


@router.post("/tokens", response={201: NewToken}, tags=["tokens"], summary="Make a token")
def create_token(request: HttpRequest, body: TokenIn) -> Status[dict[str, object]]:
    who = actor(request)
    person = queries.person(who, body.person) if body.person else None
    token, raw = actions.create_token(who, body.name, body.scopes, person, body.expires_at, clock.now())
    return Status(201, {**_token(token), "token": raw})


@router.delete("/tokens/{int:pk}", response={204: None}, tags=["tokens"], summary="Revoke a token")
def revoke_token(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    actions.revoke_token(who, queries.token(who, pk), clock.now())
    return Status(204, None)


def _method(method: ContactMethod) -> dict[str, object]:
    return {
        "id": method.pk,
        "kind": method.kind,
        "label": method.label,
        "address": method.address,
        "is_verified": method.verified_at is not None,
    }


def _team(team: Team) -> dict[str, object]:
    members = [{"person": m.user_id, "is_lead": m.is_lead} for m in team.memberships.all()]
    return {"name": team.name, "slug": team.slug, "description": team.description, "members": members}


def _token(token: ApiToken) -> dict[str, object]:
    names = ("name", "hint", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    return {"id": token.pk, "person": token.user_id, **{name: getattr(token, name) for name in names}}

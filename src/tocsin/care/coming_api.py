"""Who will be on call, and who of them could not be paged, over the API."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Query, Router, Schema

from tocsin import clock, rest
from tocsin.care import queries
from tocsin.care.models import Unready
from tocsin.people import queries as people
from tocsin.people.models import Team
from tocsin.rest import Page, Paging, actor

router = Router()


class ComingOut(Schema):
    schedule: str
    starts_at: datetime
    ends_at: datetime


class UnreadyOut(Schema):
    person: int
    schedule: str
    starts_at: datetime
    found_at: datetime


class CareTeam(Schema):
    slug: str
    name: str


@router.get("/people/{int:pk}/shifts", response=list[ComingOut], summary="A person's shifts in the next 60 days")
def coming(request: HttpRequest, pk: int) -> list[dict[str, object]]:
    """In all schedules, the soonest first; one that goes on now is the first."""
    who = actor(request)
    found = queries.coming(who, clock.now(), people.person(who, pk).pk)
    return [{"schedule": s.schedule.slug, "starts_at": s.starts_at, "ends_at": s.ends_at} for s in found]


@router.get("/care/unready", response=Page[UnreadyOut], summary="Who is on call soon and could not be paged")
def unready(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    """Within a week, by nothing but an open Tocsin tab. Each with the first shift."""
    return rest.page_of(queries.unready(actor(request)), paging, _unready)


@router.get("/care/teams", response=Page[CareTeam], summary="Teams whose figures you may see")
def teams(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    """Those that you lead; all of them for who manages people."""
    return rest.page_of(queries.teams(actor(request)), paging, _team)


def _unready(row: Unready) -> dict[str, object]:
    known = {"person": row.user_id, "schedule": row.schedule.slug}
    return {**known, "starts_at": row.starts_at, "found_at": row.found_at}


def _team(row: Team) -> dict[str, str]:
    return {"slug": row.slug, "name": row.name}

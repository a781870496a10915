"""Finding things, what has still to be set up, and when nobody will be on call, over the API."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.home import actions, finding, queries, steps
from tocsin.rest import actor

router = Router()


class FoundOut(Schema):
    kind: str = Field(examples=["Service"])
    label: str = Field(examples=["Checkout"])
    url: str = Field(description="Its page in the browser.", examples=["/services/checkout/"])


class SetupStep(Schema):
    name: str = Field(description="team, reach, test, schedule or alerts.")
    label: str
    is_done: bool


class SetupSteps(Schema):
    is_hidden: bool = Field(description="Put away on the home page.")
    steps: list[SetupStep]


class GapOut(Schema):
    schedule: str
    starts_at: datetime
    ends_at: datetime


@router.get("/find", response=list[FoundOut], tags=["finding"], summary="Find a page, an open alert or a row by name")
def find(request: HttpRequest, q: str = "") -> list[finding.Found]:
    """As Ctrl-K does: at most five of each kind."""
    return finding.found(actor(request), q, clock.now())


@router.get("/on-call/gaps", response=list[GapOut], tags=["schedules"], summary="When nobody will be on call")
def gaps(request: HttpRequest) -> list[dict[str, object]]:
    """In the next two weeks, in every schedule that tells its gaps; the six soonest."""
    found = queries.gaps(actor(request), clock.now())
    return [{"schedule": g.schedule.slug, "starts_at": g.starts_at, "ends_at": g.ends_at} for g in found]


@router.get("/setup", response=SetupSteps, summary="The first steps, and which of them are done")
def setup(request: HttpRequest) -> dict[str, object]:
    who = actor(request)
    if who.user_id is None:
        raise rest.BadRequest(status=404, detail="This token acts as nobody, and the first steps are a person's.")
    return {"is_hidden": queries.is_setup_hidden(), "steps": [vars(step) for step in steps.shown(who)]}


@router.post("/setup/hide", response={204: None}, summary="Put the first steps away")
def hide(request: HttpRequest) -> Status[None]:
    actions.hide_setup(actor(request), clock.now())
    return Status(204, None)

"""How people come in, and where they are signed in, over the API."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from tocsin import clock
from tocsin.people import actions, devices, queries
from tocsin.people.joining import link_of
from tocsin.people.models import SignIn
from tocsin.rest import actor

router = Router()


class Link(Schema):
    token: str = Field(description="Of the link. Shown once.")
    url: str = Field(
        description="Where the person chooses a password. It works once, for seven days.",
        examples=["https://tocsin.example.org/invitation/…/"],
    )


class SignInOut(Schema):
    device: str = Field(examples=["Firefox on Linux"])
    began_at: datetime
    seen_at: datetime = Field(description="To five minutes.")


class Ended(Schema):
    ended: int


@router.post("/people/{int:pk}/invitation", response=Link, tags=["people"], summary="A new link to choose a password")
def renew_invitation(request: HttpRequest, pk: int) -> dict[str, str]:
    """For somebody who has not come in yet, or has forgotten the password. The link before stops working. It is mailed
    too, where Tocsin can send mails."""
    who = actor(request)
    return link_out(actions.renew_invitation(who, queries.person(who, pk), clock.now()))


@router.get("/sign-ins", response=list[SignInOut], tags=["people"], summary="Where you are signed in")
def sign_ins(request: HttpRequest) -> list[SignIn]:
    """Browsers, not tokens; of the person this token acts as."""
    return list(devices.sign_ins(actor(request), clock.now()))


@router.post("/sign-ins/end", response=Ended, tags=["people"], summary="Sign yourself out everywhere")
def end_sign_ins(request: HttpRequest) -> dict[str, int]:
    """In every browser. Tokens stay: revoke them by themselves."""
    return {"ended": devices.sign_out_elsewhere(actor(request), "", clock.now())}


def link_out(token: str) -> dict[str, str]:
    return {"token": token, "url": link_of(token)}

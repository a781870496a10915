"""How Tocsin itself is, over the API."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from tocsin import __version__
from tocsin.alerts import queries as alerts
from tocsin.health import counters, problems
from tocsin.outbox import queries as outbox
from tocsin.rest import actor

router = Router(tags=["health"])


class ProblemOut(Schema):
    title: str
    detail: str
    url: str
    first_seen: datetime
    last_seen: datetime
    count: int


class StatusOut(Schema):
    version: str
    problems: list[ProblemOut]
    groups_triggered: int = Field(description="Somebody is paged for them.")
    groups_suppressed: int = Field(description="Triggered, and held back.")
    groups_acknowledged: int
    events_quarantined: int
    messages: dict[str, int]
    counters: dict[str, int]


@router.get("/status", response=StatusOut, summary="What is open, what is wrong, what was repaired")
def status(request: HttpRequest) -> dict[str, object]:
    who = actor(request)
    counts = alerts.counts(who)
    return {
        "version": __version__,
        "problems": list(problems.open_problems()),
        "groups_triggered": counts.triggered,
        "groups_suppressed": counts.suppressed,
        "groups_acknowledged": counts.acknowledged,
        "events_quarantined": counts.quarantined,
        "messages": outbox.counts(who),
        "counters": counters.values(),
    }

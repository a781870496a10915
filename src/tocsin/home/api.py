"""How Tocsin itself is, over the API."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from tocsin import __version__, clock
from tocsin.alerts import queries as alerts
from tocsin.health import counters, problems
from tocsin.home import dismissing, keeping, looking_api
from tocsin.outbox import queries as outbox
from tocsin.people import queries as people
from tocsin.rest import actor

router = Router(tags=["health"])
router.add_router("", looking_api.router)


class ProblemOut(Schema):
    id: int
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
    people_unreachable: list[int] = Field(description="Who could be paged by nothing but an open Tocsin tab.")


class RetentionOut(Schema):
    keep_events_days: int
    keep_messages_days: int
    keep_problems_days: int
    oldest_event: datetime | None
    size: int = Field(description="Bytes: of events and receipts; on SQLite of the whole database.")


class RetentionIn(Schema):
    """In days. What is left out stays as it is."""

    keep_events_days: int | None = None
    keep_messages_days: int | None = None
    keep_problems_days: int | None = None


@router.get("/retention", response=RetentionOut, summary="How long things are kept")
def retention(request: HttpRequest) -> dict[str, object]:
    found = keeping.kept(actor(request))
    return {**found.days, "oldest_event": found.events.oldest, "size": found.events.size}


@router.patch("/retention", response=RetentionOut, summary="Keep things for longer or shorter")
def change_retention(request: HttpRequest, body: RetentionIn) -> dict[str, object]:
    given = {name: days for name, days in body.dict().items() if days is not None}
    keeping.keep(actor(request), given, clock.now())
    return retention(request)


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
        "people_unreachable": [person.pk for person in people.unreachable(clock.now())],
    }


@router.post("/problems/{problem_id}/dismiss", response={204: None}, summary="Put away a problem of Tocsin's own")
def dismiss(request: HttpRequest, problem_id: int) -> None:
    """It comes back as soon as it is seen again. One that is over is left as it is."""
    dismissing.dismiss(actor(request), problem_id, clock.now())

"""Testing a pager over the API: a real page to one person, what became of it, and the answer to it."""

from datetime import datetime

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.core.permissions import Actor
from tocsin.paging import actions, queries
from tocsin.paging.models import Escalation, Notification
from tocsin.rest import Page, Paging, actor

router = Router()


class EscalationOut(Schema):
    id: int
    status: str
    reason: str
    step: int
    round: int
    next_due: datetime | None
    started_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: int | None
    ended_at: datetime | None


class TestedMethod(Schema):
    kind: str = Field(examples=["email"])
    label: str = Field(description="As the person calls it; empty: it is removed.", examples=["Work mail"])
    state: str = Field(description="waiting, queued, sent, delivered, failed or cancelled.")
    error: str
    settled_at: datetime | None
    message: int | None = Field(description="As `/messages` has it.")


class TestPage(EscalationOut):
    seconds: int | None = Field(description="Until it was acknowledged; null: it was not.")
    methods: list[TestedMethod] = Field(description="What became of each page.")


@router.post("/people/{int:pk}/test-page", response={202: EscalationOut}, summary="Test somebody's pager")
def test_pager(request: HttpRequest, pk: int) -> Status[dict[str, object]]:
    return Status(202, escalation_out(actions.test_pager(pk, actor(request), clock.now())))


@router.get("/people/{int:pk}/test-pages", response=Page[EscalationOut], summary="Tests of a pager, newest first")
def tests(request: HttpRequest, pk: int, paging: Query[Paging]) -> dict[str, object]:
    """One's own; those of others for who manages people."""
    return rest.page_of(queries.tests_of(actor(request), pk), paging, escalation_out)


@router.get("/people/{int:pk}/test-pages/{int:test}", response=TestPage, summary="What became of a test")
def test(request: HttpRequest, pk: int, test: int) -> dict[str, object]:
    return _test(_found(actor(request), pk, test))


@router.post("/people/{int:pk}/test-pages/{int:test}/acknowledge", response=TestPage, summary="Acknowledge a test")
def acknowledge_test(request: HttpRequest, pk: int, test: int) -> dict[str, object]:
    """By whoever was paged, or who manages people. One that is over stays as it is."""
    who = actor(request)
    actions.acknowledge_test(_found(who, pk, test).pk, who, clock.now())
    return _test(_found(who, pk, test))


def _found(who: Actor, person: int, test: int) -> Escalation:
    return get_object_or_404(queries.tests_of(who, person), pk=test)


def _test(row: Escalation) -> dict[str, object]:
    took = row.acknowledged_at - row.started_at if row.acknowledged_at else None
    pages = row.notifications.select_related("method").defer("method__address", "method__secret").order_by("id")
    known = {"seconds": int(took.total_seconds()) if took else None, "methods": [_method(page) for page in pages]}
    return {**escalation_out(row), **known}


def _method(row: Notification) -> dict[str, object]:
    names = ("kind", "state", "error", "settled_at")
    label = row.method.label if row.method else ""
    return {"label": label, "message": row.message_id, **{name: getattr(row, name) for name in names}}


def escalation_out(row: Escalation) -> dict[str, object]:
    names = ("status", "reason", "step", "round", "next_due", "started_at", "acknowledged_at", "ended_at")
    return {"id": row.pk, "acknowledged_by": row.acknowledged_by_id, **{name: getattr(row, name) for name in names}}

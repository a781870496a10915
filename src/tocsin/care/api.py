"""What being on call costs, over the API."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import AfterValidator, Field

from tocsin import clock, rest
from tocsin.care import actions, coming_api, periods, queries
from tocsin.care.export import as_csv
from tocsin.care.models import ShiftRecord, Terms
from tocsin.core.care import Kind
from tocsin.rest import Page, Paging, WallTime, actor

router = Router(tags=["care"])
router.add_router("", coming_api.router)

_CSV: dict[str, Any] = {
    "responses": {200: {"description": "OK", "content": {"text/csv": {"schema": {"type": "string"}}}}}
}

PERIOD = Field("", description="A month or a quarter: 2026-03, 2026-Q1. Empty: the current quarter.")


class Asked(Schema):
    period: str = PERIOD


class RowOut(Schema):
    person: int
    shifts: int
    pages: int
    pages_on_shift: int
    most_pages_in_a_shift: int
    wake_ups: int
    flagged_weeks: list[date] = Field(description="Mondays of the weeks with more than two wake-ups.")
    minutes: dict[str, int] = Field(description="On call: working hours, off-hours, weekend, holiday.")
    pay: Decimal
    minutes_off: int


class FairnessOut(Schema):
    what: str
    n: int
    index: float | None = Field(description="Jain’s index: 1 when all bear the same, 1/n when one bears it all.")


class ReportOut(Schema):
    period: str
    starts_at: datetime
    ends_at: datetime
    recorded_since: datetime | None
    currency: str
    rows: list[RowOut]
    fairness: list[FairnessOut]


class ShiftOut(Schema):
    person: int
    schedule: str
    starts_at: datetime
    ends_at: datetime


def _in_cents(rate: Decimal) -> Decimal:
    return rate.quantize(Decimal("0.01"))


Rate = Annotated[Decimal, Field(ge=0, max_digits=8, decimal_places=2, examples=["12.50"]), AfterValidator(_in_cents)]


class TermsBody(Schema):
    time_zone: str = Field("UTC", description="IANA. Months and quarters begin in it.", examples=["Europe/Berlin"])
    country: str = Field("", description="ISO 3166: whose public holidays count for people who name none.")
    works_from: WallTime = Field(time(9), description="Working hours, on each person's own wall.")
    works_until: WallTime = Field(time(17), description="Not after `works_from`: there are none.")
    currency: str = Field("EUR", min_length=3, max_length=3)
    working: Rate = Field(Decimal(0), description="For an hour on call in working hours.")
    off_hours: Rate = Field(Decimal(0), description="For an hour outside them.")
    weekend: Rate = Decimal(0)
    holiday: Rate = Decimal(0)
    minutes_a_wake_up: int = Field(0, ge=0, le=1440, description="Time off.")


@router.get("/care/me", response=ReportOut, summary="One's own time on call")
def own(request: HttpRequest, asked: Query[Asked]) -> dict[str, object]:
    return _report(queries.own(actor(request), _period(asked.period, "UTC")))


@router.get("/teams/{slug}/care", response=ReportOut, summary="A team's time on call, and what it is due")
def team(request: HttpRequest, slug: str, asked: Query[Asked]) -> dict[str, object]:
    who = actor(request)
    found = queries.team(who, slug)
    return _report(queries.report(who, found, _period(asked.period, queries.terms_of(found).time_zone)))


@router.get("/teams/{slug}/care.csv", summary="The same as a file for payroll", openapi_extra=_CSV)
def team_csv(request: HttpRequest, slug: str, asked: Query[Asked]) -> HttpResponse:
    who = actor(request)
    found = queries.team(who, slug)
    report = queries.report(who, found, _period(asked.period, queries.terms_of(found).time_zone))
    return HttpResponse(as_csv(report), content_type="text/csv; charset=utf-8")


@router.get("/teams/{slug}/care-terms", response=TermsBody, summary="By what a team's time on call is paid")
def terms(request: HttpRequest, slug: str) -> Terms:
    """For whoever may see the team's figures."""
    return queries.terms_of(queries.team(actor(request), slug))


@router.put("/teams/{slug}/care-terms", response=TermsBody, summary="Set by what it is paid")
def set_terms(request: HttpRequest, slug: str, body: TermsBody) -> Terms:
    """Reports of the past are computed by them too: export what was paid."""
    who = actor(request)
    return actions.set_terms(who, queries.team(who, slug), clock.now(), **body.dict())


@router.get("/teams/{slug}/shifts", response=Page[ShiftOut], summary="Who really was on call, newest first")
def shifts(request: HttpRequest, slug: str, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(queries.records(who, queries.team(who, slug)), paging, _shift)


def _period(text: str, zone: str) -> periods.Period:
    found = periods.read(text) if text else periods.quarter_of(clock.now(), zone)
    if found is None:
        raise rest.BadRequest(detail="`period` is a month or a quarter, such as 2026-03 or 2026-Q1.")
    return found


def _report(report: queries.Report) -> dict[str, object]:
    return {
        "period": report.period.key,
        "starts_at": report.starts_at,
        "ends_at": report.ends_at,
        "recorded_since": report.since,
        "currency": report.terms.currency,
        "rows": [_row(row) for row in report.rows],
        "fairness": [vars(f) for f in report.fairness],
    }


def _row(row: queries.Row) -> dict[str, object]:
    load = row.load
    return {
        "person": row.user.pk,
        "shifts": load.shifts,
        "pages": load.pages,
        "pages_on_shift": load.pages_on_shift,
        "most_pages_in_a_shift": load.busiest,
        "wake_ups": load.woken,
        "flagged_weeks": list(load.flagged),
        "minutes": {kind.value: load.minutes[kind] for kind in Kind},
        "pay": row.due.total,
        "minutes_off": row.due.minutes_off,
    }


def _shift(row: ShiftRecord) -> dict[str, object]:
    return {
        "person": row.user_id,
        "schedule": row.schedule_name,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
    }

"""SLOs over the API, and the files that a CI or a Prometheus fetches."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.core import slo_rules
from tocsin.core.permissions import Actor
from tocsin.core.signals import Severity
from tocsin.core.slo import Detection, Kind, Pair, Slo, detections, pairs
from tocsin.rest import Page, Paging, actor
from tocsin.services import queries as services
from tocsin.slos import actions, queries
from tocsin.slos.models import Objective, Server

router = Router(tags=["slos"])

_YAML: dict[str, Any] = {
    "responses": {200: {"description": "OK", "content": {"application/yaml": {"schema": {"type": "object"}}}}}
}
_COPIED = (
    "name", "slug", "description", "window_days", "kind", "part", "total", "histogram", "selector", "threshold",
    "least_requests",
)  # fmt: skip


class SloIn(Schema):
    service: str = Field(description="Slug.")
    name: str = Field(max_length=80)
    description: str = ""
    objective: Decimal = Field(description="Percent of events that must be good.", ge=50, le=100, decimal_places=3)
    window_days: int = Field(30, ge=7, le=90)
    kind: Kind
    part: str = Field("", description="PromQL with [$window]: bad events of kind errors, good ones of kind good.")
    total: str = Field("", description="PromQL with [$window]: all events.")
    histogram: str = Field("", description="Of kind latency: name without _bucket.")
    selector: str = Field("", description='Of kind latency: label matchers, such as job="shop".')
    threshold: str = Field("", description="Of kind latency: the `le` that is quick enough.")
    least_requests: int = Field(0, ge=0, le=1_000_000_000, description="With fewer in the long window nothing fires.")


class Budget(Schema):
    read_at: datetime | None = Field(description="When the figures are from; null: never read.")
    left: float | None = Field(description="1: nothing is spent; 0: all; below 0: more than there was.")
    burn: float | None = Field(description="Over the last hour; 1 exhausts the budget at the end of the window.")
    error: str = Field(description="Why the last try read nothing; empty when it did.")


class SloOut(SloIn):
    slug: str
    objective: float  # type: ignore[assignment]
    budget: Budget | None = Field(description="Null until Prometheus was asked for the first time.")


class PairOut(Schema):
    severity: Severity = Field(description="critical: it pages; else it is for the working day.")
    long_seconds: int = Field(description="Both windows have to burn: the long one says that it matters …")
    short_seconds: int = Field(description="… the short one that it lasts.")
    burn: float = Field(description="How fast: 1 exhausts the budget at the end of the SLO's window.")
    threshold: float = Field(description="The share of bad events above which it fires.")
    spent: float = Field(description="The share of the budget that is gone when it fires at that burn.")


class DetectionOut(Schema):
    burn: float = Field(description="A constant one; the first is a complete outage.")
    page_after_seconds: float | None = Field(description="Null: it never pages.")
    ticket_after_seconds: float | None
    spent: float | None = Field(description="The share of the budget that is gone at the first of both.")
    exhausts_after_seconds: float | None = Field(description="The whole budget; null: it lasts.")


class RulesOut(Schema):
    rules: str = Field(description="Prometheus rules, as the file has them.", examples=["groups:\n  - name: ..."])
    untestable: str = Field(description="Why no promtool tests can be made; empty: they can.")
    pairs: list[PairOut]
    detections: list[DetectionOut]


class ServerIn(Schema):
    url: str = Field(max_length=500)
    user: str = Field("", max_length=200, description="For basic authentication; empty: the secret is a token.")
    secret: str | None = Field(None, max_length=500, description="Null keeps the one there is.")


class ServerOut(Schema):
    url: str
    user: str


@router.get("/slos", response=Page[SloOut], summary="All SLOs")
def slos(request: HttpRequest, paging: Query[Paging], search: str = "", service: str = "") -> dict[str, object]:
    return rest.page_of(queries.slos(actor(request), search, service), paging, _slo)


@router.post("/slos", response={201: SloOut}, summary="Make an SLO")
def create_slo(request: HttpRequest, body: SloIn) -> Status[dict[str, object]]:
    who = actor(request)
    return Status(201, _slo(actions.create_slo(who, now=clock.now(), **_fields(who, body))))


@router.get("/slos/rules.yaml", summary="Prometheus rules of all SLOs, as one file", openapi_extra=_YAML)
def rules(request: HttpRequest) -> HttpResponse:
    return _file(queries.rules_file(actor(request)))


@router.get("/slos/tests.yaml", summary="promtool tests of all SLOs, as one file", openapi_extra=_YAML)
def tests(request: HttpRequest) -> HttpResponse:
    return _file(queries.unit_tests(actor(request))[0])


@router.get("/slos/prometheus", response=ServerOut, summary="The Prometheus that budgets are read from")
def server(request: HttpRequest) -> Server:
    found = queries.server(actor(request))
    if found is None:
        raise Server.DoesNotExist
    return found


@router.put("/slos/prometheus", response=ServerOut, summary="Set the Prometheus that budgets are read from")
def set_server(request: HttpRequest, body: ServerIn) -> Server:
    return actions.set_server(actor(request), body.url, clock.now(), user=body.user, secret=body.secret)


@router.delete("/slos/prometheus", response={204: None}, summary="Read budgets no more")
def forget_server(request: HttpRequest) -> Status[None]:
    actions.forget_server(actor(request), clock.now())
    return Status(204, None)


@router.post("/slos/rules/try", response=RulesOut, summary="The rules that an SLO would make; nothing is kept")
def try_slo(request: HttpRequest, body: SloIn) -> dict[str, object]:
    """Refuses what making it would refuse. Of an SLO that is there, say the same `service` and `name`."""
    who = actor(request)
    return _rules(queries.value_of(actions.try_slo(who, now=clock.now(), **_fields(who, body))))


@router.get("/slos/{slug:slug}/detection", response=RulesOut, summary="When it pages, and by which rules")
def detection(request: HttpRequest, slug: str) -> dict[str, object]:
    return _rules(queries.value_of(queries.slo(actor(request), slug)))


@router.get("/slos/{slug:slug}", response=SloOut, summary="An SLO with its budget")
def slo(request: HttpRequest, slug: str) -> dict[str, object]:
    return _slo(queries.slo(actor(request), slug))


@router.put("/slos/{slug:slug}", response=SloOut, summary="Change an SLO")
def change_slo(request: HttpRequest, slug: str, body: SloIn) -> dict[str, object]:
    who = actor(request)
    return _slo(actions.change_slo(who, queries.slo(who, slug), clock.now(), **_fields(who, body)))


@router.delete("/slos/{slug:slug}", response={204: None}, summary="Delete an SLO")
def delete_slo(request: HttpRequest, slug: str) -> Status[None]:
    who = actor(request)
    actions.delete_slo(who, queries.slo(who, slug), clock.now())
    return Status(204, None)


@router.get("/slos/{slug:slug}/rules.yaml", summary="Prometheus rules of an SLO", openapi_extra=_YAML)
def rules_of(request: HttpRequest, slug: str) -> HttpResponse:
    return _file(queries.rules_file(actor(request), slug))


@router.get("/slos/{slug:slug}/tests.yaml", summary="promtool tests of an SLO", openapi_extra=_YAML)
def tests_of(request: HttpRequest, slug: str) -> HttpResponse:
    return _file(queries.unit_tests(actor(request), slug)[0])


def _fields(who: Actor, body: SloIn) -> dict[str, Any]:
    given = body.dict()
    return {**given, "service": services.service(who, body.service), "kind": body.kind.value}


def _slo(row: Objective) -> dict[str, object]:
    copied = {name: getattr(row, name) for name in _COPIED}
    read = getattr(row, "reading", None)
    budget = read and {name: getattr(read, name) for name in ("read_at", "left", "burn", "error")}
    return {**copied, "service": row.service.slug, "objective": float(row.objective), "budget": budget}


def _rules(value: Slo) -> dict[str, object]:
    return {
        "rules": slo_rules.rules_file([value]),
        "untestable": queries.untestable(value),
        "pairs": [_pair(value, pair) for pair in pairs(value.objective, value.window)],
        "detections": [_detection(found) for found in detections(value)],
    }


def _pair(value: Slo, pair: Pair) -> dict[str, object]:
    return {
        "severity": pair.severity,
        "long_seconds": int(pair.long.total_seconds()),
        "short_seconds": int(pair.short.total_seconds()),
        "burn": float(pair.burn),
        "threshold": float(pair.threshold(value.budget)),
        "spent": pair.share(value.window),
    }


def _detection(found: Detection) -> dict[str, object]:
    spans = {f"{n}_seconds": getattr(found, n) for n in ("page_after", "ticket_after", "exhausts_after")}
    seconds = {name: None if span is None else span.total_seconds() for name, span in spans.items()}
    return {"burn": float(found.burn), "spent": found.spent, **seconds}


def _file(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/yaml")

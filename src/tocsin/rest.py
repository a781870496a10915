"""What the API of every app shares: problems as RFC 9457, pages by cursor, the actor of a request."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, JsonResponse
from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, Field, WithJsonSchema

from tocsin.core import sane
from tocsin.core.permissions import NOBODY, Actor

MOST = 200
M = TypeVar("M", bound=Model)
T = TypeVar("T")


def _wall(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("a time on the wall has no offset: 09:00 and not 09:00Z")
    return at


# the "time" of JSON Schema has an offset (RFC 3339); hours of a day follow the zone they are for, winter and summer
WallTime = Annotated[
    time,
    AfterValidator(_wall),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$", "examples": ["09:00"]}),
]


def _sane(at: datetime) -> datetime:
    if not sane.is_sane(at):
        raise ValueError(f"a time between {sane.FIRST_DAY} and {sane.LAST_DAY}")
    return at


def _sane_day(day: date) -> date:
    if not sane.is_sane_day(day):
        raise ValueError(f"a day between {sane.FIRST_DAY} and {sane.LAST_DAY}")
    return day


Moment = Annotated[AwareDatetime, AfterValidator(_sane)]
Day = Annotated[date, AfterValidator(_sane_day)]
Weekday = Annotated[int, Field(ge=0, le=6)]  # 0: Monday


class Problem(Schema):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []


class Paging(Schema):
    limit: int = Field(50, ge=1, le=MOST, description="How many at most.")
    cursor: str = Field("", description="`next` of the page before; empty for the first page.")


class Page(Schema, Generic[T]):
    items: list[T]
    next: str | None = Field(None, description="The cursor of the next page; null on the last one.")


@dataclass(frozen=True, kw_only=True)
class BadRequest(Exception):
    """The request cannot be understood; the text says what is wrong with it."""

    detail: str
    status: int = 422


def actor(request: HttpRequest) -> Actor:
    found = getattr(request, "actor", NOBODY)
    return found if isinstance(found, Actor) else NOBODY


def page_of(rows: QuerySet[M], paging: Paging, shape: Callable[[M], T]) -> dict[str, Any]:
    """A page of rows, newest first, that stays right while rows are added: it goes by id, not by offset."""
    ordered = rows.order_by("-pk")
    if paging.cursor:
        ordered = ordered.filter(pk__lt=_read(paging.cursor))
    found = list(ordered[: paging.limit + 1])
    more = len(found) > paging.limit
    shown = found[: paging.limit]
    return {"items": [shape(row) for row in shown], "next": _write(shown[-1].pk) if more else None}


def problem(status: int, title: str, detail: str, errors: list[dict[str, str]] | None = None) -> JsonResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _write(pk: int) -> str:
    return base64.urlsafe_b64encode(str(pk).encode()).decode().rstrip("=")


def _read(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise BadRequest(detail="The cursor is not one that this API gave out. Begin again without it.") from error

"""The audit log over the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from tocsin import rest
from tocsin.audit import queries
from tocsin.rest import Page, Paging, actor

router = Router(tags=["audit"])


class RecordOut(Schema):
    id: int
    at: datetime
    actor: str
    person: int | None
    via: str
    verb: str
    object_kind: str
    object_id: str
    object_name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @staticmethod
    def resolve_person(obj: object) -> int | None:
        return getattr(obj, "user_id", None)


@router.get("/audit", response=Page[RecordOut], summary="Who changed what")
def records(
    request: HttpRequest,
    paging: Query[Paging],
    search: str = "",
    object_kind: str = "",
    since: rest.Moment | None = None,
) -> dict[str, object]:
    found = queries.records(actor(request), search=search, object_kind=object_kind, since=since)
    return rest.page_of(found, paging, RecordOut.from_orm)

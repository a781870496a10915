"""The audit log over the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

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


class AuditListed(Schema):
    search: str = Field("", description="In the name of who did it, or of what it was done to.", examples=["checkout"])
    verb: str = Field("", description="What was done: created, changed, deleted, verified …")
    object_kind: str = Field("", description="Such as service.")
    object_id: str = ""
    person: int | None = Field(None, description="Who did it.")
    since: rest.Moment | None = None
    until: rest.Moment | None = Field(None, description="Not including it.")


@router.get("/audit", response=Page[RecordOut], summary="Who changed what")
def records(request: HttpRequest, paging: Query[Paging], listed: Query[AuditListed]) -> dict[str, object]:
    found = queries.records(actor(request), **listed.dict(exclude={"person"}), user_id=listed.person)
    return rest.page_of(found, paging, RecordOut.from_orm)

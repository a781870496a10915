"""What helps with an alert group, over the API: earlier ones, changes that may have broken it; and saved views."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.alerts import queries, saved
from tocsin.alerts.models import SavedView
from tocsin.changes import queries as changes
from tocsin.changes.api import ChangeOut, change_out
from tocsin.rest import Page, Paging, actor

router = Router()


class SimilarOut(Schema):
    group: int
    title: str
    opened_at: datetime
    resolved_at: datetime | None
    seconds: int | None = Field(description="How long it lasted; null: it is still open.")
    ended: str = Field(examples=["Ada resolved it."])
    last_note: str = Field(examples=["Rolled back 4.2; the cache was cold."])


class SuspectOut(Schema):
    change: ChangeOut
    reasons: list[str] = Field(description="Why it is suspected, the weightiest first.")
    is_same_service: bool = Field(description="Else it names no service, and may concern any.")


class SuspectsOut(Schema):
    window_minutes: int = Field(description="How long before the alert changes are looked for.")
    suspects: list[SuspectOut] = Field(description="The likeliest first.")


class ViewIn(Schema):
    name: str = Field(description="The same name again takes the new filters.", examples=["Bad ones"])
    query: str = Field(
        "", max_length=2000, description="Filters as `/alert-groups` takes them.", examples=["severity=critical"]
    )


class ViewOut(Schema):
    id: int
    name: str
    query: str = Field(description="What the list understood of it.")
    created_at: datetime


@router.get("/alert-groups/{int:pk}/similar", response=list[SimilarOut], summary="Earlier groups about the same")
def similar(request: HttpRequest, pk: int) -> list[dict[str, object]]:
    """Of the same service, with the same dedup key or title, and how each ended; the newest five."""
    who = actor(request)
    return [_similar(found) for found in queries.similar(who, queries.group(who, pk))]


@router.get("/alert-groups/{int:pk}/suspects", response=SuspectsOut, summary="Changes that may have broken it")
def suspects(request: HttpRequest, pk: int) -> dict[str, object]:
    """Deploys and other changes before the group opened, each with the reason and its way back (`rollback`)."""
    who = actor(request)
    group = queries.group(who, pk)
    found = changes.suspected(who, group.service, group.opened_at)
    return {
        "window_minutes": changes.window(group.service) // timedelta(minutes=1),
        "suspects": [{**vars(each), "change": change_out(each.change)} for each in found],
    }


@router.get("/saved-views", response=Page[ViewOut], summary="Your saved views of the alerts list")
def views(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    return rest.page_of(saved.views(actor(request)), paging, _view)


@router.post("/saved-views", response={201: ViewOut}, summary="Save a view of the alerts list")
def save_view(request: HttpRequest, body: ViewIn) -> Status[dict[str, object]]:
    return Status(201, _view(saved.save(actor(request), body.name, body.query, clock.now())))


@router.delete("/saved-views/{int:pk}", response={204: None}, summary="Remove a saved view")
def remove_view(request: HttpRequest, pk: int) -> Status[None]:
    saved.remove(actor(request), pk)
    return Status(204, None)


def _similar(found: queries.Similar) -> dict[str, object]:
    return {
        "group": found.group.pk,
        "seconds": None if found.lasted is None else int(found.lasted.total_seconds()),
        **{name: getattr(found, name) for name in ("ended", "last_note")},
        **{name: getattr(found.group, name) for name in ("title", "opened_at", "resolved_at")},
    }


def _view(row: SavedView) -> dict[str, object]:
    return {"id": row.pk, **{name: getattr(row, name) for name in ("name", "query", "created_at")}}

"""Replacements over the API."""

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from tocsin import clock, rest
from tocsin.rest import Moment, Page, Paging, actor
from tocsin.schedules import queries, replacing
from tocsin.schedules.layers_api import LayerBody, layer_out, spec_of
from tocsin.schedules.models import Replacement

router = Router()


class ReplacementIn(Schema):
    name: str = Field(max_length=60)
    starts_at: Moment
    ends_at: Moment
    layers: list[LayerBody] = Field(description="From lowest to highest priority.")


class ReplacementOut(ReplacementIn):
    id: int


@router.get("/schedules/{slug}/replacements", response=Page[ReplacementOut], summary="Replacements that are not over")
def replacements(request: HttpRequest, slug: str, paging: Query[Paging]) -> dict[str, object]:
    who = actor(request)
    return rest.page_of(replacing.replacements(who, queries.schedule(who, slug), clock.now()), paging, _shown)


@router.post("/schedules/{slug}/replacements", response={201: ReplacementOut}, summary="Replace the layers for a while")
def add_replacement(request: HttpRequest, slug: str, body: ReplacementIn) -> Status[dict[str, object]]:
    who = actor(request)
    specs = [spec_of(layer) for layer in body.layers]
    row = replacing.add_replacement(
        who, queries.schedule(who, slug), body.name, body.starts_at, body.ends_at, specs, clock.now()
    )
    return Status(201, _shown(row))


@router.delete("/replacements/{int:pk}", response={204: None}, summary="Remove a replacement, or end it now")
def remove_replacement(request: HttpRequest, pk: int) -> Status[None]:
    who = actor(request)
    replacing.remove_replacement(who, replacing.replacement(who, pk), clock.now())
    return Status(204, None)


def _shown(row: Replacement) -> dict[str, object]:
    times = {"starts_at": row.starts_at, "ends_at": row.ends_at}
    return {"id": row.pk, "name": row.name, **times, "layers": [layer_out(layer) for layer in row.layers.all()]}

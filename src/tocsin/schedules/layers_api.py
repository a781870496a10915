"""A layer as the API shows and takes it."""

from ninja import Schema
from pydantic import Field

from tocsin.core.rotation import Layer as LayerSpec
from tocsin.core.rotation import Restriction as RestrictionSpec
from tocsin.core.rotation import Unit
from tocsin.rest import Day, Moment, WallTime, Weekday
from tocsin.schedules.models import Layer


class RestrictionBody(Schema):
    weekdays: list[Weekday] = Field(description="0 Monday … 6 Sunday: the day on which the window begins.")
    starts: WallTime
    ends: WallTime = Field(description="Not after `starts`: over midnight.")


class LayerBody(Schema):
    name: str = Field(max_length=60)
    unit: Unit = Unit.WEEK
    every: int = Field(1, ge=1, description="The length of a turn, in units.")
    starts_on: Day = Field(description="The day of the first handoff.")
    handoff_at: WallTime = Field(description="Wall time in the schedule's zone.")
    until: Moment | None = None
    turns: list[list[int]] = Field(description="The people of each turn, in order.")
    restrictions: list[RestrictionBody] = []
    is_shadow: bool = False


def layer_out(layer: Layer) -> dict[str, object]:
    turns: dict[int, list[int]] = {}
    for participant in layer.participants.all():
        turns.setdefault(participant.turn, []).append(participant.user_id)
    restrictions = [{"weekdays": r.weekdays, "starts": r.starts, "ends": r.ends} for r in layer.restrictions.all()]
    names = ("name", "unit", "every", "starts_on", "handoff_at", "until", "is_shadow")
    return {
        "turns": list(turns.values()),
        "restrictions": restrictions,
        **{name: getattr(layer, name) for name in names},
    }


def spec_of(body: LayerBody) -> LayerSpec:
    return LayerSpec(
        name=body.name,
        unit=body.unit,
        every=body.every,
        starts_on=body.starts_on,
        handoff_at=body.handoff_at.replace(tzinfo=None),
        until=body.until,
        slots=tuple(tuple(turn) for turn in body.turns),
        restrictions=tuple(
            RestrictionSpec(weekdays=frozenset(r.weekdays), starts=r.starts, ends=r.ends) for r in body.restrictions
        ),
        shadow=body.is_shadow,
    )

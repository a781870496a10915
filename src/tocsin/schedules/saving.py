"""A schedule with its layers, saved whole or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from tocsin.core.permissions import Actor
from tocsin.schedules import actions
from tocsin.schedules.actions import LayerSpec
from tocsin.schedules.models import Schedule


def save(
    actor: Actor, schedule: Schedule | None, changes: Mapping[str, object], specs: Sequence[LayerSpec], now: datetime
) -> Schedule:
    """`changes`: name, description, team, time_zone."""
    with transaction.atomic():
        if schedule is None:
            saved = actions.create_schedule(actor, now=now, **changes)  # type: ignore[arg-type]
        else:
            saved = actions.change_schedule(actor, schedule, now, **changes)
        actions.save_layers(actor, saved, specs, now)
    return saved

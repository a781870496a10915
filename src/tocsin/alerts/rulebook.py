"""What a batch of events is judged by: read once a batch, before its transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F

from tocsin.core.destination import Destination, Origin, destination
from tocsin.core.signals import Signal
from tocsin.services.models import Integration


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """An integration that was heard in this batch."""

    id: int
    name: str
    is_enabled: bool
    mapping: Mapping[str, object]
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class Rulebook:
    integrations: Mapping[int, Speaker]

    def place(self, integration: Speaker, signal: Signal) -> Destination:
        """Asked for every new alert and every change of severity; repeats are not asked about."""
        return destination(integration.origin, signal)


NONE = Rulebook(integrations={})  # for what no integration said


def load(integration_ids: Collection[int]) -> Rulebook:
    found = Integration.objects.filter(pk__in=integration_ids).order_by()
    rows = found.values("pk", "name", "is_enabled", "mapping", "service_id", minutes=F("service__group_minutes"))
    return Rulebook(integrations={row["pk"]: _speaker(row) for row in rows})


def _speaker(row: Mapping[str, Any]) -> Speaker:
    origin = Origin(service_id=row["service_id"], window=timedelta(minutes=row["minutes"]))
    return Speaker(id=row["pk"], name=row["name"], is_enabled=row["is_enabled"], mapping=row["mapping"], origin=origin)

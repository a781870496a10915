"""Forgetting old pings, results and stretches, a little at a time."""

from datetime import datetime, timedelta

from django.db.models import Model, QuerySet

from tocsin.checks import unmet
from tocsin.checks.models import Ping, Result, Spell

LIMIT = 5000  # rows of a kind at once
PINGS = timedelta(days=60)
RESULTS = timedelta(days=14)
SPELLS = timedelta(days=400)


def clear(now: datetime) -> int:
    """How many rows are gone. Uptime is computed from spells, which stay longest."""
    unmet.forget_old(now)
    return sum(
        _delete(rows)
        for rows in (
            Ping.objects.filter(at__lt=now - PINGS).order_by("at"),
            Result.objects.filter(at__lt=now - RESULTS).order_by("at"),
            Spell.objects.filter(ended_at__lt=now - SPELLS).order_by("pk"),
        )
    )


def _delete(rows: QuerySet[Model]) -> int:
    ids = list(rows.values_list("pk", flat=True)[:LIMIT])
    if ids:
        rows.model._default_manager.filter(pk__in=ids).delete()
    return len(ids)

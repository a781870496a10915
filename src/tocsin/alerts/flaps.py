"""Forgetting the comings and goings of alerts that have long been quiet."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from tocsin.alerts.models import Alert, Flap

QUIET = timedelta(days=30)  # a flap is over, and its window passed, after a small part of it
LIMIT = 5000  # rows at once


def clear(now: datetime) -> int:
    """How many rows are gone. What an alert that is still open did is kept."""
    still_open = Alert.objects.filter(
        integration=OuterRef("integration"), dedup_key=OuterRef("dedup_key"), resolved_at=None
    )
    old = Flap.objects.filter(~Exists(still_open), last_at__lt=now - QUIET).order_by("last_at")
    ids = list(old.values_list("pk", flat=True)[:LIMIT])
    if ids:
        Flap.objects.filter(pk__in=ids).delete()
    return len(ids)

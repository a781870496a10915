"""Heartbeats whose time has come without a ping."""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from tocsin.alerts.models import Waiting
from tocsin.checks import heartbeats
from tocsin.checks.models import Check
from tocsin.health.edges import contained
from tocsin.health.prepared import Prepared


def watch_due(now: datetime, limit: int = 200) -> int:
    """How many were looked at. One that fails stops no other.

    What waits to be absorbed may be the very ping that is missed: while any waits that came in time, its heartbeat is
    not judged.
    """
    ids = _DUE.rows(now, limit)
    return sum(bool(contained(partial(_look, pk, now), "a heartbeat cannot be judged", id=pk).value) for (pk,) in ids)


def _due(now: datetime, limit: int) -> QuerySet[Check, tuple[int]]:
    waiting = Waiting.objects.filter(integration=OuterRef("integration"), received_at__lte=OuterRef("next_due"))
    due = Check.objects.filter(next_due__lte=now).exclude(Exists(waiting)).order_by("next_due")
    return due.values_list("pk")[:limit]


_DUE = Prepared(_due)


def _look(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        check = Check.objects.select_for_update(of=("self",)).filter(pk=pk, next_due__lte=now).first()
        if check is None:
            return False  # another node was faster, or a ping came
        heartbeats.look(check, now)
    return True

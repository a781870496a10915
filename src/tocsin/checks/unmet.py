"""Pings for heartbeats that do not exist: a typing error means a job that nobody watches, whatever its owner thinks."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from tocsin.alerts.changes import Told
from tocsin.alerts.models import Outcome
from tocsin.core import storable
from tocsin.core.receipts import Reason
from tocsin.core.signals import Beat
from tocsin.health import problems

MOST = 5  # names of one integration that are told of at once
KEPT = timedelta(days=1)  # after the last ping
_KEY = "no heartbeat "


def name_of(told: Told) -> str:
    return storable.text(told.what.name) if isinstance(told.what, Beat) else ""


def tell(strange: Sequence[Told], now: datetime) -> None:
    """On the receipts, and as a problem of each name."""
    if not strange:
        return
    Outcome.objects.filter(event_id__in=[t.event.pk for t in strange]).update(reason=Reason.NO_HEARTBEAT)
    for told in {(t.integration.pk, name_of(t)): t for t in strange}.values():
        _report(told, now)


def _report(told: Told, now: datetime) -> None:
    integration, name = told.integration, name_of(told)
    others = problems.open_problems().filter(key__startswith=f"{_KEY}{integration.pk} ").exclude(key=_key(told))
    if others.count() >= MOST:
        return
    problems.report(
        _key(told),
        f"{integration} is pinged for the heartbeat “{name[:60]}”, which does not exist"
        if name
        else f"{integration} is pinged, and has no heartbeat",
        "Nobody is paged when this job stays away. Make a heartbeat of this name that comes in by this integration, or "
        "correct the name in the job. This notice goes with the first ping that is known, or a day after the last one.",
        f"/integrations/{integration.pk}/",
        now,
    )


def _key(told: Told) -> str:
    return f"{_KEY}{told.integration.pk} {name_of(told)}"[:120]


def forget(met: Collection[tuple[int, str]], now: datetime) -> None:
    """Names that have a heartbeat by now."""
    if not met:
        return
    keys = [f"{_KEY}{pk} {name}"[:120] for pk, name in met]
    _end(Q(key__in=keys), now)


def forget_old(now: datetime) -> None:
    _end(Q(key__startswith=_KEY, last_seen__lt=now - KEPT), now)


def _end(which: Q, now: datetime) -> None:
    problems.open_problems().filter(which).update(over_at=now)

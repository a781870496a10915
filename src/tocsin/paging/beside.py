"""One more responder beside the escalation: a small escalation of its own, that ends when they answer, or do not."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet

from tocsin.alerts.models import AlertGroup
from tocsin.core import escalation as core
from tocsin.core.escalation import Snapshot, Status, Step, Target
from tocsin.paging import notifying, rows
from tocsin.paging.models import Escalation
from tocsin.policies import snapshots

EVERY = timedelta(minutes=5)  # is asked again so often,
TIMES = 2  # this many times more


def begin(group: AlertGroup, target: Target, now: datetime) -> Escalation:
    snapshot = Snapshot(
        policy=f"ask {target.name} as well",
        steps=(Step(delay=EVERY, targets=(target,)),),
        repeats=TIMES,
        catch_all=(target,),
    )
    version = snapshots.stored(snapshot, now)
    row = Escalation(kind=rows.BESIDE, group=group, snapshot=version, urgency=group.urgency, started_at=now)
    rows.put_state(row, core.start(snapshot, now), now)
    row.save(force_insert=True)
    return row


def answered(group_id: int, user_id: int | None, now: datetime) -> bool:
    """Ends what this person was asked. The group's row is held by the caller."""
    asked = [row.pk for row in _asked(group_id, user_id)]
    found = list(rows.locked(Escalation.objects.filter(pk__in=asked).order_by("pk"))) if asked else []
    for row in found:
        row.acknowledged_at, row.acknowledged_by_id = now, user_id
    _end(found, now)
    return bool(found)


def is_asked(group_id: int, user_id: int | None) -> bool:
    """Whether this person was asked to help and has not answered."""
    return bool(_asked(group_id, user_id))


def end(group_ids: Collection[int], now: datetime) -> None:
    """What they are about is over."""
    if group_ids:
        _end(list(rows.locked(_live(group_ids).order_by("pk"))), now)


def _asked(group_id: int, user_id: int | None) -> list[Escalation]:
    """Whoever is asked is the only target of the only step, also before the first page is made."""
    if user_id is None:
        return []
    asked = _live([group_id]).select_related("snapshot").order_by("pk")
    return [row for row in asked if row.snapshot.body["steps"][0]["targets"][0]["id"] == user_id]


def _live(group_ids: Collection[int]) -> QuerySet[Escalation]:
    return Escalation.objects.filter(kind=rows.BESIDE, group__in=list(group_ids), status=Status.RUNNING)


def _end(found: list[Escalation], now: datetime) -> None:
    for row in found:
        rows.put_state(row, core.end(rows.state_of(row)), now)
    rows.save(found)
    if found:
        notifying.cancel_pages([row.pk for row in found], now)

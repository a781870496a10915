"""Acknowledgements that run out: nothing is resolved by then, and the steps run again."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from tocsin.alerts.actions import mark_triggered
from tocsin.alerts.models import AlertGroup
from tocsin.core import escalation as core
from tocsin.core.escalation import Reason, Status
from tocsin.core.permissions import TOCSIN
from tocsin.health import wakeups
from tocsin.health.edges import contained
from tocsin.paging import history, rows
from tocsin.paging.history import Line
from tocsin.paging.models import Escalation


def time_out_due(now: datetime, limit: int = 500) -> int:
    """How many escalations run again: call again at once while it is not 0."""
    return sum(_contained(pk, group_id or 0, now) for pk, group_id in rows.DUE.rows(now, Status.ACKNOWLEDGED, limit))


def orphan(now: datetime) -> int:
    """Acknowledgements of people who are not active any more run out at once: nobody would look after these alerts.

    How many those were.
    """
    lasting = Q(next_due=None) | Q(next_due__gt=now)
    left = Escalation.objects.filter(lasting, status=Status.ACKNOWLEDGED, acknowledged_by__is_active=False)
    count = left.update(next_due=now, version=F("version") + 1) if left.exists() else 0
    if count:
        wakeups.notify()
    return count


def _contained(pk: int, group_id: int, now: datetime) -> int:
    """One that cannot run out as planned stops no other, and pages all the same."""
    done = contained(lambda: _time_out(pk, group_id, now), "an acknowledgement cannot run out", escalation=pk)
    if done.error is None or isinstance(done.error, rows.LOST):  # lost: it stays due
        return done.value or 0
    error = f"Its acknowledgement could not run out as planned. {type(done.error).__name__}: {done.error}."
    contained(lambda: mark_triggered(group_id, TOCSIN, now), "a group stays acknowledged", group=group_id)
    set_aside = contained(lambda: _set_aside(pk, error, now), "an escalation cannot be set aside", escalation=pk)
    return int(bool(set_aside.value))


def _time_out(pk: int, group_id: int, now: datetime) -> int:
    """Alone: the group's row has to be locked before the escalation's."""
    with transaction.atomic():
        list(rows.locked(AlertGroup.objects.filter(pk=group_id)))
        found = list(rows.locked(rows.due(Status.ACKNOWLEDGED, now).filter(pk=pk)))
        for row in found:
            mark_triggered(row.group_id or 0, TOCSIN, now)
            text = _why(row)
            decision = core.time_out(rows.policies_of([row])[pk], rows.state_of(row), now)
            rows.put_state(row, decision, now)
            history.write([Line(escalation=row, kind="timed_out", text=text)], now)
        rows.save(found)
    return len(found)


def _why(row: Escalation) -> str:
    who = row.acknowledged_by
    if who is not None and not who.is_active:
        return f"{who} acknowledged it and is not active any more: the steps run again."
    what = "snooze is over" if row.reason == Reason.SNOOZED else "acknowledgement has run out"
    return f"The {what} and nothing is resolved: the steps run again."


def _set_aside(pk: int, error: str, now: datetime) -> bool:
    fields = {"status": Status.RUNNING, "next_due": now, "reason": Reason.TIMED_OUT}
    return rows.set_aside(pk, error, **fields, acknowledged_at=None, acknowledged_by=None)

"""Changes of alert groups that people make, and the ones that paging makes for them.

On PostgreSQL locks are always taken in this order: the group's row, then its alerts'. Whoever writes an alert holds
its group's row.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from tocsin.alerts import stored
from tocsin.alerts.models import Alert, AlertGroup, Entry, Event, Outcome, Quarantine, Waiting
from tocsin.alerts.quarantine import end_alert, note_quarantine
from tocsin.audit.actions import record
from tocsin.core.holds import HoldKind
from tocsin.core.lifecycle import GROUP_MAY_BECOME, AlertState, GroupState
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.receipts import Reason
from tocsin.health import wakeups


def mark_acknowledged(group_id: int, actor: Actor, now: datetime) -> AlertGroup | None:
    """None when the group is not triggered: somebody was faster. The history is the caller's to write (`enter`)."""
    return _mark(group_id, GroupState.ACKNOWLEDGED, now, acknowledged_at=now, acknowledged_by_id=actor.user_id)


def mark_triggered(group_id: int, actor: Actor, now: datetime) -> AlertGroup | None:  # noqa: ARG001
    """An acknowledgement is taken back, or has run out. None when the group is not acknowledged."""
    return _mark(group_id, GroupState.TRIGGERED, now, acknowledged_at=None, acknowledged_by_id=None)


def mark_resolved(group_id: int, actor: Actor, now: datetime) -> AlertGroup | None:
    """Resolves the group's alerts with it. None when it is resolved already."""
    return _mark(group_id, GroupState.RESOLVED, now, resolved_at=now, resolved_by_id=actor.user_id)


def hand_over(group_id: int, actor: Actor, now: datetime) -> AlertGroup | None:
    """Who acknowledged it is somebody else from now on. None when it is not acknowledged, or theirs already."""
    others = AlertGroup.objects.filter(pk=group_id, state=GroupState.ACKNOWLEDGED)
    others = others.exclude(acknowledged_by_id=actor.user_id)
    if not others.update(acknowledged_at=now, acknowledged_by_id=actor.user_id, version=F("version") + 1):
        return None
    wakeups.notify()
    return AlertGroup.objects.select_related("service").get(pk=group_id)


def _mark(group_id: int, state: GroupState, now: datetime, **fields: object) -> AlertGroup | None:
    before = [s for s, after in GROUP_MAY_BECOME.items() if state in after]
    with transaction.atomic():
        rows = AlertGroup.objects.filter(pk=group_id, state__in=before)
        if not rows.update(state=state, version=F("version") + 1, **fields):
            return None
        _mark_alerts(group_id, state, now)
        wakeups.notify()
        return AlertGroup.objects.select_related("service").get(pk=group_id)


def _mark_alerts(group_id: int, state: GroupState, now: datetime) -> None:
    still_open = Alert.objects.filter(group_id=group_id).exclude(state=AlertState.RESOLVED)
    if state is GroupState.RESOLVED:
        stored.let_go(Q(held=HoldKind.INHIBITION, held_by__in=list(still_open.values_list("pk", flat=True))))
        still_open.update(state=AlertState.RESOLVED, resolved_at=now)
        stored.let_go(Q(held=HoldKind.STORM, held_by=group_id))
    else:
        still_open.update(state=AlertState(state.value))


def add_note(actor: Actor, group_id: int, text: str, now: datetime) -> Entry:
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        entry = enter(AlertGroup.objects.get(pk=group_id), "note", text.strip(), now, actor)
        wakeups.notify()
    return entry


def enter(group: AlertGroup, kind: str, text: str, now: datetime, actor: Actor | None = None) -> Entry:
    """A line in the group's history."""
    return Entry.objects.create(
        group=group,
        at=now,
        kind=kind,
        text=text,
        user_id=actor.user_id if actor else None,
        via=actor.via if actor else "engine",
    )


def requeue_event(actor: Actor, event_id: int, now: datetime) -> bool:
    """Lets a quarantined event be tried again. False when it is not in quarantine."""
    require(actor, Verb.RETRY)
    with transaction.atomic():
        event = _taken_out(event_id)
        if event is None:
            return False
        Waiting.objects.create(event=event, integration_id=event.integration_id, received_at=event.received_at)
        _note(event, now)
    return True


def discard_event(actor: Actor, event_id: int, now: datetime) -> bool:
    """Nothing is to come of a quarantined event; its receipt says who said so. False when it is not in quarantine."""
    require(actor, Verb.RETRY)
    with transaction.atomic():
        event = _taken_out(event_id)
        if event is None:
            return False
        why = f"By {actor.name}."
        Outcome.objects.create(
            event=event, at=now, position=0, dedup_key="", action="", reason=Reason.DISCARDED, why=why
        )
        record(actor, "discarded", event, now)
        _note(event, now)
    return True


def _taken_out(event_id: int) -> Event | None:
    found = Quarantine.objects.select_for_update().filter(pk=event_id).first()
    if found is None:
        return None
    event = found.event
    found.delete()
    return event


def _note(event: Event, now: datetime) -> None:
    note_quarantine(now)
    end_alert(event.integration_id, now)
    wakeups.notify()

"""What the answers of people have in common: the group is held first, then its escalation is decided and written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tocsin.alerts.actions import enter
from tocsin.alerts.models import AlertGroup
from tocsin.core.escalation import Decision, Reason, Snapshot, State, Status
from tocsin.core.lifecycle import GroupState
from tocsin.core.permissions import Actor
from tocsin.health import wakeups
from tocsin.paging import alarms, notifying, rows
from tocsin.paging.models import Escalation

Decide = Callable[[Escalation, Snapshot, State], Decision]
# written although the state may be the same: somebody wanted it
_WANTED = (Reason.ESCALATED, Reason.SNOOZED, Reason.TAKEN_OVER)


@dataclass(frozen=True, kw_only=True)
class Answer:
    reason: Reason
    group: AlertGroup | None  # none: it was a test of a pager


@dataclass(frozen=True, kw_only=True)
class Changed:
    decision: Decision
    is_new: bool  # it was written


def hold(group_id: int) -> AlertGroup:
    """The group, locked till the end of the transaction."""
    return rows.locked(AlertGroup.objects.filter(pk=group_id)).get()


def change(group_id: int, decide: Decide, actor: Actor, now: datetime) -> Changed | None:
    """Decide about the group's live escalation and write it. None: there is none. The caller holds the group."""
    row = rows.locked(rows.live([group_id])).first()
    if row is None:
        return None
    state = rows.state_of(row)
    decision = decide(row, rows.policies_of([row])[row.pk], state)
    if decision.state == state and decision.reason not in _WANTED:
        return Changed(decision=decision, is_new=False)
    before = row.reason
    rows.put_state(row, decision, now)
    if decision.state.status is Status.ACKNOWLEDGED:
        row.acknowledged_at, row.acknowledged_by_id = now, actor.user_id
    write(row, before, now)
    return Changed(decision=decision, is_new=True)


def write(row: Escalation, before: str, now: datetime) -> None:
    """With all that follows; `before` is the reason it had."""
    rows.save([row])
    if row.status != Status.RUNNING:
        notifying.cancel_pages([row.pk], now)
        alarms.calm([before], now)
    if row.status == Status.ENDED:
        alarms.mended(row, now)
    wakeups.notify()


def answer(group_id: int, kind: str, reason: Reason, text: str, actor: Actor, now: datetime) -> Answer:
    """With a line in the group's history."""
    group = AlertGroup.objects.get(pk=group_id)
    enter(group, kind, text, now, actor)
    return Answer(reason=reason, group=group)


def nothing_to_do(group_id: int) -> Answer:
    group = AlertGroup.objects.get(pk=group_id)
    reasons = {
        GroupState.TRIGGERED: Reason.NOT_DUE,
        GroupState.ACKNOWLEDGED: Reason.ALREADY_ACKNOWLEDGED,
        GroupState.RESOLVED: Reason.ALREADY_ENDED,
    }
    return Answer(reason=reasons[GroupState(group.state)], group=group)

"""What people do about a page. One place for every surface: web, links, API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tocsin.alerts.actions import enter, mark_acknowledged, mark_resolved, mark_triggered
from tocsin.alerts.models import AlertGroup
from tocsin.core import escalation as core
from tocsin.core.escalation import Decision, Reason, Snapshot, State, Status, Step, Target, TargetKind
from tocsin.core.lifecycle import GroupState
from tocsin.core.permissions import Actor, Denied, Verb, require
from tocsin.core.signals import Urgency
from tocsin.health import wakeups
from tocsin.paging import alarms, notifying, rows
from tocsin.paging.following import begin
from tocsin.paging.models import Escalation, Notification
from tocsin.people.models import User
from tocsin.policies import snapshots
from tocsin.policies.models import PolicyVersion

TEST_LASTS = timedelta(minutes=10)

Decide = Callable[[Escalation, Snapshot, State], Decision]


@dataclass(frozen=True, kw_only=True)
class Answer:
    reason: Reason
    group: AlertGroup | None  # none: it was a test of a pager


def acknowledge(group_id: int, actor: Actor, now: datetime) -> Answer:
    """Idempotent: a second one changes nothing, and says that there was a first."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        marked = mark_acknowledged(group_id, actor, now)
        changed = _change(
            group_id, lambda row, policy, state: core.acknowledge(policy, state, rows.urgency_of(row), now), actor, now
        )
        if not marked and not changed:
            return _nothing_to_do(group_id)
        return _answer(group_id, "acknowledged", Reason.ACKNOWLEDGED, f"{actor.name} acknowledged it.", actor, now)


def resolve(group_id: int, actor: Actor, now: datetime) -> Answer:
    """With its alerts."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        marked = mark_resolved(group_id, actor, now)
        changed = _change(group_id, lambda _row, _policy, state: core.end(state), actor, now)
        if not marked and not changed:
            return _nothing_to_do(group_id)
        return _answer(group_id, "resolved", Reason.ENDED, f"{actor.name} resolved it.", actor, now)


def unacknowledge(group_id: int, actor: Actor, now: datetime) -> Answer:
    """Back to triggered: it pages again, from the first step."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        marked = mark_triggered(group_id, actor, now)
        changed = _change(group_id, lambda _row, policy, state: core.retrigger(policy, state, now), actor, now)
        if marked and not changed:
            begin(marked, now)
        if not marked and not changed:
            return _nothing_to_do(group_id)
        text = f"{actor.name} took the acknowledgement back. The steps run again."
        return _answer(group_id, "unacknowledged", Reason.RETRIGGERED, text, actor, now)


def escalate(group_id: int, actor: Actor, now: datetime) -> Answer:
    """The next step now; an acknowledgement is taken back. What paged nobody so far begins to."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        group = rows.locked(AlertGroup.objects.filter(pk=group_id)).get()
        if group.state == GroupState.RESOLVED:
            return Answer(reason=Reason.ALREADY_ENDED, group=group)
        mark_triggered(group_id, actor, now)
        if not _change(group_id, lambda _row, _policy, state: core.escalate(state, now), actor, now):
            begin(group, now)
        text = f"{actor.name} escalated it: the next step is paged now."
        return _answer(group_id, "escalated", Reason.ESCALATED, text, actor, now)


def test_pager(user_id: int, actor: Actor, now: datetime) -> Escalation:
    """Page one person by all their methods, as an urgent alert would."""
    if actor.user_id != user_id:
        require(actor, Verb.MANAGE_PEOPLE)
    require(actor, Verb.EDIT_SELF)
    with transaction.atomic():
        version = _version_of_test(User.objects.get(pk=user_id), now)
        row = Escalation(kind=rows.TEST, snapshot=version, urgency=Urgency.HIGH, started_at=now)
        rows.put_state(row, core.start(snapshots.read(version.body), now), now)
        row.save(force_insert=True)
        wakeups.notify()
    return row


def acknowledge_test(escalation_id: int, actor: Actor, now: datetime) -> Answer:
    """By whoever was paged, or by who manages people."""
    with transaction.atomic():
        row = rows.locked(Escalation.objects.filter(pk=escalation_id, kind=rows.TEST)).get()
        paged = Notification.objects.filter(escalation=row, user=actor.user_id).exists()
        if not paged and not actor.may(Verb.MANAGE_PEOPLE):
            raise Denied("This test was for somebody else.")
        if row.status != Status.RUNNING:
            return Answer(reason=Reason.ALREADY_ENDED, group=None)
        row.acknowledged_at, row.acknowledged_by_id = now, actor.user_id
        ended = Decision(reason=Reason.ACKNOWLEDGED, state=core.end(rows.state_of(row)).state)
        _write(row, ended, now)
    return Answer(reason=Reason.ACKNOWLEDGED, group=None)


def _change(group_id: int, decide: Decide, actor: Actor, now: datetime) -> bool:
    """Decide about the group's live escalation and write it. False: there is none, or nothing changed.

    The caller has written the group's row before, where there was something to write: it is locked first.
    """
    row = rows.locked(Escalation.objects.filter(group=group_id, status__in=rows.LIVE)).first()
    if row is None:
        return False
    state = rows.state_of(row)
    decision = decide(row, rows.policies_of([row])[row.pk], state)
    if decision.state == state and decision.reason is not Reason.ESCALATED:
        return False
    if decision.state.status is Status.ACKNOWLEDGED:
        row.acknowledged_at, row.acknowledged_by_id = now, actor.user_id
    _write(row, decision, now)
    return True


def _write(row: Escalation, decision: Decision, now: datetime) -> None:
    before = row.reason
    rows.put_state(row, decision, now)
    rows.save([row])
    if row.status != Status.RUNNING:
        notifying.cancel_pages([row.pk], now)
        alarms.calm([before], now)
    if row.status == Status.ENDED:
        alarms.mended(row, now)
    wakeups.notify()


def _answer(group_id: int, kind: str, reason: Reason, text: str, actor: Actor, now: datetime) -> Answer:
    group = AlertGroup.objects.get(pk=group_id)
    enter(group, kind, text, now, actor)
    return Answer(reason=reason, group=group)


def _nothing_to_do(group_id: int) -> Answer:
    group = AlertGroup.objects.get(pk=group_id)
    reasons = {
        GroupState.TRIGGERED: Reason.NOT_DUE,
        GroupState.ACKNOWLEDGED: Reason.ALREADY_ACKNOWLEDGED,
        GroupState.RESOLVED: Reason.ALREADY_ENDED,
    }
    return Answer(reason=reasons[GroupState(group.state)], group=group)


def _version_of_test(user: User, now: datetime) -> PolicyVersion:
    target = Target(kind=TargetKind.USER, id=user.pk, name=user.name)
    policy = f"a test of {user.name}’s pager"
    snapshot = Snapshot(
        policy=policy, steps=(Step(delay=TEST_LASTS, targets=(target,)),), repeats=0, catch_all=(target,)
    )
    defaults = {"body": snapshots.body(snapshot), "created_at": now}
    version, _ = PolicyVersion.objects.get_or_create(digest=rows.digest_of_test(user.pk), defaults=defaults)
    return version

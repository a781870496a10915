"""What people do about a page. One place for every surface: web, links, API."""

from datetime import datetime, timedelta

from django.db import transaction

from tocsin.alerts.actions import mark_acknowledged, mark_resolved, mark_triggered
from tocsin.alerts.models import AlertGroup
from tocsin.core import escalation as core
from tocsin.core.escalation import Decision, Reason, Snapshot, Status, Step, Target, TargetKind
from tocsin.core.lifecycle import GroupState
from tocsin.core.permissions import Actor, Denied, Verb, require
from tocsin.core.signals import Urgency
from tocsin.health import wakeups
from tocsin.paging import beside, notifying, rows
from tocsin.paging.answering import Answer, Changed, answer, change, hold, nothing_to_do, write
from tocsin.paging.following import begin
from tocsin.paging.models import Escalation, Notification
from tocsin.people.models import User
from tocsin.policies import snapshots
from tocsin.policies.models import PolicyVersion

TEST_LASTS = timedelta(minutes=10)
TOKEN = 0  # a token that acts as nobody counts as one of those who have to acknowledge


def acknowledge(group_id: int, actor: Actor, now: datetime) -> Answer:
    """Idempotent: a second one changes nothing, and says that there was a first."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        hold(group_id)
        joined = beside.answered(group_id, actor.user_id, now)
        who = actor.user_id or TOKEN
        changed = change(
            group_id,
            lambda row, policy, state: core.acknowledge(policy, state, rows.urgency_of(row), now, who),
            actor,
            now,
        )
        if changed and changed.decision.state.status is Status.RUNNING:
            return _partly(group_id, changed, actor, now)
        if mark_acknowledged(group_id, actor, now) or (changed and changed.is_new):
            return answer(group_id, "acknowledged", Reason.ACKNOWLEDGED, f"{actor.name} acknowledged it.", actor, now)
        if joined:
            return answer(group_id, "joined", Reason.ACKNOWLEDGED, f"{actor.name} is helping.", actor, now)
        return nothing_to_do(group_id)


def _partly(group_id: int, changed: Changed, actor: Actor, now: datetime) -> Answer:
    """One of several who have to: the others are still paged."""
    if not changed.is_new:
        return Answer(reason=Reason.ALREADY_ACKNOWLEDGED, group=AlertGroup.objects.get(pk=group_id))
    notifying.cancel_pages(list(rows.live([group_id]).values_list("pk", flat=True)), now, actor.user_id)
    missing = changed.decision.state.answers_needed - len(changed.decision.state.answered)
    text = f"{actor.name} acknowledged it. {missing} more {'has' if missing == 1 else 'have'} to."
    return answer(group_id, "partly", Reason.PARTLY_ACKNOWLEDGED, text, actor, now)


def resolve(group_id: int, actor: Actor, now: datetime) -> Answer:
    """With its alerts."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        marked = mark_resolved(group_id, actor, now)
        changed = change(group_id, lambda _row, _policy, state: core.end(state), actor, now)
        beside.end([group_id], now)
        if not marked and not (changed and changed.is_new):
            return nothing_to_do(group_id)
        return answer(group_id, "resolved", Reason.ENDED, f"{actor.name} resolved it.", actor, now)


def unacknowledge(group_id: int, actor: Actor, now: datetime) -> Answer:
    """Back to triggered: it pages again, from the first step."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        marked = mark_triggered(group_id, actor, now)
        changed = change(group_id, lambda _row, policy, state: core.retrigger(policy, state, now), actor, now)
        if marked and not (changed and changed.is_new):
            begin(marked, now)
        if not marked and not (changed and changed.is_new):
            return nothing_to_do(group_id)
        text = f"{actor.name} took the acknowledgement back. The steps run again."
        return answer(group_id, "unacknowledged", Reason.RETRIGGERED, text, actor, now)


def escalate(group_id: int, actor: Actor, now: datetime) -> Answer:
    """The next step now; an acknowledgement is taken back. What paged nobody so far begins to."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        group = hold(group_id)
        if group.state == GroupState.RESOLVED:
            return Answer(reason=Reason.ALREADY_ENDED, group=group)
        mark_triggered(group_id, actor, now)
        if change(group_id, lambda _row, _policy, state: core.escalate(state, now), actor, now) is None:
            begin(group, now)
        text = f"{actor.name} escalated it: the next step is paged now."
        return answer(group_id, "escalated", Reason.ESCALATED, text, actor, now)


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
    if not actor.may(Verb.EDIT_SELF):  # who may answer a page may answer a test; who may only read may neither
        require(actor, Verb.RESPOND)
    with transaction.atomic():
        row = rows.locked(Escalation.objects.filter(pk=escalation_id, kind=rows.TEST)).get()
        paged = Notification.objects.filter(escalation=row, user=actor.user_id).exists()
        if not paged and not actor.may(Verb.MANAGE_PEOPLE):
            raise Denied("This test was for somebody else.")
        if row.status != Status.RUNNING:
            return Answer(reason=Reason.ALREADY_ENDED, group=None)
        row.acknowledged_at, row.acknowledged_by_id = now, actor.user_id
        before = row.reason
        rows.put_state(row, Decision(reason=Reason.ACKNOWLEDGED, state=core.end(rows.state_of(row)).state), now)
        write(row, before, now)
    return Answer(reason=Reason.ACKNOWLEDGED, group=None)


def _version_of_test(user: User, now: datetime) -> PolicyVersion:
    target = Target(kind=TargetKind.USER, id=user.pk, name=user.name)
    policy = f"a test of {user.name}’s pager"
    snapshot = Snapshot(
        policy=policy, steps=(Step(delay=TEST_LASTS, targets=(target,)),), repeats=0, catch_all=(target,)
    )
    defaults = {"body": snapshots.body(snapshot), "created_at": now}
    version, _ = PolicyVersion.objects.get_or_create(digest=rows.digest_of_test(user.pk), defaults=defaults)
    return version

"""Handing a page on: for later, to oneself, to somebody else, or to one more."""

from datetime import datetime, timedelta

from django.db import transaction

from tocsin.alerts.actions import hand_over, mark_acknowledged, mark_triggered
from tocsin.alerts.models import AlertGroup
from tocsin.core import escalation as core
from tocsin.core.escalation import Reason, Snapshot, Status, Step, Target, TargetKind
from tocsin.core.lifecycle import GroupState
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.signals import Urgency
from tocsin.health import wakeups
from tocsin.paging import actions, beside, following, rows
from tocsin.paging.answering import Answer, answer, change, hold, nothing_to_do, write
from tocsin.paging.models import Escalation
from tocsin.people.models import User
from tocsin.people.problems import Refused
from tocsin.people.queries import names_of
from tocsin.people.reaching import methods_at
from tocsin.policies import snapshots
from tocsin.policies.models import EscalationPolicy, PolicyVersion

LONGEST_SNOOZE = timedelta(days=7)
SAME = timedelta(minutes=1)  # two snoozes that end so near to each other are one that was sent twice
REASSIGNED_WAITS = timedelta(minutes=5)  # between the pages to a person it was given to
REASSIGNED_REPEATS = 2


def snooze(group_id: int, until: datetime, actor: Actor, now: datetime) -> Answer:
    """An acknowledgement that lasts until then, and pages again, from the first step."""
    require(actor, Verb.RESPOND)
    if not now < until <= now + LONGEST_SNOOZE:
        raise Refused("A snooze lasts from a minute to a week. Nothing was changed.", {"minutes": "At most a week."})
    with transaction.atomic():
        group = hold(group_id)
        if group.state == GroupState.RESOLVED or _is_snoozed(group_id, until, actor):
            return nothing_to_do(group_id)
        if not rows.live([group_id]).exists():
            following.begin(group, now)
        beside.answered(group_id, actor.user_id, now)
        _ = mark_acknowledged(group_id, actor, now) or hand_over(group_id, actor, now)
        change(group_id, lambda _row, _policy, state: core.snooze(state, until), actor, now)
        text = f"{actor.name} snoozed it for {_span(until - now)}. Then it pages again."
        return answer(group_id, "snoozed", Reason.SNOOZED, text, actor, now)


def take_over(group_id: int, actor: Actor, now: datetime) -> Answer:
    """It is the actor's from now on, whoever acknowledged it before; the acknowledgement begins anew."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        group = hold(group_id)
        if group.state == GroupState.TRIGGERED:
            return actions.acknowledge(group_id, actor, now)
        had = group.acknowledged_by_id
        if not hand_over(group_id, actor, now):
            return nothing_to_do(group_id)
        beside.answered(group_id, actor.user_id, now)
        change(
            group_id, lambda row, policy, state: core.take_over(policy, state, rows.urgency_of(row), now), actor, now
        )
        whose = f" from {names_of([had]).get(had, 'somebody')}" if had else ""
        return answer(group_id, "taken_over", Reason.TAKEN_OVER, f"{actor.name} took it over{whose}.", actor, now)


def reassign_to_person(group_id: int, user_id: int, actor: Actor, now: datetime) -> Answer:
    """The escalation ends, and another begins that pages this person, and then the catch-all it had."""
    require(actor, Verb.RESPOND)
    target = _reachable(user_id, now)
    with transaction.atomic():
        hold(group_id)
        policy = _policy_of(group_id)
        snapshot = Snapshot(
            policy=f"given to {target.name}",
            steps=(Step(delay=REASSIGNED_WAITS, targets=(target,)),),
            repeats=REASSIGNED_REPEATS,
            catch_all=policy.catch_all,
            ack_timeout_high=policy.ack_timeout_high,
            ack_timeout_low=policy.ack_timeout_low,
        )
        return _reassign(group_id, snapshots.stored(snapshot, now), target.name, actor, now)


def reassign_to_policy(group_id: int, policy: EscalationPolicy, actor: Actor, now: datetime) -> Answer:
    """The escalation ends, and another begins by this policy."""
    require(actor, Verb.RESPOND)
    with transaction.atomic():
        hold(group_id)
        return _reassign(group_id, snapshots.version_of(policy, now), f"the policy {policy.name}", actor, now)


def add_responder(group_id: int, user_id: int, actor: Actor, now: datetime) -> Answer:
    """Page one more person beside the escalation, which goes on as it would have."""
    require(actor, Verb.RESPOND)
    target = _reachable(user_id, now)
    with transaction.atomic():
        group = hold(group_id)
        if group.state == GroupState.RESOLVED or beside.is_asked(group_id, user_id):
            return nothing_to_do(group_id)
        beside.begin(group, target, now)
        wakeups.notify()
        text = f"{actor.name} asked {target.name} to help."
        return answer(group_id, "responder", Reason.RESPONDER_ADDED, text, actor, now)


def _is_snoozed(group_id: int, until: datetime, actor: Actor) -> bool:
    row = rows.live([group_id]).filter(reason=Reason.SNOOZED, acknowledged_by=actor.user_id).first()
    return row is not None and row.next_due is not None and abs(row.next_due - until) < SAME


def _policy_of(group_id: int) -> Snapshot:
    row = Escalation.objects.filter(kind=rows.ALERT, group=group_id).order_by("-pk").first()
    if row is not None:
        return rows.policies_of([row])[row.pk]
    group = AlertGroup.objects.select_related("policy", "service__policy").get(pk=group_id)
    return snapshots.snapshot_of(group.policy or group.service.policy)


def _reassign(group_id: int, version: PolicyVersion, whom: str, actor: Actor, now: datetime) -> Answer:
    group = AlertGroup.objects.get(pk=group_id)
    row = rows.locked(rows.live([group_id])).first()
    is_so = row is not None and row.status == Status.RUNNING and row.snapshot_id == version.pk
    if group.state == GroupState.RESOLVED or is_so:
        return nothing_to_do(group_id)
    if row is not None:
        before = row.reason
        rows.put_state(row, core.end(rows.state_of(row)), now)
        row.reason = Reason.REASSIGNED
        write(row, before, now)
    mark_triggered(group_id, actor, now)
    following.begin(AlertGroup.objects.get(pk=group_id), now, version)
    text = f"{actor.name} gave it to {whom}. What was under way has ended."
    return answer(group_id, "reassigned", Reason.REASSIGNED, text, actor, now)


def _reachable(user_id: int, now: datetime) -> Target:
    """`Refused` for somebody whom no page would reach."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise Refused("This person is not active any more. Nothing was changed. Choose somebody else.")
    if not methods_at([user.pk], Urgency.HIGH, now).get(user.pk):
        raise Refused(f"{user.name} has no verified contact method. Nothing was changed. Choose somebody else.")
    return Target(kind=TargetKind.USER, id=user.pk, name=user.name)


def _span(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    return f"{minutes // 60} h" if minutes and minutes % 60 == 0 else f"{minutes} min"

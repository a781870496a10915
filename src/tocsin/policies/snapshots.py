"""A policy as a value, and the versions of it that running escalations point to."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, cast

from tocsin.core.escalation import STEWARDS, Snapshot, Step, Target, TargetKind
from tocsin.policies import conditions, models
from tocsin.policies.models import EscalationPolicy, PolicyVersion


class TargetBody(TypedDict):
    kind: str
    id: int
    name: str


class StepBody(TypedDict):
    delay_seconds: int
    targets: list[TargetBody]
    when: NotRequired[dict[str, object]]  # from here on: only where it says more than the usual
    answers: NotRequired[int]


class Body(TypedDict):
    """A snapshot as JSON."""

    policy: str
    steps: list[StepBody]
    repeats: int
    catch_all: list[TargetBody]
    ack_timeout_high: NotRequired[int | None]  # seconds
    ack_timeout_low: NotRequired[int | None]
    repeat_from: NotRequired[int]  # from 0
    hold_low: NotRequired[int]  # seconds


def snapshot_of(policy: EscalationPolicy) -> Snapshot:
    """Two queries. The catch-all is never empty: where nobody is named it is every owner and admin."""
    rows = models.Target.objects.select_related("user", "schedule", "team", "place").order_by("id")
    rows = rows.defer("place__address", "place__secret")  # a place sealed with a lost key must not stop a page
    by_step: dict[int, list[Target]] = {}
    for row in rows.filter(step__policy=policy):
        by_step.setdefault(row.step_id, []).append(target_of(row))
    steps = list(policy.steps.order_by("position"))
    catch_all = [t for step in steps if step.is_catch_all for t in by_step.get(step.pk, [])]
    return Snapshot(
        policy=policy.name,
        steps=tuple(_step(step, by_step.get(step.pk, [])) for step in steps if not step.is_catch_all),
        repeats=policy.repeats,
        catch_all=tuple(catch_all) or (STEWARDS,),
        ack_timeout_high=_minutes(policy.ack_timeout_high_minutes),
        ack_timeout_low=_minutes(policy.ack_timeout_low_minutes),
        repeat_from=max(policy.repeat_from - 1, 0),
        hold_low=_minutes(policy.hold_low_hours * 60),
    )


def target_of(row: models.Target) -> Target:
    if row.user is not None:
        return Target(kind=TargetKind.USER, id=row.user.pk, name=row.user.name)
    if row.schedule is not None:
        return Target(kind=TargetKind.SCHEDULE, id=row.schedule.pk, name=row.schedule.name)
    if row.team is not None:
        kind = TargetKind.TURN if row.in_turn else TargetKind.TEAM
        return Target(kind=kind, id=row.team.pk, name=row.team.name)
    if row.place is not None:
        return Target(kind=TargetKind.PLACE, id=row.place.pk, name=row.place.name)
    raise ValueError(f"target {row.pk} is nobody")  # the database has a constraint against it


def version_of(policy: EscalationPolicy, now: datetime) -> PolicyVersion:
    """The row that holds the policy as it is now: the one from before while nothing has changed, else a new one."""
    found = stored(snapshot_of(policy), now, policy)
    if found.policy_id != policy.pk:  # of a policy that was deleted and made again, word for word
        PolicyVersion.objects.filter(pk=found.pk).update(policy=policy)
        found.policy = policy
    return found


def stored(snapshot: Snapshot, now: datetime, policy: EscalationPolicy | None = None) -> PolicyVersion:
    """The row of a snapshot, whether or not it is a policy's."""
    made = body(snapshot)
    digest = hashlib.sha256(json.dumps(made, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    found = PolicyVersion.objects.filter(digest=digest).first()
    if found is None:
        defaults = {"policy": policy, "body": made, "created_at": now}
        found, _ = PolicyVersion.objects.get_or_create(digest=digest, defaults=defaults)
    return found


def body(snapshot: Snapshot) -> Body:
    made: Body = {
        "policy": snapshot.policy,
        "steps": [_step_body(step) for step in snapshot.steps],
        "repeats": snapshot.repeats,
        "catch_all": [_target_body(t) for t in snapshot.catch_all],
        "ack_timeout_high": None if snapshot.ack_timeout_high is None else _seconds(snapshot.ack_timeout_high),
        "ack_timeout_low": None if snapshot.ack_timeout_low is None else _seconds(snapshot.ack_timeout_low),
    }
    if snapshot.repeat_from:
        made["repeat_from"] = snapshot.repeat_from
    if snapshot.hold_low is not None:
        made["hold_low"] = _seconds(snapshot.hold_low)
    return made


def read(stored: Mapping[str, object]) -> Snapshot:
    """The snapshot of a body; `ValueError` when it cannot be read."""
    try:
        return _read(cast("Body", stored))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a policy: {type(error).__name__} {error}") from error


def _read(stored: Body) -> Snapshot:
    return Snapshot(
        policy=str(stored["policy"]),
        steps=tuple(_read_step(step) for step in stored["steps"]),
        repeats=int(stored["repeats"]),
        catch_all=tuple(_target(t) for t in stored["catch_all"]) or (STEWARDS,),
        ack_timeout_high=_duration(stored.get("ack_timeout_high")),
        ack_timeout_low=_duration(stored.get("ack_timeout_low")),
        repeat_from=int(stored.get("repeat_from", 0)),
        hold_low=_duration(stored.get("hold_low")),
    )


def _step(row: models.Step, targets: list[Target]) -> Step:
    return Step(
        delay=timedelta(minutes=row.delay_minutes),
        targets=tuple(targets),
        when=conditions.read(row.when),
        answers=row.answers,
    )


def _step_body(step: Step) -> StepBody:
    made: StepBody = {"delay_seconds": _seconds(step.delay), "targets": [_target_body(t) for t in step.targets]}
    if when := conditions.body(step.when):
        made["when"] = when
    if step.answers != 1:
        made["answers"] = step.answers
    return made


def _read_step(stored: StepBody) -> Step:
    return Step(
        delay=timedelta(seconds=stored["delay_seconds"]),
        targets=_targets(stored),
        when=conditions.read(stored.get("when", {})),
        answers=int(stored.get("answers", 1)),
    )


def _targets(step: StepBody) -> tuple[Target, ...]:
    return tuple(_target(t) for t in step["targets"])


def _target(stored: TargetBody) -> Target:
    return Target(kind=TargetKind(stored["kind"]), id=int(stored["id"]), name=str(stored["name"]))


def _target_body(target: Target) -> TargetBody:
    return {"kind": target.kind.value, "id": target.id, "name": target.name}


def _minutes(count: int) -> timedelta | None:
    return timedelta(minutes=count) if count else None


def _duration(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _seconds(delay: timedelta) -> int:
    return int(delay.total_seconds())

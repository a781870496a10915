"""A policy as a value, and the versions of it that running escalations point to."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NotRequired, TypedDict, cast

from tocsin.core.escalation import STEWARDS, Snapshot, Step, Target, TargetKind
from tocsin.policies import conditions
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


Row = Mapping[str, Any]  # a step with one of its targets, or with none
_KINDS = (TargetKind.USER, TargetKind.SCHEDULE, TargetKind.TEAM, TargetKind.PLACE)
_READ = ("position", "is_catch_all", "delay_minutes", "when", "answers")
_TARGET = ("targets__id", "targets__in_turn", *(f"targets__{k}{field}" for k in _KINDS for field in ("", "__name")))


def snapshot_of(policy: EscalationPolicy) -> Snapshot:
    """The catch-all is never empty: where nobody is named it is every owner and admin.

    One query, as somebody may save other steps at that moment; and nothing that is sealed is read by it.
    """
    rows = policy.steps.order_by("position", "targets__id").values(*_READ, *_TARGET)
    steps = [list(group) for _, group in groupby(rows, key=itemgetter("position"))]
    last = [row for step in steps for row in step if row["is_catch_all"]]
    return Snapshot(
        policy=policy.name,
        steps=tuple(_step(step) for step in steps if not step[0]["is_catch_all"]),
        repeats=policy.repeats,
        catch_all=_named(last) or (STEWARDS,),
        ack_timeout_high=_minutes(policy.ack_timeout_high_minutes),
        ack_timeout_low=_minutes(policy.ack_timeout_low_minutes),
        repeat_from=max(policy.repeat_from - 1, 0),
        hold_low=_minutes(policy.hold_low_hours * 60),
    )


def _named(step: Sequence[Row]) -> tuple[Target, ...]:
    """Of the rows of a step, which has one without a target where it has none."""
    return tuple(target_of(row) for row in step if row["targets__id"])


def target_of(row: Row) -> Target:
    kind = next((kind for kind in _KINDS if row[f"targets__{kind}"]), None)
    if kind is None:
        raise ValueError(f"target {row['targets__id']} is nobody")  # the database has a constraint against it
    found = TargetKind.TURN if kind is TargetKind.TEAM and row["targets__in_turn"] else kind
    return Target(kind=found, id=row[f"targets__{kind}"], name=row[f"targets__{kind}__name"])


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


def _step(rows: Sequence[Row]) -> Step:
    return Step(
        delay=timedelta(minutes=rows[0]["delay_minutes"]),
        targets=_named(rows),
        when=conditions.read(rows[0]["when"]),
        answers=rows[0]["answers"],
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

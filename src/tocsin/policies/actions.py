"""Changing escalation policies. Running escalations keep the version they began with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Model

from tocsin.audit.actions import record
from tocsin.audit.diffs import JSON
from tocsin.core.conditions import ALWAYS, Condition
from tocsin.core.escalation import Step as StepValue
from tocsin.core.escalation import Target as TargetSpec
from tocsin.core.escalation import TargetKind
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.models import Team, User
from tocsin.people.problems import Refused
from tocsin.people.writing import change, check_fields, create, delete, slug_for
from tocsin.policies import conditions
from tocsin.policies.models import EscalationPolicy, Place, Step, Target
from tocsin.policies.snapshots import snapshot_of
from tocsin.schedules.models import Schedule

LONGEST_DELAY_MINUTES = 24 * 60
LONGEST_HOLD_HOURS = 72
MOST_ANSWERS = 10
MOST_REPEATS = 20

_ROWS: dict[TargetKind, type[Model]] = {
    TargetKind.USER: User,
    TargetKind.SCHEDULE: Schedule,
    TargetKind.TEAM: Team,
    TargetKind.TURN: Team,
    TargetKind.PLACE: Place,
}
_COLUMNS = {TargetKind.TURN: "team"}  # where the column is not called as the kind


@dataclass(frozen=True, kw_only=True)
class StepSpec:
    delay_minutes: int  # until the next step
    targets: tuple[TargetSpec, ...]  # their names do not matter
    when: Condition = ALWAYS
    answers: int = 1  # so many people have to acknowledge


def create_policy(
    actor: Actor,
    name: str,
    now: datetime,
    *,
    team: Team | None = None,
    description: str = "",
    repeats: int = 2,
    ack_timeout_high_minutes: int = 30,
    ack_timeout_low_minutes: int = 0,
    repeat_from: int = 1,
    hold_low_hours: int = 0,
) -> EscalationPolicy:
    require(actor, Verb.CONFIGURE)
    _check_numbers(repeats=repeats, repeat_from=repeat_from, hold_low_hours=hold_low_hours)
    row = EscalationPolicy(
        name=name.strip(),
        slug=slug_for(EscalationPolicy, name),
        team=team,
        description=description,
        repeats=repeats,
        ack_timeout_high_minutes=ack_timeout_high_minutes,
        ack_timeout_low_minutes=ack_timeout_low_minutes,
        repeat_from=repeat_from,
        hold_low_hours=hold_low_hours,
    )
    return create(actor, row, now)


def change_policy(actor: Actor, policy: EscalationPolicy, now: datetime, **changes: object) -> EscalationPolicy:
    """`name`, `description`, `team`, and the numbers that `create_policy` takes."""
    require(actor, Verb.CONFIGURE)
    timeouts = {"ack_timeout_high_minutes", "ack_timeout_low_minutes"}
    check_fields(changes, {"name", "description", "team", *_LIMITS, *timeouts})
    _check_numbers(**{name: int(str(value)) for name, value in changes.items() if name in _LIMITS})
    return change(actor, policy, now, changes)


def save_steps(
    actor: Actor,
    policy: EscalationPolicy,
    steps: Sequence[StepSpec],
    catch_all: Sequence[TargetSpec],
    now: datetime,
) -> list[Step]:
    """Exactly these, in this order. An empty catch-all, or the stewards alone, is every owner and admin.

    A step without targets is taken: `defects` shows it, and an escalation passes it over.
    """
    require(actor, Verb.CONFIGURE)
    last = [target for target in catch_all if target.kind is not TargetKind.STEWARDS]
    if any(target.kind is TargetKind.PLACE for target in last):
        raise Refused("The catch-all has to reach people: a chat channel or a webhook cannot be in it.")
    if last and len(last) < len(catch_all):
        raise Refused("The catch-all is either every owner and admin, or who is named. Choose one of the two.")
    _check_steps(steps)
    _check_targets([*last, *(target for step in steps for target in step.targets)])
    with transaction.atomic():
        before = _in_words(policy)
        policy.steps.all().delete()
        rows = Step.objects.bulk_create([*_steps(policy, steps), _catch_all(policy, len(steps))])
        targets = [*(step.targets for step in steps), tuple(last)]
        Target.objects.bulk_create(_targets(rows, targets))
        record(actor, "changed", policy, now, before=before, after=_in_words(policy))
    return rows


def delete_policy(actor: Actor, policy: EscalationPolicy, now: datetime) -> None:
    """`Refused` while a service uses it."""
    require(actor, Verb.CONFIGURE)
    delete(actor, policy, now)


_LIMITS = {
    "repeats": (0, MOST_REPEATS, f"The steps can run again up to {MOST_REPEATS} times."),
    "repeat_from": (1, 100, "Repeats begin with a step from 1 on."),
    "hold_low_hours": (0, LONGEST_HOLD_HOURS, f"Low urgency can be held for up to {LONGEST_HOLD_HOURS} hours."),
}


def _check_numbers(**numbers: int) -> None:
    for name, number in numbers.items():
        least, most, sentence = _LIMITS[name]
        if not least <= number <= most:
            raise Refused(sentence, {name: f"From {least} to {most}."})


def _check_steps(steps: Sequence[StepSpec]) -> None:
    for number, step in enumerate(steps, 1):
        if not 1 <= step.delay_minutes <= LONGEST_DELAY_MINUTES:
            raise Refused(f"Step {number}: the delay must be between a minute and a day.")
        if any(target.kind is TargetKind.STEWARDS for target in step.targets):
            raise Refused(f"Step {number}: owners and admins together are the catch-all. Name people or a team here.")
        if not 1 <= step.answers <= MOST_ANSWERS:
            raise Refused(f"Step {number}: from 1 to {MOST_ANSWERS} people can be asked to acknowledge.")
        conditions.check(step.when, f"Step {number}")


def _check_targets(targets: Sequence[TargetSpec]) -> None:
    """That they are there: a page to somebody who is not would find out at night."""
    for kind, model in _ROWS.items():
        ids = {target.id for target in targets if target.kind is kind}
        if len(ids) != model._default_manager.filter(pk__in=ids).count():
            what = _COLUMNS.get(kind, kind.value)
            raise Refused(f"A {what} in these steps is not there any more. Nothing was changed. Choose another.")


def _steps(policy: EscalationPolicy, steps: Sequence[StepSpec]) -> list[Step]:
    return [
        Step(
            policy=policy,
            position=at,
            delay_minutes=step.delay_minutes,
            answers=step.answers,
            when=conditions.body(step.when),
        )
        for at, step in enumerate(steps)
    ]


def _catch_all(policy: EscalationPolicy, position: int) -> Step:
    return Step(policy=policy, position=position, is_catch_all=True)


def _targets(rows: Sequence[Step], targets: Sequence[tuple[TargetSpec, ...]]) -> list[Target]:
    pairs = [(row, spec) for row, specs in zip(rows, targets, strict=True) for spec in dict.fromkeys(specs)]
    return [_target(row, spec) for row, spec in pairs]


def _target(step: Step, spec: TargetSpec) -> Target:
    column = f"{_COLUMNS.get(spec.kind, spec.kind.value)}_id"
    return Target(step=step, in_turn=spec.kind is TargetKind.TURN, **{column: spec.id})


def _in_words(policy: EscalationPolicy) -> dict[str, JSON]:
    snapshot = snapshot_of(policy)
    steps: list[JSON] = [_step_in_words(step) for step in snapshot.steps]
    return {"steps": steps, "catch_all": _names(snapshot.catch_all)}


def _step_in_words(step: StepValue) -> str:
    said = [_names(step.targets)]
    if step.when.in_words:
        said.append(step.when.in_words)
    if step.answers > 1:
        said.append(f"{step.answers} have to acknowledge")
    return "; ".join([*said, f"next after {step.delay.total_seconds() // 60:.0f} min"])


def _names(targets: Sequence[TargetSpec]) -> str:
    return ", ".join(_name(target) for target in targets) or "nobody"


def _name(target: TargetSpec) -> str:
    return f"one of {target.name} in turn" if target.kind is TargetKind.TURN else target.name

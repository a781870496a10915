"""Changing escalation policies. Running escalations keep the version they began with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tocsin.audit.actions import record
from tocsin.audit.diffs import JSON
from tocsin.core.escalation import Target as TargetSpec
from tocsin.core.escalation import TargetKind
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.models import Team, User
from tocsin.people.problems import Refused
from tocsin.people.writing import change, check_fields, create, delete, slug_for
from tocsin.policies.models import EscalationPolicy, Step, Target
from tocsin.policies.snapshots import snapshot_of
from tocsin.schedules.models import Schedule

LONGEST_DELAY_MINUTES = 24 * 60
MOST_REPEATS = 20


@dataclass(frozen=True, kw_only=True)
class StepSpec:
    delay_minutes: int  # until the next step
    targets: tuple[TargetSpec, ...]  # their names do not matter


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
) -> EscalationPolicy:
    require(actor, Verb.CONFIGURE)
    _check_repeats(repeats)
    row = EscalationPolicy(
        name=name.strip(),
        slug=slug_for(EscalationPolicy, name),
        team=team,
        description=description,
        repeats=repeats,
        ack_timeout_high_minutes=ack_timeout_high_minutes,
        ack_timeout_low_minutes=ack_timeout_low_minutes,
    )
    return create(actor, row, now)


def change_policy(actor: Actor, policy: EscalationPolicy, now: datetime, **changes: object) -> EscalationPolicy:
    """`name`, `description`, `team`, `repeats`, `ack_timeout_high_minutes`, `ack_timeout_low_minutes` (0: it lasts)."""
    require(actor, Verb.CONFIGURE)
    timeouts = {"ack_timeout_high_minutes", "ack_timeout_low_minutes"}
    check_fields(changes, {"name", "description", "team", "repeats", *timeouts})
    if "repeats" in changes:
        _check_repeats(int(str(changes["repeats"])))
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


def _check_repeats(repeats: int) -> None:
    if not 0 <= repeats <= MOST_REPEATS:
        raise Refused(f"The steps can run again up to {MOST_REPEATS} times.", {"repeats": "Too often."})


def _check_steps(steps: Sequence[StepSpec]) -> None:
    for number, step in enumerate(steps, 1):
        if not 1 <= step.delay_minutes <= LONGEST_DELAY_MINUTES:
            raise Refused(f"Step {number}: the delay must be between a minute and a day.")
        if any(target.kind is TargetKind.STEWARDS for target in step.targets):
            raise Refused(f"Step {number}: owners and admins together are the catch-all. Name people or a team here.")


def _check_targets(targets: Sequence[TargetSpec]) -> None:
    """That they are there: a page to somebody who is not would find out at night."""
    for kind, model in ((TargetKind.USER, User), (TargetKind.SCHEDULE, Schedule), (TargetKind.TEAM, Team)):
        ids = {target.id for target in targets if target.kind is kind}
        if len(ids) != model._default_manager.filter(pk__in=ids).count():
            raise Refused(f"A {kind.value} in these steps is not there any more. Nothing was changed. Choose another.")


def _steps(policy: EscalationPolicy, steps: Sequence[StepSpec]) -> list[Step]:
    return [Step(policy=policy, position=at, delay_minutes=step.delay_minutes) for at, step in enumerate(steps)]


def _catch_all(policy: EscalationPolicy, position: int) -> Step:
    return Step(policy=policy, position=position, is_catch_all=True)


def _targets(rows: Sequence[Step], targets: Sequence[tuple[TargetSpec, ...]]) -> list[Target]:
    pairs = [(row, spec) for row, specs in zip(rows, targets, strict=True) for spec in dict.fromkeys(specs)]
    return [Target(step=row, **{f"{spec.kind.value}_id": spec.id}) for row, spec in pairs]


def _in_words(policy: EscalationPolicy) -> dict[str, JSON]:
    snapshot = snapshot_of(policy)
    steps: list[JSON] = [
        f"{_names(step.targets)}; next after {step.delay.total_seconds() // 60:.0f} min" for step in snapshot.steps
    ]
    return {"steps": steps, "catch_all": _names(snapshot.catch_all)}


def _names(targets: Sequence[TargetSpec]) -> str:
    return ", ".join(target.name for target in targets) or "nobody"

"""A policy with its steps, saved whole or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from tocsin.core.escalation import Target
from tocsin.core.permissions import Actor
from tocsin.policies import actions
from tocsin.policies.actions import StepSpec
from tocsin.policies.models import EscalationPolicy


def save(
    actor: Actor,
    policy: EscalationPolicy | None,
    changes: Mapping[str, object],
    steps: Sequence[StepSpec],
    catch_all: Sequence[Target],
    now: datetime,
) -> EscalationPolicy:
    """`changes`: what `actions.change_policy` takes."""
    with transaction.atomic():
        if policy is None:
            saved = actions.create_policy(actor, now=now, **changes)  # type: ignore[arg-type]
        else:
            saved = actions.change_policy(actor, policy, now, **changes)
        actions.save_steps(actor, saved, steps, catch_all, now)
    return saved

"""Reading escalation policies."""

from django.db.models import Count, Prefetch, QuerySet
from django.shortcuts import get_object_or_404

from tocsin.core.permissions import Actor, Verb, require
from tocsin.policies.defects import Defect, defects
from tocsin.policies.models import EscalationPolicy, Step, Target
from tocsin.policies.simulating import Line, simulate

__all__ = ["Defect", "Line", "defects", "policies", "policy", "simulate"]


def policies(actor: Actor) -> QuerySet[EscalationPolicy]:
    """With `services_count`, and the steps with their targets."""
    require(actor, Verb.VIEW)
    targets = Target.objects.select_related("user", "schedule", "team", "place").order_by("id")
    targets = targets.defer("place__address", "place__secret")
    steps = Step.objects.order_by("position").prefetch_related(Prefetch("targets", targets))
    found = EscalationPolicy.objects.select_related("team").prefetch_related(Prefetch("steps", steps))
    return found.annotate(services_count=Count("services"))


def policy(actor: Actor, slug: str) -> EscalationPolicy:
    """`Http404` when there is none."""
    return get_object_or_404(policies(actor), slug=slug)

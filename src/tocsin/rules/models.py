"""What routes and quiets alerts, as it is written down. `core` decides by it; `rules.rulebook` hands it over.

Matchers are kept as they are typed, in Prometheus' syntax, and were readable when they were saved.
"""

from django.db import models
from django.urls import reverse

from tocsin.core.sane import FIRST, LAST
from tocsin.core.signals import Urgency
from tocsin.people.models import User
from tocsin.policies.models import EscalationPolicy
from tocsin.services.models import Integration, Service

_URGENCIES = [(u.value, u.name.title()) for u in Urgency]


def _sane(field: str) -> models.Q:
    """PostgreSQL keeps times that cannot be read again, and one such row would be in everybody's way."""
    return models.Q(**{f"{field}__gte": FIRST, f"{field}__lte": LAST})


class Edition(models.Model):
    """One row: a mark that every change of a rule makes anew, in the same transaction."""

    mark = models.CharField(max_length=32)  # random: a restored database never passes for another state of itself

    def __str__(self) -> str:
        return f"edition {self.mark}"


class Silence(models.Model):
    """Alerts that match are recorded and page nobody, from one time to another."""

    uuid = models.UUIDField(unique=True)  # as Alertmanager's tools know it
    matchers = models.TextField()  # all have to match
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField()
    creator = models.CharField(max_length=160)  # as named then, or as a tool said it
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # only alerts that come in there: whoever has only its key made the silence
    integration = models.ForeignKey(
        Integration, null=True, blank=True, on_delete=models.CASCADE, related_name="silences"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["ends_at"], name="silence_ends")]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gte=models.F("starts_at")), name="silence_in_order"),
            models.CheckConstraint(condition=_sane("starts_at") & _sane("ends_at"), name="silence_can_be_read"),
        ]

    def __str__(self) -> str:
        return f"silence {self.matchers}"

    def get_absolute_url(self) -> str:
        return reverse("silence", args=[self.uuid])


class Maintenance(models.Model):
    """Planned work: triggers of its services or matching alerts page nobody; resolves always pass.

    Once, from `starts_at` to `ends_at`; or every week, on `weekdays` from `opens` for `minutes`, on a clock in `zone`.
    """

    name = models.CharField(max_length=120)
    services = models.ManyToManyField(Service, through="Maintained", related_name="maintenances")
    matchers = models.TextField(blank=True)  # with services: both have to hold
    starts_at = models.DateTimeField(null=True, blank=True)  # weekly: not before; none: from its making on
    ends_at = models.DateTimeField(null=True, blank=True)  # weekly: not after; none: without end
    weekdays = models.JSONField(default=list, blank=True)  # 0: Monday; none: once
    opens = models.TimeField(null=True, blank=True)
    minutes = models.PositiveIntegerField(default=0)
    zone = models.CharField(max_length=64, default="UTC")
    cut_at = models.DateTimeField(null=True, blank=True)  # what was going on then was ended early
    creator = models.CharField(max_length=160)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name = "maintenance window"
        constraints = [
            models.CheckConstraint(condition=_sane("starts_at"), name="maintenance_start_can_be_read"),
            models.CheckConstraint(condition=_sane("ends_at"), name="maintenance_end_can_be_read"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("maintenance_edit", args=[self.pk])


class Maintained(models.Model):
    """A service of a maintenance window. It is not deleted from under it: the window would be for more than it was."""

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["maintenance", "service"], name="maintained_once")]

    def __str__(self) -> str:
        return f"{self.maintenance}"


class Inhibition(models.Model):
    """While an alert that matches `source` is open, alerts that match `target` page nobody."""

    name = models.CharField(max_length=120, unique=True)
    source = models.TextField()  # matchers
    target = models.TextField()  # matchers
    equal = models.JSONField(default=list, blank=True)  # labels that both must have alike
    is_enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = "inhibition rule"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("inhibition_edit", args=[self.pk])


class Route(models.Model):
    """A node of the routing tree. The first child that matches is taken, and its siblings too if it `goes_on`.

    What a node does not say is said by its parent, and in the end by the integration's own service.
    """

    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    position = models.PositiveSmallIntegerField()  # among its siblings
    name = models.CharField(max_length=120)
    matchers = models.TextField(blank=True)  # none: everything
    goes_on = models.BooleanField(default=False)  # the siblings after it are tried too
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.PROTECT, related_name="routes")
    policy = models.ForeignKey(EscalationPolicy, null=True, blank=True, on_delete=models.PROTECT, related_name="routes")
    urgency = models.CharField(max_length=6, blank=True, choices=_URGENCIES)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("route_edit", args=[self.pk])


class UrgencyRule(models.Model):
    """How urgent alerts that match are; the first rule that matches counts, then the usual one by severity."""

    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    matchers = models.TextField(blank=True)  # none: everything
    urgency = models.CharField(max_length=6, choices=_URGENCIES)  # in its hours
    otherwise = models.CharField(max_length=6, blank=True, choices=_URGENCIES)  # outside them; none: the next rule
    weekdays = models.JSONField(default=list, blank=True)  # 0: Monday; none: every day
    starts = models.TimeField(null=True, blank=True)  # both or neither
    ends = models.TimeField(null=True, blank=True)
    zone = models.CharField(max_length=64, default="UTC")

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("urgency_rule_edit", args=[self.pk])

"""What can break, and where its alerts come in."""

from django.db import models
from django.urls import reverse

from tocsin.people.models import Team
from tocsin.policies.models import EscalationPolicy
from tocsin.sealing import SealedTextField


class Service(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="services")
    tier = models.PositiveSmallIntegerField(default=2)  # 1 most important … 4
    policy = models.ForeignKey(EscalationPolicy, on_delete=models.PROTECT, related_name="services")
    runbook_url = models.URLField(max_length=500, blank=True)
    dashboard_url = models.URLField(max_length=500, blank=True)
    logs_url = models.URLField(max_length=500, blank=True)
    chat_url = models.URLField(max_length=500, blank=True)
    rollback = models.TextField(blank=True)  # one sentence: how to go back
    # alerts of one service that come within the window join the open group; 0: every alert is a group of its own
    group_minutes = models.PositiveIntegerField(default=0)
    group_by = models.JSONField(default=list, blank=True)  # labels that the alerts of a group share; none: any alerts
    group_hours = models.PositiveIntegerField(default=24)  # a group collects for so long at most
    pause_minutes = models.PositiveIntegerField(default=0)  # what resolves within them pages nobody; 0: pages at once
    resolve_minutes = models.PositiveIntegerField(default=0)  # without news, an alert resolves by itself; 0: never
    calms_flapping = models.BooleanField(default=True)  # what comes and goes again and again pages once
    storm_threshold = models.PositiveIntegerField(default=20)  # new alerts in 5 minutes that are one page; 0: never
    # how long before an alert changes are looked for; 0: as long as for all services
    change_window_minutes = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("service", args=[self.slug])


class Integration(models.Model):
    """One inbound source with its own key. The key is stored as its SHA-256 and shown once."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="integrations")
    kind = models.CharField(max_length=20)  # a folder in `sources/`: pagerduty, alertmanager, generic
    name = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True)
    key_hint = models.CharField(max_length=8)  # the first characters, to tell keys apart
    mapping = models.JSONField(default=dict, blank=True)  # of a generic source
    # what the tool signs its messages with; empty: the key is enough
    secret = SealedTextField(blank=True, default="")
    # of SNS: the ARNs of the topics that it listens to; empty: the first that asks will be
    topics = models.JSONField(default=list, blank=True)
    is_enabled = models.BooleanField(default=True)
    # the routing tree may move its alerts; what it does not move is its service's
    is_routed = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)  # kept for its alerts' sake; never enabled again

    class Meta:
        ordering = ["service_id", "name"]

    def __str__(self) -> str:
        return f"{self.name} on {self.service}"

    def get_absolute_url(self) -> str:
        return reverse("integration", args=[self.pk])

"""What Tocsin watches by itself: jobs that should be heard of, and targets that it looks at."""

from django.db import models
from django.urls import reverse

from tocsin.checks.configs import HEARTBEAT, KINDS
from tocsin.core.probes import State
from tocsin.core.signals import Severity
from tocsin.sealing import SealedTextField
from tocsin.services.models import Integration, Service


class Check(models.Model):
    """A heartbeat or a probe. What is particular to its kind is in `config`, as `checks.configs` has it."""

    kind = models.CharField(max_length=10, choices=[(kind, known.label) for kind, known in KINDS.items()])
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="checks")
    # by which its verdicts become alerts: the service's own, of kind “checks”
    outlet = models.ForeignKey(Integration, on_delete=models.RESTRICT, related_name="+")
    name = models.CharField(max_length=255)
    note = models.TextField(blank=True)  # what to do when it is down
    severity = models.CharField(
        max_length=10, choices=[(s.value, s.name.title()) for s in Severity], default=Severity.CRITICAL
    )
    config = models.JSONField(default=dict)
    headers = SealedTextField(blank=True, default="")  # of an HTTP probe, a line each; they may hold secrets
    state = models.CharField(max_length=10, default=State.NEW)
    reason = models.TextField(blank=True)  # a sentence: why it is in this state
    since = models.DateTimeField()
    is_alerting = models.BooleanField(default=False)  # its alert was triggered and not resolved by it
    is_paused = models.BooleanField(default=False)
    last_at = models.DateTimeField(null=True, blank=True)  # the last ping or result
    created_at = models.DateTimeField()

    # of a heartbeat
    # whose key its pings carry; several heartbeats of one integration are told apart by their names
    integration = models.ForeignKey(
        Integration, null=True, blank=True, on_delete=models.RESTRICT, related_name="heartbeats"
    )
    expected_at = models.DateTimeField(null=True, blank=True)
    runs = models.JSONField(default=dict, blank=True)  # begun and not ended: id → when
    is_heard = models.BooleanField(default=False)
    is_failed = models.BooleanField(default=False)
    next_due = models.DateTimeField(null=True, blank=True)  # when its state changes without a ping

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["integration", "name"], name="one_heartbeat_a_name")]
        indexes = [
            models.Index(fields=["next_due"], name="check_due", condition=models.Q(next_due__isnull=False)),
            models.Index(fields=["state"], name="check_state"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("check", args=[self.pk])

    @property
    def is_heartbeat(self) -> bool:
        return self.kind == HEARTBEAT


class Spell(models.Model):
    """A stretch of time in one state, with the reason why it began."""

    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="spells", db_column="check_id")
    state = models.CharField(max_length=10)
    reason = models.TextField(blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["check_of", "-began_at"], name="spell_recent")]

    def __str__(self) -> str:
        return f"{self.state} since {self.began_at}"


class Ping(models.Model):
    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="pings", db_column="check_id")
    at = models.DateTimeField()
    kind = models.CharField(max_length=10)  # of core.signals.BeatKind
    exit_code = models.PositiveSmallIntegerField(null=True, blank=True)
    run_id = models.CharField(max_length=64, blank=True)
    body = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True)  # how long the run took that ended with it
    receipt = models.UUIDField()  # of the event it came in

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["check_of", "-id"], name="ping_recent"),
            models.Index(fields=["at"], name="ping_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"


class Site(models.Model):
    """A probe in one region, or anywhere where the region is empty. Due when `next_due` has passed.

    Who runs it moves `next_due` to the time by which it will be done: that is the lease. A node that dies lets it pass,
    and the next one takes it.
    """

    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="sites", db_column="check_id")
    region = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, default=State.NEW)
    failures = models.PositiveIntegerField(default=0)
    successes = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    next_due = models.DateTimeField(null=True, blank=True)  # none: paused

    class Meta:
        ordering = ["region"]
        constraints = [models.UniqueConstraint(fields=["check_of", "region"], name="one_site_a_region")]
        indexes = [models.Index(fields=["next_due"], name="site_due", condition=models.Q(next_due__isnull=False))]

    def __str__(self) -> str:
        return self.region or "anywhere"


class Result(models.Model):
    """What a probe found once."""

    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="results", db_column="check_id")
    region = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    is_ok = models.BooleanField()
    seconds = models.FloatField(null=True, blank=True)
    phases = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["check_of", "-at"], name="result_recent"),
            models.Index(fields=["at"], name="result_at"),
        ]

    def __str__(self) -> str:
        return self.error or "ok"

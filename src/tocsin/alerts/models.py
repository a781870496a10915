"""What came in, and what it was taken for."""

from django.db import models
from django.urls import reverse

from tocsin.core.lifecycle import AlertState, GroupState
from tocsin.core.signals import Severity, Urgency
from tocsin.people.models import User
from tocsin.services.models import Integration, Service


class Event(models.Model):
    """One inbound message, as it came. Written by `ingest` with plain SQL before it is answered."""

    receipt = models.UUIDField(unique=True)
    # the index event_recent begins with it; a second one would cost every event
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=20)  # the source that reads it
    body = models.BinaryField()
    received_at = models.DateTimeField()
    # new → absorbed, or quarantined when it could not be absorbed; it stays until somebody tries again
    state = models.CharField(max_length=12, default="new")
    error = models.TextField(blank=True, default="")
    absorbed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="event_new", condition=models.Q(state="new")),
            models.Index(fields=["integration", "-id"], name="event_recent"),
            models.Index(fields=["id"], name="event_quarantined", condition=models.Q(state="quarantined")),
        ]

    def __str__(self) -> str:
        return str(self.receipt)


HAS_ANSWERER = models.Q(acknowledged_by__isnull=False)
HAS_RESOLVER = models.Q(resolved_by__isnull=False)
HAS_USER = models.Q(user__isnull=False)


class AlertGroup(models.Model):
    """What a responder sees, is paged for and acknowledges."""

    # the index group_service begins with it
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="groups", db_index=False)
    title = models.CharField(max_length=1024)
    severity = models.CharField(max_length=10, choices=[(s.value, s.name.title()) for s in Severity])
    urgency = models.CharField(max_length=6, choices=[(u.value, u.name.title()) for u in Urgency])
    state = models.CharField(max_length=12, choices=[(s.value, s.name.title()) for s in GroupState])
    opened_at = models.DateTimeField()
    last_event_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    alert_count = models.PositiveIntegerField(default=0)
    event_count = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)  # grows with every change of state; fences races

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-id"], name="group_state"),
            models.Index(fields=["service", "-opened_at"], name="group_service"),
            # by who answered: most rows of a storm have nobody yet, and cost nothing here
            models.Index(fields=["acknowledged_by"], name="group_answerer", condition=HAS_ANSWERER),
            models.Index(fields=["resolved_by"], name="group_resolver", condition=HAS_RESOLVER),
            models.Index(fields=["id"], name="group_open", condition=~models.Q(state="resolved")),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("group", args=[self.pk])


class Alert(models.Model):
    """One problem, by (integration, dedup key) while open."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="alerts", db_index=False, db_constraint=False
    )
    dedup_key = models.CharField(max_length=255)
    group = models.ForeignKey(AlertGroup, on_delete=models.CASCADE, related_name="alerts", db_constraint=False)
    state = models.CharField(max_length=12, choices=[(s.value, s.name.title()) for s in AlertState])
    severity = models.CharField(max_length=10)
    summary = models.CharField(max_length=1024)
    source = models.CharField(max_length=255, blank=True)
    component = models.CharField(max_length=255, blank=True)
    details = models.JSONField(default=dict, blank=True)  # labels, annotations, custom details
    links = models.JSONField(default=list, blank=True)  # [{"href", "text"}]; runbook and dashboard first
    images = models.JSONField(default=list, blank=True)  # [{"src", "href", "alt"}]
    event_count = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    last_event_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)  # resolves by itself then, when the source says so
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "dedup_key"], condition=~models.Q(state="resolved"), name="one_open_alert_a_key"
            )
        ]
        indexes = [
            models.Index(
                fields=["ends_at"], name="alert_ends", condition=models.Q(ends_at__isnull=False, resolved_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.summary


class Outcome(models.Model):
    """What became of one signal of an event, and why: the receipt."""

    pk = models.CompositePrimaryKey("event_id", "position")
    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="outcomes", db_index=False, db_constraint=False
    )
    position = models.PositiveIntegerField()  # in the event: a webhook carries many alerts
    dedup_key = models.CharField(max_length=255)
    action = models.CharField(max_length=12)  # trigger, acknowledge, resolve
    reason = models.CharField(max_length=40)  # of core.receipts.Reason
    alert = models.ForeignKey(
        Alert, null=True, on_delete=models.CASCADE, related_name="outcomes", db_index=False, db_constraint=False
    )

    class Meta:
        ordering = ["event_id", "position"]
        indexes = [models.Index(fields=["alert", "-event_id"], name="outcome_of_alert")]

    def __str__(self) -> str:
        return f"{self.dedup_key}: {self.reason}"


class Entry(models.Model):
    """A line in the history of an alert group."""

    group = models.ForeignKey(AlertGroup, on_delete=models.CASCADE, related_name="entries", db_constraint=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=24)  # opened, joined, severity, paged, acknowledged, timed_out, resolved, note …
    text = models.TextField()
    user = models.ForeignKey(  # who did it
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    via = models.CharField(max_length=12, blank=True)  # web, link, api, email, engine

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["user"], name="entry_user", condition=HAS_USER)]

    def __str__(self) -> str:
        return self.text


class SavedView(models.Model):
    """Filters of the alerts list that a person has given a name."""

    LONGEST = 40

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=LONGEST)
    query = models.TextField(blank=True)  # of alerts.filters
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="view_name_once")]

    def __str__(self) -> str:
        return self.name

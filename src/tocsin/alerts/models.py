"""What came in, and what it was taken for."""

from django.db import models
from django.urls import reverse

from tocsin.core.lifecycle import AlertState, GroupState
from tocsin.core.signals import Severity, Urgency
from tocsin.people.models import User
from tocsin.policies.models import EscalationPolicy
from tocsin.services.models import Integration, Service


class Event(models.Model):
    """One inbound message, as it came. Written by `ingest` with plain SQL before it is answered, and never changed.

    The database itself puts each new one into `Waiting`, by a trigger: whoever writes it, it will be read.
    """

    receipt = models.UUIDField()
    # the index event_recent begins with it; a second one would cost every event
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=20)  # the source that reads it
    body = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["receipt"], name="event_receipt"),
            models.Index(fields=["integration", "-id"], name="event_recent"),
        ]

    def __str__(self) -> str:
        return str(self.receipt)

    @property
    def state(self) -> str:
        """new, absorbed or quarantined. Where many are shown, `waiting` and `quarantine` are selected with them."""
        if hasattr(self, "quarantine"):
            return "quarantined"
        return "new" if hasattr(self, "waiting") else "absorbed"

    @property
    def error(self) -> str:
        return self.quarantine.error if hasattr(self, "quarantine") else ""


class Waiting(models.Model):
    """An event that is to be absorbed. It is in no queue any more when it was."""

    event = models.OneToOneField(
        Event, primary_key=True, on_delete=models.CASCADE, related_name="waiting", db_constraint=False
    )
    integration = models.ForeignKey(
        Integration, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    received_at = models.DateTimeField()  # the event's: it tells in which partition that is

    def __str__(self) -> str:
        return f"event {self.pk} waits"


class Quarantine(models.Model):
    """An event that could not be absorbed. It stays until somebody tries again."""

    event = models.OneToOneField(
        Event, primary_key=True, on_delete=models.CASCADE, related_name="quarantine", db_constraint=False
    )
    received_at = models.DateTimeField()  # the event's
    error = models.TextField()
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "quarantine"

    def __str__(self) -> str:
        return self.error


class KnownReceipt(models.Model):
    """A receipt made from what was said: a copy has the same, and is refused. It outlives its event.

    By a trigger, of the events whose receipt is a UUID of version 8.
    """

    receipt = models.UUIDField(primary_key=True)
    at = models.DateTimeField()  # when the event was received

    class Meta:
        indexes = [models.Index(fields=["at"], name="known_receipt_at")]

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
    key = models.CharField(max_length=255, blank=True, default="")  # what its alerts share, of the service's `group_by`
    # where a route says so; none: its service's
    policy = models.ForeignKey(
        EscalationPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    held = models.CharField(max_length=12, blank=True, default="")  # a core.holds.HoldKind: its open alerts page nobody

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-id"], name="group_state"),
            models.Index(fields=["service", "-opened_at"], name="group_service"),
            # by who answered: most rows of a storm have nobody yet, and cost nothing here
            models.Index(fields=["acknowledged_by"], name="group_answerer", condition=HAS_ANSWERER),
            models.Index(fields=["resolved_by"], name="group_resolver", condition=HAS_RESOLVER),
            models.Index(fields=["id"], name="group_open", condition=~models.Q(state="resolved")),
            models.Index(fields=["policy"], name="group_policy", condition=models.Q(policy__isnull=False)),
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
    uid = models.UUIDField(null=True, blank=True)  # how its tool calls it, where the tool has ids of its own
    group = models.ForeignKey(AlertGroup, on_delete=models.CASCADE, related_name="alerts", db_constraint=False)
    state = models.CharField(max_length=12, choices=[(s.value, s.name.title()) for s in AlertState])
    severity = models.CharField(max_length=10)
    summary = models.CharField(max_length=1024)
    source = models.CharField(max_length=255, blank=True)
    component = models.CharField(max_length=255, blank=True)
    details = models.JSONField(default=dict, blank=True)  # labels, annotations, custom details
    links = models.JSONField(default=list, blank=True)  # [{"href", "text"}]; runbook and dashboard first
    images = models.JSONField(default=list, blank=True)  # [{"src", "href", "alt"}]
    digest = models.BigIntegerField(null=True, editable=False)  # of source to images; none: not known
    event_count = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    last_event_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)  # resolves by itself then, when the source says so
    said_at = models.DateTimeField(null=True, blank=True)  # when its source last reported it, where that tells an order
    resolved_at = models.DateTimeField(null=True, blank=True)
    urgency = models.CharField(max_length=6, default=Urgency.HIGH)  # that it has when nothing holds it back
    held = models.CharField(max_length=12, blank=True, default="")  # a core.holds.HoldKind; empty: nothing does
    held_reason = models.TextField(blank=True, default="")
    held_by = models.BigIntegerField(default=0)  # silence, maintenance, inhibiting alert, alert group of the storm
    held_until = models.DateTimeField(null=True, blank=True)
    review_at = models.DateTimeField(
        null=True, blank=True
    )  # whether it is to be held back, and how urgent it is, is decided anew then

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
            models.Index(
                fields=["review_at"], name="alert_review", condition=models.Q(review_at__isnull=False, resolved_at=None)
            ),
            models.Index(fields=["held_by"], name="alert_held_by", condition=models.Q(held_by__gt=0, resolved_at=None)),
            models.Index(fields=["uid"], name="alert_uid", condition=models.Q(uid__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.summary


class Outcome(models.Model):
    """What became of one signal of an event, and why: the receipt."""

    pk = models.CompositePrimaryKey("event_id", "position")
    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="outcomes", db_index=False, db_constraint=False
    )
    at = models.DateTimeField()  # when the event was absorbed
    position = models.PositiveIntegerField()  # in the event: a webhook carries many alerts
    dedup_key = models.CharField(max_length=255)
    action = models.CharField(max_length=12)  # trigger, acknowledge, resolve
    reason = models.CharField(max_length=40)  # of core.receipts.Reason
    why = models.TextField(blank=True, default="")  # sentences, where rules decided
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


class Trace(models.Model):
    """Where an open alert meets an inhibition rule. Kept so that a restart forgets nothing."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="traces", db_constraint=False)
    rule = models.BigIntegerField()  # of rules.Inhibition
    values = models.CharField(max_length=64)  # a digest of those that source and target have alike
    is_source = models.BooleanField()
    is_target = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["rule", "values"], name="trace_where")]

    def __str__(self) -> str:
        return f"rule {self.rule} at alert {self.alert_id}"


class Flap(models.Model):
    """An alert's comings and goings over all its openings, from its first resolve on. See `core.flapping`."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+", db_index=False)
    dedup_key = models.CharField(max_length=255)
    changes = models.JSONField(default=list)  # moments, oldest first
    last_at = models.DateTimeField()  # the newest of them
    since = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=0)
    is_paged = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "dedup_key"], name="one_flap_a_key")]
        indexes = [models.Index(fields=["last_at"], name="flap_last")]

    def __str__(self) -> str:
        return f"{self.dedup_key}: {self.count}"


class Weather(models.Model):
    """What has come for a service lately, and its storm. See `core.storms`."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="+")
    group = models.ForeignKey(AlertGroup, null=True, on_delete=models.SET_NULL, related_name="+")
    first = models.CharField(max_length=1024, blank=True, default="")  # the group's title before it was a storm's
    recent = models.JSONField(default=list)  # moments, oldest first
    settles_at = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(null=True)  # of the storm, when nothing else comes

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="storm_ends", condition=models.Q(ends_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.service}: {self.count}"


class Applied(models.Model):
    """One row: which edition of the rules the open alerts were last held against, and when."""

    mark = models.CharField(max_length=80)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.mark


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

"""Who is paged, for what, and how far it has come."""

from django.db import models
from django.urls import reverse

from tocsin.alerts.models import AlertGroup
from tocsin.core.escalation import Status
from tocsin.outbox.models import Message
from tocsin.people.models import ContactMethod, User
from tocsin.policies.models import PolicyVersion


class Escalation(models.Model):
    """One run of an escalation policy. `version` grows with every write and fences every write."""

    kind = models.CharField(max_length=8, default="alert")  # alert, beside (one more responder), test
    group = models.ForeignKey(AlertGroup, null=True, on_delete=models.CASCADE, related_name="escalations")
    snapshot = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="escalations")
    urgency = models.CharField(max_length=6)
    status = models.CharField(max_length=12, choices=[(s.value, s.name.title()) for s in Status])
    step = models.PositiveSmallIntegerField(default=0)  # the next step to run; the number of steps: the catch-all
    catch_all_paged = models.BooleanField(default=False)  # else the last step's answer is still waited for
    round = models.PositiveIntegerField(default=0)  # only grows
    repeats_left = models.PositiveSmallIntegerField(default=0)
    next_due = models.DateTimeField(null=True, blank=True)  # of the next step, or of the end of an acknowledgement
    answers_needed = models.PositiveSmallIntegerField(default=1)  # people who have to acknowledge
    answered = models.JSONField(default=list)  # ids of those who have, while others have to as well
    version = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=40)  # the last decision's, of core.escalation.Reason
    error = models.TextField(blank=True, default="")  # why it is in quarantine; its catch-all has been paged
    started_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["group"],
                condition=models.Q(kind="alert", status__in=["running", "acknowledged"]),
                name="one_live_escalation_a_group",
            )
        ]
        indexes = [
            models.Index(fields=["next_due", "id"], name="escalation_due", condition=models.Q(next_due__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"escalation {self.pk}"


class Notification(models.Model):
    """One message to one person by one contact method."""

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="notifications")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    method = models.ForeignKey(ContactMethod, null=True, on_delete=models.SET_NULL, related_name="notifications")
    kind = models.CharField(max_length=20)  # the channel
    step = models.PositiveSmallIntegerField()
    round = models.PositiveIntegerField()
    # waiting (its rule's delay) → queued (in the outbox) → sent → delivered, or failed, or cancelled (answered before)
    state = models.CharField(max_length=10, default="waiting")
    due_at = models.DateTimeField(null=True)  # while waiting
    message = models.OneToOneField(Message, null=True, on_delete=models.SET_NULL, related_name="notification")
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)  # of its acknowledge link
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "user", "method", "round", "step"], name="one_notification_a_page_and_method"
            )
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="notification_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["user", "-id"], name="notification_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user}"

    def get_absolute_url(self) -> str:
        return reverse("deliveries")

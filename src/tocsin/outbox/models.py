"""Everything that leaves the building."""

from django.db import models

from tocsin.sealing import SealedJSONField, SealedTextField


class State(models.TextChoices):
    PENDING = "pending"
    SENDING = "sending"  # leased by a sender
    SENT = "sent"  # the provider took it
    DELIVERED = "delivered"  # the provider says it arrived
    FAILED = "failed"  # for good
    UNKNOWN = "unknown"  # a sender died between sending and recording; it is sent again with the same key
    CANCELLED = "cancelled"  # no longer needed before it was sent


class Message(models.Model):
    kind = models.CharField(max_length=20)  # a folder in `channels/`
    purpose = models.CharField(max_length=20)  # page, test, verification, invitation, notice
    target = SealedTextField(blank=True)  # the address there
    secret = SealedTextField(blank=True)
    payload = SealedJSONField()  # channels.Content as a dict
    key = models.CharField(max_length=64, unique=True)  # idempotency: the same on every attempt
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)  # next attempt; empty when done
    lease_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=40, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)  # the last one, in words
    created_at = models.DateTimeField()
    retried_at = models.DateTimeField(null=True, blank=True)  # by hand; the time until it is given up begins anew
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["kind", "due_at", "id"],
                name="outbox_due",
                condition=models.Q(state__in=["pending", "unknown"]),
            ),
            models.Index(fields=["lease_until"], name="outbox_leased", condition=models.Q(state="sending")),
            models.Index(fields=["state", "-id"], name="outbox_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.purpose} {self.pk}"


class Attempt(models.Model):
    """One try to send, for the delivery history."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=12)  # sent, delivered, retry, failed, unknown
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.outcome} at {self.at}"

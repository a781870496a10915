"""What was changed: deploys, releases, configuration, infrastructure, each with how to go back."""

from django.db import models
from django.urls import reverse

from tocsin.services.models import Integration, Service


class Change(models.Model):
    # none: it may concern any service
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="changes")
    # none: a person or a script said it
    integration = models.ForeignKey(Integration, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255, blank=True)  # news with the same key are of the same change
    summary = models.CharField(max_length=1024)
    status = models.CharField(max_length=20, blank=True)  # as the tool says it; core.suspects knows what it means
    source = models.CharField(max_length=255, blank=True)  # where it was made
    environment = models.CharField(max_length=80, blank=True)
    version = models.CharField(max_length=255, blank=True)
    author = models.CharField(max_length=255, blank=True)
    rollback = models.TextField(blank=True)  # one sentence, or a command: how to go back
    links = models.JSONField(default=list, blank=True)  # [{"href", "text"}]
    details = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()  # when it was begun
    said_at = models.DateTimeField()  # when the tool said the last of it; older news change nothing
    received_at = models.DateTimeField()  # of the first news
    # of the event with the last news; events are forgotten earlier than changes
    receipt = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "key"], condition=~models.Q(key=""), name="one_change_a_key"
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(integration=None) & ~models.Q(key=""),
                name="one_manual_change_a_key",
            ),
        ]
        indexes = [
            models.Index(fields=["service", "-at"], name="change_service"),
            models.Index(fields=["-at"], name="change_recent"),
        ]

    def __str__(self) -> str:
        return self.summary

    def get_absolute_url(self) -> str:
        return reverse("change", args=[self.pk])


class Delivery(models.Model):
    """A message that its tool has given a name; another with the same name is the same message again."""

    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "name"], name="one_delivery_a_name")]
        indexes = [models.Index(fields=["at"], name="delivery_at")]

    def __str__(self) -> str:
        return self.name

"""Mailboxes that Tocsin looks into for an integration of kind email."""

from django.db import models
from django.urls import reverse

from tocsin.sealing import SealedTextField
from tocsin.services.models import Integration


class Mailbox(models.Model):
    """Due when `next_due` has passed. Who looks into it moves that on: it is the lease, and a node that dies lets it
    pass. What was there before the first look stays there untold."""

    integration = models.OneToOneField(Integration, on_delete=models.CASCADE, related_name="mailbox")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=10, default="tls")  # of imap.SECURITIES
    user = models.CharField(max_length=255)
    password = SealedTextField(default="")
    folder = models.CharField(max_length=255, default="INBOX")
    afterwards = models.CharField(max_length=10, default="seen")  # of imap.AFTERWARDS
    move_to = models.CharField(max_length=255, blank=True, default="")
    # which mails were taken: all up to this number but the withheld, while the folder keeps its numbers
    uid_validity = models.BigIntegerField(null=True, blank=True)
    last_uid = models.BigIntegerField(default=0)
    withheld = models.JSONField(default=dict, blank=True)  # numbers of mails that could not be fetched: how often tried
    next_due = models.DateTimeField()
    good_at = models.DateTimeField(null=True, blank=True)  # when it was last looked into
    heard_at = models.DateTimeField(null=True, blank=True)  # when there was last a mail in it
    error = models.TextField(blank=True, default="")
    failures = models.PositiveIntegerField(default=0)  # in a row
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "mailboxes"
        indexes = [models.Index(fields=["next_due"], name="mailbox_due")]

    def __str__(self) -> str:
        return f"{self.user} at {self.host}"

    def get_absolute_url(self) -> str:
        return reverse("mailbox", args=[self.integration_id])

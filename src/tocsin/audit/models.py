"""Who changed what."""

from datetime import timedelta

from django.conf import settings
from django.db import models

from tocsin.sealing import SealedTextField


class Record(models.Model):
    at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor = models.CharField(max_length=160)  # as named then: a person, a token, “Tocsin”
    via = models.CharField(max_length=12)  # web, api, cli, engine
    verb = models.CharField(max_length=40)  # created, changed, deleted, signed in …
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    object_name = models.CharField(max_length=200)
    before = models.JSONField(null=True, blank=True)  # only the fields that changed; secrets are left out
    after = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["object_kind", "object_id", "-id"], name="audit_object")]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.object_name}"


class Answered(models.Model):
    """What the API answered to a POST with an Idempotency-Key, for `KEPT`."""

    KEPT = timedelta(days=1)

    key = models.CharField(max_length=64, unique=True)  # SHA-256 over the caller's token and key
    asked = models.CharField(max_length=64)  # SHA-256 over the request
    at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=80, blank=True, default="")
    body = SealedTextField()  # it may hold a token or key that is shown once

    def __str__(self) -> str:
        return f"{self.status} at {self.at}"

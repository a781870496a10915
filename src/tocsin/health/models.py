"""What is wrong with Tocsin itself."""

from django.db import models


class Problem(models.Model):
    """Something that a person must look at; shown as a banner until it is over."""

    key = models.CharField(max_length=120, unique=True)  # "quarantined events", "escalation 7": the same problem, once
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)  # what happened, what was kept, what to do next
    url = models.CharField(max_length=300, blank=True)  # where to do it
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen"]

    def __str__(self) -> str:
        return self.title


class Counter(models.Model):
    """How often something happened that should be rare: duplicates, repairs."""

    name = models.CharField(max_length=60, unique=True)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


class Beat(models.Model):
    """A process that lives."""

    node = models.CharField(max_length=80)  # host and process
    role = models.CharField(max_length=10)  # engine, web
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "role"], name="one_beat_a_process")]

    def __str__(self) -> str:
        return f"{self.role} on {self.node}"


class Presence(models.Model):
    """An open Tocsin tab that can ring. Written by the web process while the tab's live stream is open."""

    tab = models.CharField(max_length=40, unique=True)
    user_id = models.BigIntegerField(db_index=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tab of user {self.user_id}"


class Setting(models.Model):
    """A setting that is made in the browser: a name and a JSON value."""

    name = models.CharField(max_length=60, unique=True)
    value = models.JSONField()

    def __str__(self) -> str:
        return self.name

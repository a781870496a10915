"""What is promised of a service, where its figures are read, and what was read last."""

from django.db import models
from django.urls import reverse

from tocsin.core.slo import Kind
from tocsin.sealing import SealedTextField
from tocsin.services.models import Service


class Objective(models.Model):
    """An SLO. Which of the queries are used depends on the kind."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="slos")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    objective = models.DecimalField(max_digits=6, decimal_places=3)  # percent
    window_days = models.PositiveSmallIntegerField(default=30)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in Kind])
    part = models.TextField(blank=True)  # PromQL: good events, or bad ones when the kind is errors
    total = models.TextField(blank=True)  # PromQL: all events
    histogram = models.CharField(max_length=200, blank=True)
    selector = models.CharField(max_length=500, blank=True)
    threshold = models.CharField(max_length=20, blank=True)  # the `le` that is quick enough
    least_requests = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "SLO"
        ordering = ["service__name", "name"]

    def __str__(self) -> str:
        return f"{self.name} of {self.service}"

    def get_absolute_url(self) -> str:
        return reverse("slo", args=[self.slug])


class Server(models.Model):
    """The Prometheus that budgets are read from. There is one at most."""

    url = models.CharField(max_length=500)
    user = models.CharField(max_length=200, blank=True)  # with one, the secret is its password; without, a bearer token
    secret = SealedTextField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "Prometheus server"

    def __str__(self) -> str:
        return f"Prometheus at {self.url}"


class Reading(models.Model):
    """What Prometheus said last about an SLO. Good figures stay, with their age, while it says nothing."""

    objective = models.OneToOneField(Objective, on_delete=models.CASCADE, related_name="reading")
    tried_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)  # when the figures are from
    error = models.TextField(blank=True)  # of the last try; empty: it went well
    left = models.FloatField(null=True, blank=True)  # of the budget: 1 all, 0 nothing, below: more than there was
    burn = models.FloatField(null=True, blank=True)  # over the last hour; null: nothing happened in it
    days = models.JSONField(
        default=list, blank=True
    )  # the burn of each of the last 30 days, oldest first; null: unknown
    days_read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"reading of {self.objective}"

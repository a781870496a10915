"""Schedules as they are written down; `core.rota` says who is on call."""

from django.db import models
from django.urls import reverse

from tocsin.people.models import Team, User


class Schedule(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="schedules")
    time_zone = models.CharField(max_length=64)  # IANA; wall times below are in it

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("schedule", args=[self.slug])


class Layer(models.Model):
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="layers")
    position = models.PositiveSmallIntegerField()  # higher counts before lower
    name = models.CharField(max_length=60)
    unit = models.CharField(
        max_length=8, choices=[(u, u.title()) for u in ("hour", "day", "week", "month")], default="week"
    )
    every = models.PositiveSmallIntegerField(default=1)  # the length of a turn, in units
    starts_on = models.DateField()  # the day of the first handoff
    handoff_at = models.TimeField()  # wall time
    until = models.DateTimeField(null=True, blank=True)
    is_shadow = models.BooleanField(default=False)  # its people are told, and are never responsible

    class Meta:
        ordering = ["schedule_id", "position"]
        constraints = [models.UniqueConstraint(fields=["schedule", "position"], name="one_layer_a_position")]

    def __str__(self) -> str:
        return self.name


class Participant(models.Model):
    """A person in a turn of a layer; people of one turn are on call together."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="participants")
    turn = models.PositiveSmallIntegerField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="participations")

    class Meta:
        ordering = ["layer_id", "turn", "id"]
        constraints = [models.UniqueConstraint(fields=["layer", "turn", "user"], name="once_in_a_turn")]

    def __str__(self) -> str:
        return f"{self.user} in {self.layer}"


class Restriction(models.Model):
    """On these weekdays, from `starts` to `ends` on the wall; over midnight when `ends` is not after `starts`."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="restrictions")
    weekdays = models.JSONField()  # list of 0 Monday … 6 Sunday
    starts = models.TimeField()
    ends = models.TimeField()

    def __str__(self) -> str:
        return f"{self.starts}–{self.ends}"


class Override(models.Model):
    """For a while, somebody else. They apply in the order in which they were made."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    change = models.CharField(
        max_length=8, choices=[(c, c.title()) for c in ("replace", "add", "remove")], default="replace"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="overrides")
    instead_of = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="override_has_length")
        ]
        indexes = [models.Index(fields=["schedule", "ends_at"])]

    def __str__(self) -> str:
        return f"{self.user} on {self.schedule}"

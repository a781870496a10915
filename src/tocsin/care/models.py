"""What really was: who was on call when, whatever becomes of the schedule afterwards; and what a team pays for it."""

from datetime import time
from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

from tocsin.people.models import Team, User
from tocsin.schedules.models import Schedule


class ShiftRecord(models.Model):
    """One person's uninterrupted stretch in one schedule, as far as it has passed. It only ever grows at its end."""

    schedule = models.ForeignKey(Schedule, null=True, on_delete=models.SET_NULL, related_name="records")
    schedule_name = models.CharField(max_length=80)
    team = models.ForeignKey(Team, null=True, on_delete=models.SET_NULL, related_name="shift_records")  # as it was then
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="shift_records")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "user", "starts_at"], name="recorded_once"),
            models.CheckConstraint(condition=models.Q(ends_at__gt=models.F("starts_at")), name="record_has_length"),
        ]
        indexes = [
            models.Index(fields=["user", "ends_at"], name="record_of_user"),
            models.Index(fields=["team", "ends_at"], name="record_of_team"),
            models.Index(fields=["schedule", "ends_at"], name="record_of_schedule"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.schedule_name}"


class Recorded(models.Model):
    """Until when a schedule's past is written down."""

    schedule = models.OneToOneField(Schedule, on_delete=models.CASCADE, related_name="recorded")
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.schedule} until {self.until}"


def _rate() -> "models.DecimalField[Decimal, Decimal]":
    return models.DecimalField(
        max_digits=8, decimal_places=2, default=Decimal(0), validators=[MinValueValidator(Decimal(0))]
    )


class Terms(models.Model):
    """A team's working hours, holidays and rates."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="terms")
    time_zone = models.CharField(max_length=64, default="UTC")  # months and quarters begin in it
    country = models.CharField(max_length=2, blank=True)  # whose public holidays count for people who name none
    works_from = models.TimeField(default=time(9))  # on each person's own wall
    works_until = models.TimeField(default=time(17))
    currency = models.CharField(max_length=3, default="EUR")
    working = _rate()  # for an hour on call
    off_hours = _rate()
    weekend = _rate()
    holiday = _rate()
    minutes_a_wake_up = models.PositiveSmallIntegerField(default=0)  # time off

    class Meta:
        verbose_name = verbose_name_plural = "care terms"

    def __str__(self) -> str:
        return f"terms of {self.team}"


class Unready(models.Model):
    """Somebody who will be on call within a week and could not be paged."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="unready")
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()  # of the first shift
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]

    def __str__(self) -> str:
        return f"{self.user} from {self.starts_at}"

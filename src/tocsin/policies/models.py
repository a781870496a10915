"""Escalation policies as they are written down; `core.escalation` says who is paged when."""

from django.db import models
from django.urls import reverse

from tocsin.people.models import Team, User
from tocsin.schedules.models import Schedule
from tocsin.sealing import SealedTextField


def _only(name: str, *others: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": False}, **{f"{other}__isnull": True for other in others})


class EscalationPolicy(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="policies")
    repeats = models.PositiveSmallIntegerField(default=2)  # how often the steps run again before the catch-all
    ack_timeout_high_minutes = models.PositiveIntegerField(default=30)  # 0: an acknowledgement lasts
    ack_timeout_low_minutes = models.PositiveIntegerField(default=0)
    repeat_from = models.PositiveSmallIntegerField(default=1)  # the step, from 1, with which a repeat begins
    hold_low_hours = models.PositiveSmallIntegerField(default=0)  # low urgency waits for somebody to be on call

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "escalation policies"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("policy", args=[self.slug])


class Step(models.Model):
    """A step of a policy. The catch-all is the step that stays when all repeats are used up; without targets, it is
    every owner and admin."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    delay_minutes = models.PositiveIntegerField(default=5)  # until the next step
    is_catch_all = models.BooleanField(default=False)
    answers = models.PositiveSmallIntegerField(default=1)  # people who have to acknowledge
    when = models.JSONField(default=dict, blank=True)  # core.conditions.Condition, as `policies.conditions` writes it

    class Meta:
        ordering = ["policy_id", "is_catch_all", "position"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "position"], name="one_step_a_position"),
            models.UniqueConstraint(
                fields=["policy"], condition=models.Q(is_catch_all=True), name="one_catch_all_a_policy"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy}, step {self.position}"


class Place(models.Model):
    """A chat channel or another system that a step tells. It counts for nobody."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20)  # a folder in `channels/`: chat, webhook, ntfy
    address = SealedTextField()  # whoever has the address of a chat's hook can write there
    secret = SealedTextField(blank=True, default="")  # what its messages are signed with
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("places")


class Target(models.Model):
    """Whom a step pages: exactly one of the four."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="targets")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    schedule = models.ForeignKey(Schedule, null=True, blank=True, on_delete=models.PROTECT, related_name="targets")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="targets")
    in_turn = models.BooleanField(default=False)  # of the team: only the next one, not everybody
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.PROTECT, related_name="targets")

    class Meta:
        ordering = ["step_id", "id"]
        constraints = [
            models.CheckConstraint(
                name="one_kind_of_target",
                condition=(
                    _only("user", "schedule", "team", "place")
                    | _only("schedule", "user", "team", "place")
                    | _only("team", "user", "schedule", "place")
                    | _only("place", "user", "schedule", "team")
                ),
            )
        ]

    def __str__(self) -> str:
        return str(self.user or self.schedule or self.team or self.place)


class Turn(models.Model):
    """Who was paged last of a team whose people take turns, by whatever policy."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="turn")
    last = models.BigIntegerField()  # a user's id: the order goes on after it, also when they are not there any more

    def __str__(self) -> str:
        return f"turn of {self.team}"


class PolicyVersion(models.Model):
    """A policy as it was when something was paged by it. Never changed; running escalations point here."""

    policy = models.ForeignKey(EscalationPolicy, null=True, on_delete=models.SET_NULL, related_name="versions")
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the body
    body = models.JSONField()  # core.escalation.Snapshot, as `policies.snapshots` writes it
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.policy} {self.digest[:8]}"

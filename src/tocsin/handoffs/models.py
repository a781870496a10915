"""The note and the ceremony at the end of a shift; `core.handover` says what is due when."""

from django.db import models
from django.urls import reverse

from tocsin.core.handover import State
from tocsin.people.models import User
from tocsin.schedules.models import Schedule


class Handoff(models.Model):
    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="handoffs")
    outgoing = models.ForeignKey(User, on_delete=models.CASCADE, related_name="handoffs_given")
    incoming = models.ForeignKey(User, on_delete=models.CASCADE, related_name="handoffs_taken")
    leaves_at = models.DateTimeField()  # the end of the one's shift
    begins_at = models.DateTimeField()  # the beginning of the other's; later where nobody is on call in between
    state = models.CharField(max_length=10, choices=[(s.value, s.name.title()) for s in State], default=State.DRAFT)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)  # from then on the draft is not made anew
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    lapsed_at = models.DateTimeField(null=True, blank=True)
    lapsed_why = models.CharField(max_length=120, blank=True)
    # what was said, so that it is said once
    reminded_at = models.DateTimeField(null=True, blank=True)
    welcomed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-begins_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "begins_at", "outgoing", "incoming"], name="one_handoff_a_change"
            )
        ]
        indexes = [
            models.Index(fields=["id"], name="handoff_open", condition=models.Q(state__in=["draft", "signed"])),
            models.Index(fields=["-begins_at", "-id"], name="handoff_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.schedule}: {self.outgoing} to {self.incoming}"

    def get_absolute_url(self) -> str:
        return reverse("handoff", args=[self.pk])

"""What people type about escalation policies."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet

from tocsin.core.escalation import Target, TargetKind
from tocsin.core.signals import Urgency
from tocsin.people.models import Team, User
from tocsin.policies.actions import LONGEST_DELAY_MINUTES, MOST_REPEATS
from tocsin.schedules.models import Schedule
from tocsin.ui.days import SANE_TIME

Data = Mapping[str, Any] | None  # what was posted
Initial = Mapping[str, Any] | None
Choices = list[tuple[str, Any]]
_LOCAL = "%Y-%m-%dT%H:%M"


class PolicyForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="Such as “Checkout”.")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="No team")
    repeats = forms.IntegerField(
        min_value=0,
        max_value=MOST_REPEATS,
        initial=2,
        label="Then begin again, times",
        help_text="How often the steps run again before the catch-all.",
    )
    ack_timeout_high_minutes = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_DELAY_MINUTES,
        initial=30,
        label="High urgency: page again after, minutes",
        help_text="An acknowledgement that is not followed by a resolve. 0: it lasts.",
    )
    ack_timeout_low_minutes = forms.IntegerField(
        min_value=0,
        max_value=LONGEST_DELAY_MINUTES,
        initial=0,
        label="Low urgency: page again after, minutes",
        help_text="0: the acknowledgement lasts.",
    )
    description = forms.CharField(required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, data: Data = None, *, initial: Initial = None, teams: QuerySet[Team]) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]


class StepForm(forms.Form):
    delay = forms.IntegerField(
        min_value=1, max_value=LONGEST_DELAY_MINUTES, label="Minutes until the next step", initial=5
    )


class TargetForm(forms.Form):
    target = forms.ChoiceField(required=False)

    def __init__(self, data: Data = None, *, initial: Initial = None, prefix: str, choices: Choices) -> None:
        super().__init__(data, initial=dict(initial or {}), prefix=prefix)
        self.fields["target"].choices = choices  # type: ignore[attr-defined]


class SimulateForm(forms.Form):
    at = forms.DateTimeField(
        label="An alert came",
        widget=forms.DateTimeInput({"type": "datetime-local"}, _LOCAL),
        validators=SANE_TIME,
    )
    urgency = forms.ChoiceField(label="Its urgency", choices=[(Urgency.HIGH, "High"), (Urgency.LOW, "Low")])


def target_choices(schedules: Iterable[Schedule], teams: Iterable[Team], people: Iterable[User]) -> Choices:
    groups = [
        ("Schedules: whoever is on call then", [(f"schedule:{row.pk}", row.name) for row in schedules]),
        ("Teams: everybody in it", [(f"team:{row.pk}", row.name) for row in teams]),
        ("People", [(f"user:{row.pk}", row.name) for row in people]),
    ]
    return [(name, rows) for name, rows in groups if rows]


def as_text(target: Target) -> str:
    return f"{target.kind}:{target.id}"


def as_target(text: str) -> Target:
    """Of a text that was offered."""
    kind, _, pk = text.partition(":")
    return Target(kind=TargetKind(kind), id=int(pk), name="")

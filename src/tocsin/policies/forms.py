"""What people type about escalation policies."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from django import forms
from django.db.models import QuerySet

from tocsin.channels.registry import CHANNELS
from tocsin.core.conditions import Condition
from tocsin.core.escalation import Target, TargetKind
from tocsin.core.rotation import Restriction
from tocsin.core.signals import Severity, Urgency
from tocsin.core.wall import Unloadable, zone_of
from tocsin.people.models import Team, User
from tocsin.policies.actions import LONGEST_DELAY_MINUTES, LONGEST_HOLD_HOURS, MOST_ANSWERS, MOST_REPEATS
from tocsin.policies.models import Place
from tocsin.policies.places import KINDS
from tocsin.schedules import hours
from tocsin.schedules.models import Schedule
from tocsin.ui.days import SANE_TIME

Data = Mapping[str, Any] | None  # what was posted
Initial = Mapping[str, Any] | None
Choices = list[tuple[str, Any]]
DAYS_A_WEEK = 7
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
    repeat_from = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=100,
        initial=1,
        label="Begin again with step",
        help_text="1: all of them.",
    )
    hold_low_hours = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=LONGEST_HOLD_HOURS,
        initial=0,
        label="Low urgency: wait for somebody to be on call, hours",
        help_text="When no step reaches anybody, at most so long before the catch-all. 0: it does not wait.",
    )
    description = forms.CharField(required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, data: Data = None, *, initial: Initial = None, teams: QuerySet[Team]) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    def clean_repeat_from(self) -> int:
        return int(self.cleaned_data["repeat_from"] or 1)

    def clean_hold_low_hours(self) -> int:
        return int(self.cleaned_data["hold_low_hours"] or 0)


class StepForm(forms.Form):
    delay = forms.IntegerField(
        min_value=1, max_value=LONGEST_DELAY_MINUTES, label="Minutes until the next step", initial=5
    )
    answers = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_ANSWERS,
        initial=1,
        label="People who have to acknowledge",
        help_text="So many before paging stops; all, where fewer are paged.",
    )
    urgency = forms.ChoiceField(
        required=False,
        label="Only for",
        choices=[("", "Any urgency"), ("high", "High urgency"), ("low", "Low urgency")],
    )
    severity = forms.ChoiceField(
        required=False,
        label="At least",
        choices=[("", "Any severity"), *((s.value, s.value.capitalize()) for s in Severity if s is not Severity.INFO)],
    )
    hours = forms.CharField(
        required=False, max_length=80, label="Only at these hours", help_text="Such as Mon–Fri 09:00–17:00."
    )
    zone = forms.CharField(
        required=False, max_length=64, label="In the time zone", initial="UTC", help_text="Such as Europe/Vienna."
    )

    def clean_answers(self) -> int:
        return int(self.cleaned_data["answers"] or 1)

    def clean_hours(self) -> Restriction | None:
        try:
            found = hours.read(self.cleaned_data["hours"])
        except hours.Unclear as error:
            raise forms.ValidationError(str(error)) from error
        if len(found) > 1:
            raise forms.ValidationError("One span of hours only. Use another step for the others.")
        return found[0] if found else None

    def clean_zone(self) -> str:
        name: str = self.cleaned_data["zone"] or "UTC"
        try:
            zone_of(name)
        except Unloadable as error:
            raise forms.ValidationError(f"{error}.") from error
        return name

    def condition(self) -> Condition:
        typed = self.cleaned_data
        span: Restriction | None = typed["hours"]
        all_day = span is None or span.starts == span.ends
        return Condition(
            urgency=Urgency(typed["urgency"]) if typed["urgency"] else None,
            severity=Severity(typed["severity"]) if typed["severity"] else None,
            weekdays=tuple(sorted(span.weekdays)) if span and len(span.weekdays) < DAYS_A_WEEK else (),
            starts=None if all_day or span is None else span.starts,
            ends=None if all_day or span is None else span.ends,
            zone=typed["zone"],
        )


def condition_values(condition: Condition) -> dict[str, str]:
    """A condition as the form's texts."""
    days, midnight = frozenset(condition.weekdays) or frozenset(range(DAYS_A_WEEK)), time(0)
    span = Restriction(weekdays=days, starts=condition.starts or midnight, ends=condition.ends or midnight)
    is_any = not condition.weekdays and condition.starts is None
    return {
        "urgency": condition.urgency or "",
        "severity": condition.severity or "",
        "hours": "" if is_any else hours.write([span]),
        "zone": condition.zone,
    }


class PlaceForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="Such as “#checkout”.")
    kind = forms.ChoiceField(choices=[(kind, CHANNELS[kind].label) for kind in KINDS])
    address = forms.CharField(
        max_length=500,
        help_text="Of a chat: its incoming webhook. Whoever has it can write there, so it is not shown again.",
    )
    secret = forms.CharField(
        required=False,
        max_length=200,
        help_text="For webhooks: what messages are signed with; empty: Tocsin makes one. For ntfy: an access token. "
        "A chat has none.",
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


def target_choices(
    schedules: Iterable[Schedule], teams: Iterable[Team], people: Iterable[User], places: Iterable[Place]
) -> Choices:
    teams = list(teams)
    groups = [
        ("Schedules: whoever is on call then", [(f"schedule:{row.pk}", row.name) for row in schedules]),
        ("Teams: everybody in it", [(f"team:{row.pk}", row.name) for row in teams]),
        ("Teams: one after the other", [(f"turn:{row.pk}", f"{row.name}, in turn") for row in teams]),
        ("People", [(f"user:{row.pk}", row.name) for row in people]),
        ("Only told: reaches nobody for certain", [(f"place:{row.pk}", row.name) for row in places]),
    ]
    return [(name, rows) for name, rows in groups if rows]


def as_text(target: Target) -> str:
    return f"{target.kind}:{target.id}"


def as_target(text: str) -> Target:
    """Of a text that was offered."""
    kind, _, pk = text.partition(":")
    return Target(kind=TargetKind(kind), id=int(pk), name="")

"""What people type about schedules."""

from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet

from tocsin.core.rota import Change
from tocsin.core.rotation import Layer, Restriction, Unit
from tocsin.core.wall import zone_of
from tocsin.people.models import Team, User
from tocsin.people.zones import choices
from tocsin.schedules import hours
from tocsin.schedules.importing import LARGEST
from tocsin.ui.choosing import LongSelect
from tocsin.ui.days import SANE_DAY, SANE_TIME

Data = Mapping[str, Any] | None  # what was posted
Initial = Mapping[str, Any] | None
_UNITS = [("hour", "hours"), ("day", "days"), ("week", "weeks"), ("month", "months")]
_LOCAL = "%Y-%m-%dT%H:%M"  # what a datetime-local field speaks


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput({"type": "datetime-local"}, _LOCAL)


class ScheduleForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="Such as “Checkout primary”.")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="No team")
    time_zone = forms.ChoiceField(
        widget=LongSelect, help_text="Handoffs are at this wall time all year, also when the clocks change."
    )
    description = forms.CharField(required=False, widget=forms.Textarea({"rows": 2}))
    tells_gaps = forms.BooleanField(
        required=False,
        initial=True,
        label="Tell two weeks ahead when nobody is on call",
        help_text="The leads of the team are told, once a gap. Leave it out where gaps are meant.",
    )

    def __init__(self, data: Data = None, *, initial: Initial = None, teams: QuerySet[Team]) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = choices(self.initial.get("time_zone", ""))  # type: ignore[attr-defined]


class LayerForm(forms.Form):
    name = forms.CharField(max_length=60)
    every = forms.IntegerField(min_value=1, max_value=1000, label="Hand over every")
    unit = forms.ChoiceField(choices=_UNITS, label="Unit")
    starts_on = forms.DateField(
        label="First turn begins on", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"), validators=SANE_DAY
    )
    handoff_at = forms.TimeField(label="Hand over at", widget=forms.TimeInput({"type": "time"}, "%H:%M"))
    only = forms.CharField(
        max_length=200,
        required=False,
        label="Only at these hours",
        help_text="Such as Mon–Fri 09:00–17:00, Sat 10:00–12:00. Empty: always.",
    )
    is_shadow = forms.BooleanField(required=False, label="Shadow: they are told, and are never responsible")
    until = forms.DateTimeField(required=False, widget=forms.HiddenInput)  # set by the API; kept as it is

    def clean_only(self) -> tuple[Restriction, ...]:
        try:
            return hours.read(self.cleaned_data["only"])
        except hours.Unclear as error:
            raise forms.ValidationError(str(error)) from error

    def clean_handoff_at(self) -> time:
        at: time = self.cleaned_data["handoff_at"]
        return at.replace(second=0, microsecond=0)


class TurnForm(forms.Form):
    user = forms.ChoiceField(required=False)
    together = forms.BooleanField(required=False, label="with the one above")

    def __init__(
        self, data: Data = None, *, initial: Initial = None, prefix: str, people: list[tuple[str, str]]
    ) -> None:
        super().__init__(data, initial=dict(initial or {}), prefix=prefix)
        self.fields["user"].choices = [("", "Nobody"), *people]  # type: ignore[attr-defined]


class OverrideForm(forms.Form):
    user = forms.ModelChoiceField(User.objects.none(), label="Who is on call", empty_label="Choose somebody")
    change = forms.ChoiceField(
        label="How",
        choices=[(Change.REPLACE, "Takes over"), (Change.ADD, "Joins whoever is on call")],
        initial=Change.REPLACE,
    )
    instead_of = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        label="Instead of",
        empty_label="Everybody who is on call then",
        help_text="Only where that person really is on call then.",
    )
    starts_at = forms.DateTimeField(label="From", widget=_moment(), validators=SANE_TIME)
    ends_at = forms.DateTimeField(label="Until", widget=_moment(), validators=SANE_TIME)
    note = forms.CharField(max_length=200, required=False, help_text="Such as “dentist”. Everybody can read it.")

    def __init__(self, data: Data = None, *, initial: Initial = None, people: QuerySet[User]) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields["user"].queryset = people  # type: ignore[attr-defined]
        self.fields["instead_of"].queryset = people  # type: ignore[attr-defined]


class CalendarForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="Of the layer, such as “Night agency”.")
    url = forms.CharField(
        max_length=2000,
        required=False,
        label="Address (iCal)",
        help_text="Read now and every quarter of an hour. It is kept as a secret.",
    )
    file = forms.FileField(required=False, label="Or a file", help_text="An .ics file; it is read as it is.")
    text = forms.CharField(required=False, label="Or its text", widget=forms.Textarea({"rows": 4}))
    is_above = forms.BooleanField(
        required=False, initial=True, label="It counts before the layers; else only where they have nobody"
    )

    def clean_file(self) -> str:
        given = self.cleaned_data["file"]
        return given.read(LARGEST + 1).decode("utf-8", errors="replace") if given else ""

    def given(self) -> dict[str, Any]:
        typed = self.cleaned_data
        text = typed["file"] or typed["text"]
        return {"name": typed["name"], "url": typed["url"], "text": text, "is_above": typed["is_above"]}


class ReplacementForm(forms.Form):
    """One rotation; several layers come by the API."""

    name = forms.CharField(max_length=60, help_text="Such as “Holidays”.")
    starts_at = forms.DateTimeField(label="From", widget=_moment(), validators=SANE_TIME)
    ends_at = forms.DateTimeField(label="Until", widget=_moment(), validators=SANE_TIME)
    every = forms.IntegerField(min_value=1, max_value=1000, initial=1, label="Hand over every")
    unit = forms.ChoiceField(choices=_UNITS, initial="day", label="Unit")
    handoff_at = forms.TimeField(
        label="Hand over at", initial="09:00", widget=forms.TimeInput({"type": "time"}, "%H:%M")
    )
    first = forms.ChoiceField(label="First turn")
    second = forms.ChoiceField(required=False, label="Second")
    third = forms.ChoiceField(required=False, label="Third")
    fourth = forms.ChoiceField(required=False, label="Fourth")

    def __init__(self, data: Data = None, *, initial: Initial = None, people: list[tuple[str, str]], zone: str) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.zone = zone
        for name in _TURNS:
            self.fields[name].choices = [("", "Nobody"), *people]  # type: ignore[attr-defined]

    def specs(self) -> list[Layer]:
        """The first turn begins with the replacement: at the handoff before it."""
        typed = self.cleaned_data
        begins = typed["starts_at"].astimezone(zone_of(self.zone))
        day = begins.date() if begins.time() >= typed["handoff_at"] else begins.date() - timedelta(days=1)
        return [
            Layer(
                name="Rotation",
                unit=Unit(typed["unit"]),
                every=typed["every"],
                starts_on=day,
                handoff_at=typed["handoff_at"],
                slots=tuple((int(typed[name]),) for name in _TURNS if typed[name]),
            )
        ]


_TURNS = ("first", "second", "third", "fourth")


def person_choices(people: Iterable[User]) -> list[tuple[str, str]]:
    return [(str(person.pk), person.name) for person in people]

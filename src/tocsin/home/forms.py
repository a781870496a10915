"""What is typed in the first run."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet

from tocsin.channels.registry import CHANNELS
from tocsin.people.models import User
from tocsin.people.zones import choices
from tocsin.sources.registry import BY_HAND
from tocsin.ui.choosing import LongSelect

Data = Mapping[str, Any] | None  # what was posted


class OwnerForm(forms.Form):
    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput({"autocomplete": "username"}))
    password = forms.CharField(
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="At least ten characters. A sentence is easier to keep than a riddle.",
    )
    time_zone = forms.ChoiceField(
        choices=choices, initial="UTC", widget=LongSelect({"data-zone": ""}), help_text="Times are shown in it."
    )


class TeamForm(forms.Form):
    name = forms.CharField(label="Name of the team", max_length=80, initial="Platform")
    people = forms.CharField(
        label="Who else is in it",
        required=False,
        widget=forms.Textarea({"rows": 4, "placeholder": "Grace Hopper <grace@example.org>\nlinus@example.org"}),
        help_text="One person a line: a name with an address, or an address alone. Each gets an invitation. "
        "You are in the team already.",
    )


class ReachForm(forms.Form):
    kind = forms.ChoiceField(label="By", choices=lambda: [(c.kind, c.label) for c in CHANNELS.values() if c.is_offered])
    address = forms.CharField(
        max_length=500,
        help_text="An e-mail address; an ntfy topic such as https://ntfy.sh/long-random-name; "
        "or the address of a webhook.",
    )


class RotationForm(forms.Form):
    name = forms.CharField(label="Name of the schedule", max_length=80)
    time_zone = forms.ChoiceField(
        widget=LongSelect, choices=choices, help_text="Handoff is on Mondays at 09:00 on the clocks there."
    )
    people = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label="Who takes turns, a week each",
        widget=forms.CheckboxSelectMultiple,
        help_text="With at least two, nobody is on call alone.",
    )

    def __init__(self, data: Data, *, initial: dict[str, object], people: QuerySet[User]) -> None:
        super().__init__(data, initial=initial)
        self.fields["people"].queryset = people  # type: ignore[attr-defined]


class ServiceForm(forms.Form):
    name = forms.CharField(
        label="What can break", max_length=80, help_text="A service, such as “Checkout” or “Website”."
    )
    kind = forms.ChoiceField(
        label="Who watches it",
        widget=forms.RadioSelect,
        choices=lambda: [(s.kind, f"{s.label}: {s.about}") for s in BY_HAND.values() if s.tells == "alert"],
    )

"""What people type about a team's terms."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from tocsin.care.actions import FIELDS
from tocsin.care.models import Terms
from tocsin.people import countries
from tocsin.people.zones import choices
from tocsin.ui.choosing import LongSelect


def _time() -> forms.TimeInput:
    return forms.TimeInput({"type": "time"}, format="%H:%M")


def _rate(label: str) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=Decimal(0), max_digits=8, decimal_places=2)


class TermsForm(forms.Form):
    time_zone = forms.ChoiceField(widget=LongSelect, help_text="Months and quarters begin at midnight in it.")
    country = forms.ChoiceField(
        required=False, label="Public holidays", help_text="For people whose profile names no country."
    )
    works_from = forms.TimeField(label="Working hours from", help_text="On each person’s own wall.", widget=_time())
    works_until = forms.TimeField(label="Working hours until", help_text="Not later: there are none.", widget=_time())
    currency = forms.CharField(max_length=3, min_length=3)
    working = _rate("An hour in working hours")
    off_hours = _rate("An hour off-hours")
    weekend = _rate("An hour on a weekend")
    holiday = _rate("An hour on a public holiday")
    minutes_a_wake_up = forms.IntegerField(label="Time off for each wake-up, in minutes", min_value=0, max_value=1440)

    def __init__(self, data: Mapping[str, Any] | None = None, *, terms: Terms) -> None:
        super().__init__(data, initial={name: getattr(terms, name) for name in FIELDS})
        self.fields["time_zone"].choices = choices(terms.time_zone)  # type: ignore[attr-defined]
        self.fields["country"].choices = [("", "none"), *countries.choices()]  # type: ignore[attr-defined]

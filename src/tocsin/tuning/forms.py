"""What people type about rules. What matchers may say is asked by the actions."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet

from tocsin.core.rotation import Restriction
from tocsin.core.signals import Urgency
from tocsin.people import zones
from tocsin.policies.models import EscalationPolicy
from tocsin.rules.models import Inhibition, Maintenance, Route, Silence, UrgencyRule
from tocsin.schedules import hours
from tocsin.services.models import Service
from tocsin.ui.choosing import LongSelect
from tocsin.ui.days import SANE_TIME

Data = Mapping[str, Any] | None
_LOCAL = "%Y-%m-%dT%H:%M"
_EXAMPLE = 'Such as service="checkout", alertname=~"Disk.*". A comma is “and”.'
_URGENCIES = [(u.value, u.value.capitalize()) for u in Urgency]
_DURATIONS = [
    ("30", "30 minutes"), ("60", "1 hour"), ("120", "2 hours"), ("240", "4 hours"), ("480", "8 hours"),
    ("1440", "1 day"), ("4320", "3 days"), ("10080", "1 week"), ("", "Until the time below"),
]  # fmt: skip
_DAY = 24 * 60


def _matchers(*, required: bool = True, label: str = "Matchers", hint: str = _EXAMPLE) -> forms.CharField:
    area = forms.Textarea({"rows": 2, "class": "mono", "spellcheck": "false", "autocapitalize": "none"})
    return forms.CharField(required=required, max_length=10_000, widget=area, label=label, help_text=hint)


def _moment(label: str, hint: str = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, _LOCAL)
    return forms.DateTimeField(required=False, label=label, help_text=hint, widget=widget, validators=SANE_TIME)


def _zone() -> forms.ChoiceField:
    return forms.ChoiceField(label="On the clocks of", choices=zones.choices, widget=LongSelect)


class SilenceForm(forms.Form):
    matchers = _matchers(label="Which alerts")
    reason = forms.CharField(
        max_length=2000, label="Why", help_text="Whoever is on call next reads it: what is known, who is on it."
    )
    duration = forms.ChoiceField(required=False, choices=_DURATIONS, initial="120", label="For how long")
    starts_at = _moment("From", "Left empty: from now on.")
    ends_at = _moment("Until", "Instead of a length of time.")

    def __init__(self, data: Data, *, initial: Mapping[str, object] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))

    def clean(self) -> None:
        typed = self.cleaned_data
        if not typed.get("duration") and not typed.get("ends_at") and "ends_at" not in self.errors:
            self.add_error("ends_at", "Say how long, or until when.")

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        typed = self.cleaned_data
        starts: datetime = typed["starts_at"] or now
        minutes = typed["duration"]
        return starts, starts + timedelta(minutes=int(minutes)) if minutes else typed["ends_at"]


def silence_initial(row: Silence) -> dict[str, object]:
    names = ("matchers", "reason", "starts_at", "ends_at")
    return {**{name: getattr(row, name) for name in names}, "duration": ""}


def _span_of(text: str) -> Restriction | None:
    """“Mon–Fri 09:00–17:00”; None when nothing was typed."""
    try:
        found = hours.read(text)
    except hours.Unclear as error:
        raise forms.ValidationError(str(error)) from error
    if len(found) > 1:
        raise forms.ValidationError("One span of hours only. Make another rule for the others.")
    return found[0] if found else None


class MaintenanceForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="What is done, such as “Database upgrade”.")
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Services"
    )
    matchers = _matchers(required=False, label="Only alerts that match", hint=_EXAMPLE + " Left empty: all of them.")
    starts_at = _moment("From", "A weekly one: not before.")
    ends_at = _moment("Until", "A weekly one: not after; left empty, it comes again and again.")
    weekly = forms.CharField(
        required=False, max_length=80, label="Every week at", help_text="Such as Sun 02:00–04:00. Left empty: once."
    )
    zone = _zone()

    def __init__(self, data: Data, *, services: QuerySet[Service], initial: Mapping[str, object]) -> None:
        super().__init__(data, initial=dict(initial))
        self.fields["services"].queryset = services  # type: ignore[attr-defined]

    def clean_weekly(self) -> Restriction | None:
        return _span_of(self.cleaned_data["weekly"])

    def fields_of(self) -> dict[str, Any]:
        typed = dict(self.cleaned_data)
        span = typed.pop("weekly")
        typed |= {"weekdays": [], "opens": None, "minutes": 0}
        if span is not None:
            minutes = _minutes(span.starts, span.ends)
            typed |= {"weekdays": sorted(span.weekdays), "opens": span.starts, "minutes": minutes}
        return typed


def maintenance_initial(row: Maintenance) -> dict[str, object]:
    names = ("name", "matchers", "starts_at", "ends_at", "zone")
    known = {name: getattr(row, name) for name in names}
    return {**known, "services": [s.pk for s in row.services.all()], "weekly": weekly_words(row)}


def weekly_words(row: Maintenance) -> str:
    """Empty for one that is there once."""
    if not row.weekdays or row.opens is None:
        return ""
    at = (row.opens.hour * 60 + row.opens.minute + row.minutes) % _DAY
    ends = time(at // 60, at % 60)
    return hours.write([Restriction(weekdays=frozenset(row.weekdays), starts=row.opens, ends=ends)])


class InhibitionForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="Such as “A dead host explains its services”.")
    source = _matchers(label="While such an alert is open")
    target = _matchers(label="these page nobody")
    equal = forms.CharField(
        required=False, max_length=500, label="if they are alike in", help_text="Labels, such as: instance, cluster."
    )
    is_enabled = forms.BooleanField(required=False, initial=True, label="Switched on")

    def __init__(self, data: Data, *, initial: Mapping[str, object]) -> None:
        super().__init__(data, initial=dict(initial))

    def clean_equal(self) -> list[str]:
        return [part.strip() for part in self.cleaned_data["equal"].split(",") if part.strip()]


def inhibition_initial(row: Inhibition) -> dict[str, object]:
    names = ("name", "source", "target", "is_enabled")
    return {**{name: getattr(row, name) for name in names}, "equal": ", ".join(row.equal)}


class RouteForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="Such as “Databases”.")
    matchers = _matchers(required=False, label="For alerts that match", hint=_EXAMPLE + " Left empty: all.")
    parent = forms.ModelChoiceField(Route.objects.none(), required=False, empty_label="On top", label="Inside")
    service = forms.ModelChoiceField(
        Service.objects.none(), required=False, empty_label="As it comes", label="They are alerts of"
    )
    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.none(), required=False, empty_label="The service's own", label="and page by"
    )
    urgency = forms.ChoiceField(
        required=False, choices=[("", "By the urgency rules"), *_URGENCIES], label="with urgency"
    )
    goes_on = forms.BooleanField(
        required=False, label="Go on", help_text="Routes after this one may say what this one leaves open."
    )

    def __init__(self, data: Data, *, initial: Mapping[str, object], **rows: QuerySet[Any]) -> None:
        super().__init__(data, initial=dict(initial))
        for name, choices in rows.items():
            self.fields[name].queryset = choices  # type: ignore[attr-defined]


def route_initial(row: Route) -> dict[str, object]:
    names = ("name", "matchers", "goes_on", "urgency", "parent", "service", "policy")
    return {name: getattr(row, name) for name in names}


class UrgencyRuleForm(forms.Form):
    name = forms.CharField(max_length=120, help_text="Such as “Staging can wait”.")
    matchers = _matchers(required=False, label="Alerts that match", hint=_EXAMPLE + " Left empty: all.")
    urgency = forms.ChoiceField(choices=_URGENCIES, label="have the urgency")
    hours = forms.CharField(
        required=False, max_length=80, label="but only at", help_text="Such as Mon–Fri 09:00–17:00. Left empty: always."
    )
    zone = _zone()
    otherwise = forms.ChoiceField(
        required=False, choices=[("", "As the next rule says"), *_URGENCIES], label="and at other times"
    )

    def __init__(self, data: Data, *, initial: Mapping[str, object]) -> None:
        super().__init__(data, initial=dict(initial))

    def clean_hours(self) -> Restriction | None:
        return _span_of(self.cleaned_data["hours"])

    def fields_of(self) -> dict[str, Any]:
        """Everything, so that what was taken out of a rule is gone."""
        typed = dict(self.cleaned_data)
        span, otherwise = typed.pop("hours"), typed.pop("otherwise")
        typed |= {"urgency": Urgency(typed["urgency"]), "otherwise": Urgency(otherwise) if otherwise else None}
        typed |= {"weekdays": sorted(span.weekdays) if span else [], "starts": None, "ends": None}
        if span is not None and span.starts != span.ends:  # else it is whole days
            typed |= {"starts": span.starts, "ends": span.ends}
        return typed


def urgency_initial(row: UrgencyRule) -> dict[str, object]:
    names = ("name", "matchers", "urgency", "otherwise", "zone")
    return {**{name: getattr(row, name) for name in names}, "hours": hours_words(row)}


def hours_words(row: UrgencyRule) -> str:
    """Empty for one that holds always."""
    if row.starts is None and not row.weekdays:
        return ""
    days, midnight = frozenset(row.weekdays) or frozenset(range(7)), time(0)
    span = Restriction(weekdays=days, starts=row.starts or midnight, ends=row.ends or midnight)
    return hours.write([span])


class TryForm(forms.Form):
    """A message's labels, one a line, or a message that came in, to see where it would go."""

    labels = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea({"rows": 4, "class": "mono", "spellcheck": "false"}),
        help_text="One a line, such as alertname=DiskFull.",
    )
    receipt = forms.UUIDField(
        required=False,
        label="or the number of a message",
        help_text="Its receipt: on its page, and in the answer to it.",
    )

    def clean_labels(self) -> dict[str, str]:
        lines = [line.partition("=") for line in self.cleaned_data["labels"].splitlines() if line.strip()]
        return {name.strip(): value.strip().strip('"') for name, _, value in lines}


def _minutes(starts: time, ends: time) -> int:
    found = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute
    return found if found > 0 else found + _DAY

"""What people fill in about checks. Rules of the config are `validating`'s own."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms

from tocsin.checks.configs import DNS, HEARTBEAT, HTTP, KINDS, TCP, TLS, Rhythm
from tocsin.checks.kinds.records import TYPES
from tocsin.checks.models import Check
from tocsin.checks.validating import METHODS
from tocsin.core.permissions import Actor
from tocsin.core.signals import Severity
from tocsin.people import zones
from tocsin.services import queries as services
from tocsin.services.models import Integration, Service
from tocsin.ui.choosing import LongSelect

Data = Mapping[str, Any] | None
_UNITS = {"d": 86_400, "h": 3600, "min": 60, "s": 1}
_SPAN = re.compile(r"\s*(\d+)\s*(d|h|min|m|s)\w*\s*,?")
_SEVERITIES = [
    (Severity.CRITICAL, "Critical: pages now"),
    (Severity.ERROR, "Error: pages now"),
    (Severity.WARNING, "Warning: pages by the low-urgency rules"),
    (Severity.INFO, "Info: is only recorded"),
]
_STATES = [
    ("", "any"), ("down", "Down"), ("blocked", "Cannot run"), ("late", "Late"), ("failing", "Failing"),
    ("new", "Waiting"), ("up", "Up"), ("paused", "Paused"),
]  # fmt: skip


def span_text(seconds: int) -> str:
    """Exactly, in the units that people write: “1 d 6 h”."""
    said = []
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        if count:
            said.append(f"{count} {unit}")
    return " ".join(said) or "0 s"


class SpanField(forms.CharField):
    """A length of time as people write it, in seconds: “10 min”, “1 d 6 h”, “90 s”."""

    def prepare_value(self, value: object) -> object:
        return span_text(value) if isinstance(value, int) else value

    def clean(self, value: object) -> int:
        text = str(super().clean(value))
        found = [(int(number), unit) for number, unit in _SPAN.findall(text)]
        if not text or _SPAN.sub("", text).strip() or not found:
            raise forms.ValidationError("Write a number and a unit: 30 s, 10 min, 2 h, 1 d.")
        return sum(number * _UNITS["min" if unit == "m" else unit] for number, unit in found)


class WordsField(forms.CharField):
    """Words apart by commas or lines, as a list."""

    def prepare_value(self, value: object) -> object:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: object) -> list[str]:
        return [word.strip() for word in re.split(r"[,\n]", str(super().clean(value))) if word.strip()]


class FilterForm(forms.Form):
    search = forms.CharField(required=False, max_length=200, label="Words", widget=forms.TextInput({"type": "search"}))
    state = forms.ChoiceField(required=False, choices=_STATES)
    kind = forms.ChoiceField(required=False, choices=[("", "any"), *((k, known.label) for k, known in KINDS.items())])
    service = forms.SlugField(required=False, widget=forms.HiddenInput)


class CheckForm(forms.Form):
    """What all checks have."""

    kind = HEARTBEAT
    config_fields: tuple[str, ...] = ()
    service = forms.ModelChoiceField(
        queryset=Service.objects.none(),
        to_field_name="slug",
        empty_label="Choose a service",
        help_text="Its alert is this service's, and pages by its escalation policy.",
    )
    name = forms.CharField(max_length=255)
    severity = forms.ChoiceField(choices=_SEVERITIES, initial=Severity.CRITICAL)
    note = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
        label="What to do when it is down",
        help_text="Stands in its alert, for whoever is woken.",
    )

    def __init__(self, actor: Actor, data: Data = None, row: Check | None = None, service: str = "") -> None:
        own = {"name": row.name, "severity": row.severity, "note": row.note} if row else {"service": service}
        super().__init__(data, initial={**(row.config if row else {}), **own})
        if row:
            del self.fields["service"]
        else:
            self.fields["service"].queryset = services.services(actor)  # type: ignore[attr-defined]

    def config(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.config_fields}

    def own(self) -> dict[str, Any]:
        names = ("service", "name", "severity", "note", "integration")
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class HeartbeatForm(CheckForm):
    kind = HEARTBEAT
    config_fields = ("rhythm", "period", "expression", "time_zone", "grace", "longest_run")
    rhythm = forms.ChoiceField(
        label="Expected",
        widget=forms.RadioSelect,
        initial=Rhythm.EVERY,
        choices=[
            (Rhythm.EVERY, "At least every so often, counted from the last success"),
            (Rhythm.CRON, "At the times of a cron expression"),
        ],
    )
    period = SpanField(label="Every", initial=86_400, help_text="Such as 10 min, 2 h or 1 d.")
    expression = forms.CharField(
        required=False,
        max_length=200,
        label="Cron expression",
        widget=forms.TextInput({"class": "mono", "placeholder": "0 3 * * *"}),
        help_text="As in the crontab: minute, hour, day, month, weekday.",
    )
    time_zone = forms.ChoiceField(widget=LongSelect, initial="UTC", help_text="In which the job's clock runs.")
    grace = SpanField(
        label="Grace", initial=1800, help_text="So long after the expected time it is late, and not down."
    )
    longest_run = SpanField(
        label="Longest run",
        initial=3600,
        help_text="So long after a start its end may take. Without starts it does nothing.",
    )
    integration = forms.ModelChoiceField(
        queryset=Integration.objects.none(),
        required=False,
        label="Pinged through",
        empty_label="An address of its own",
        help_text="Heartbeats of an Opsgenie integration are pinged by their names.",
    )

    def __init__(self, actor: Actor, data: Data = None, row: Check | None = None, service: str = "") -> None:
        super().__init__(actor, data, row, service)
        self.fields["time_zone"].choices = zones.choices(self.initial.get("time_zone", ""))  # type: ignore[attr-defined]
        ways = services.integrations(actor).filter(kind="opsgenie")
        if row or not ways.exists():
            del self.fields["integration"]
        else:
            self.fields["integration"].queryset = ways  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        way: Integration | None = cleaned.get("integration")
        if way is not None and way.service != cleaned.get("service"):
            self.add_error("integration", "This integration belongs to another service.")
        return cleaned


class ProbeForm(CheckForm):
    common = ("interval", "timeout", "retries", "recoveries", "regions", "regions_down")
    interval = SpanField(label="Look every", initial=60)
    timeout = forms.IntegerField(min_value=1, max_value=60, initial=10, label="Time limit (seconds)")
    retries = forms.IntegerField(
        min_value=0, max_value=20, initial=2, label="Retries", help_text="So many failures in a row are let pass."
    )
    recoveries = forms.IntegerField(
        min_value=1, max_value=20, initial=1, label="Successes to be up again", help_text="In a row."
    )
    regions = WordsField(
        required=False,
        max_length=1000,
        help_text="As TOCSIN_REGION names them, apart by commas. Left empty, any node looks.",
    )
    regions_down = forms.IntegerField(min_value=1, max_value=20, initial=1, label="Regions in which it must be down")

    def config(self) -> dict[str, Any]:
        return super().config() | {name: self.cleaned_data[name] for name in self.common}


class HttpForm(ProbeForm):
    kind = HTTP
    config_fields = (
        "url", "method", "body", "status", "contains", "lacks", "expression", "equals", "max_ms", "follow", "verify",
    )  # fmt: skip
    url = forms.URLField(max_length=2000, label="Address", assume_scheme="https")
    method = forms.ChoiceField(choices=[(m, m) for m in METHODS])
    headers = forms.CharField(
        required=False,
        max_length=8000,
        widget=forms.Textarea({"rows": 3, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text="One a line: “Authorization: Bearer …”. Sealed, never shown again, sent to this host only.",
    )
    forget_headers = forms.BooleanField(required=False, label="Send none of the headers that are kept")
    body = forms.CharField(required=False, max_length=2000, widget=forms.Textarea({"rows": 3, "class": "mono"}))
    status = forms.CharField(max_length=100, initial="200-299", label="Expected status", help_text="200-299, 404")
    contains = forms.CharField(required=False, max_length=2000, label="Answer contains", strip=False)
    lacks = forms.CharField(required=False, max_length=2000, label="Answer does not contain", strip=False)
    expression = forms.CharField(
        required=False,
        max_length=500,
        label="JMESPath expression",
        widget=forms.TextInput({"class": "mono", "placeholder": "status"}),
        help_text="Over a JSON answer. What it finds must be true, or equal to the next field.",
    )
    equals = forms.CharField(required=False, max_length=500, label="Is equal to")
    max_ms = forms.IntegerField(
        min_value=0, max_value=60_000, initial=0, label="Longest answer (ms)", help_text="0: the time limit alone."
    )
    follow = forms.BooleanField(required=False, initial=True, label="Follow redirects")
    verify = forms.BooleanField(required=False, initial=True, label="Check the certificate")

    def __init__(self, actor: Actor, data: Data = None, row: Check | None = None, service: str = "") -> None:
        super().__init__(actor, data, row, service)
        if row and row.headers:
            self.fields["headers"].help_text = "Some are kept. Left empty, they stay as they are."
        else:
            del self.fields["forget_headers"]


class TcpForm(ProbeForm):
    kind = TCP
    config_fields = ("host", "port", "send", "expect")
    host = forms.CharField(max_length=253, help_text="A name or an address.")
    port = forms.IntegerField(min_value=1, max_value=65_535)
    send = forms.CharField(
        required=False, max_length=2000, strip=False, widget=forms.TextInput({"class": "mono"}), help_text=r"PING\r\n"
    )
    expect = forms.CharField(
        required=False, max_length=2000, widget=forms.TextInput({"class": "mono"}), label="Expect in the answer"
    )


class DnsForm(ProbeForm):
    kind = DNS
    config_fields = ("host", "type", "expected", "resolver")
    host = forms.CharField(max_length=253, label="Name to look up", help_text="shop.example.org")
    type = forms.ChoiceField(choices=[(t, t) for t in TYPES])
    expected = WordsField(
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3, "class": "mono"}),
        label="Expected values",
        help_text="Each must be in the answer. Apart by commas or lines; left empty, any answer will do.",
    )
    resolver = forms.CharField(
        required=False, max_length=60, help_text="Such as 9.9.9.9 or 9.9.9.9:53. Left empty, this machine's own."
    )


class TlsForm(ProbeForm):
    kind = TLS
    config_fields = ("host", "port", "days", "verify")
    host = forms.CharField(max_length=253, help_text="shop.example.org")
    port = forms.IntegerField(min_value=1, max_value=65_535, initial=443)
    days = forms.IntegerField(min_value=0, max_value=365, initial=14, label="Days that must be left")
    verify = forms.BooleanField(required=False, initial=True, label="Check the chain and the name too")


FORMS: Mapping[str, type[CheckForm]] = {
    form.kind: form for form in (HeartbeatForm, HttpForm, TcpForm, DnsForm, TlsForm)
}

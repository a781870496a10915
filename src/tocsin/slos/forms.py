"""What people fill in about SLOs. Whether queries can be used, the actions say."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from tocsin.core.slo import HIGHEST_OBJECTIVE, LONGEST_WINDOW, LOWEST_OBJECTIVE, SHORTEST_WINDOW, Kind, plain
from tocsin.services.models import Service
from tocsin.slos.actions import FIELDS
from tocsin.slos.models import Objective, Server

Data = QueryDict | None
_KINDS = [
    (Kind.ERRORS, "Bad events and all events"),
    (Kind.GOOD, "Good events and all events"),
    (Kind.LATENCY, "A histogram: quick enough, or not"),
]


def _query(label: str, hint: str) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"})
    return forms.CharField(required=False, max_length=2000, widget=area, label=label, help_text=hint)


class SloForm(forms.Form):
    service = forms.ModelChoiceField(queryset=Service.objects.none(), empty_label="Choose a service")
    name = forms.CharField(max_length=80, help_text="What is promised: “availability”, “orders within 300 ms”.")
    description = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    objective = forms.DecimalField(
        min_value=LOWEST_OBJECTIVE,
        max_value=HIGHEST_OBJECTIVE,
        max_digits=6,
        decimal_places=3,
        initial="99.9",
        label="Objective (percent)",
        help_text="How much of it must be good.",
    )
    window_days = forms.IntegerField(
        min_value=SHORTEST_WINDOW,
        max_value=LONGEST_WINDOW,
        initial=30,
        label="Window (days)",
        help_text="Rolling. Prometheus must keep its data for at least as long.",
    )
    kind = forms.ChoiceField(choices=_KINDS, initial=Kind.ERRORS, widget=forms.RadioSelect, label="How it is measured")
    part = _query(
        "Bad events, or good ones", 'For example sum(rate(http_requests_total{job="shop",code=~"5.."}[$window]))'
    )
    total = _query("All events", 'For example sum(rate(http_requests_total{job="shop"}[$window]))')
    histogram = forms.CharField(required=False, max_length=200, help_text="Its name without _bucket.")
    selector = forms.CharField(required=False, max_length=500, label="Labels", help_text='For example job="shop"')
    threshold = forms.CharField(
        required=False,
        max_length=20,
        label="Quick enough",
        help_text="The limit of a bucket, as its le label says: 0.3",
    )
    least_requests = forms.IntegerField(
        min_value=0,
        max_value=1_000_000_000,
        initial=0,
        label="Only with so many requests",
        help_text="With fewer in its long window an alert stays silent: one failure of three is no outage. 0: always.",
    )

    def __init__(self, services: QuerySet[Service], data: Data, initial: Mapping[str, object]) -> None:
        super().__init__(data, initial=dict(initial))
        self.fields["service"].queryset = services  # type: ignore[attr-defined]


class ServerForm(forms.Form):
    url = forms.CharField(max_length=500, label="Address", help_text="For example https://prometheus.example.org")
    user = forms.CharField(
        required=False, max_length=200, help_text="For basic authentication. Empty: the secret is a token."
    )
    secret = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        label="Password or token",
        help_text="Empty keeps the one that is set.",
    )
    forget_secret = forms.BooleanField(required=False, label="Send no secret any more")

    def __init__(self, server: Server | None, data: Data) -> None:
        super().__init__(data, initial={"url": server.url, "user": server.user} if server else {})
        if server is None:
            del self.fields["forget_secret"]

    def given(self) -> dict[str, Any]:
        """An empty secret is none that was typed: it keeps what is there."""
        found = dict(self.cleaned_data)
        is_forgotten = found.pop("forget_secret", False)
        found["secret"] = found["secret"] or ("" if is_forgotten else None)
        return found


def initial_of(row: Objective) -> dict[str, object]:
    return {name: getattr(row, name) for name in FIELDS} | {"objective": plain(row.objective)}

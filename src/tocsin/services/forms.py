"""What people fill in about services and integrations. Rules that need the database are the actions' own."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from tocsin.core.permissions import Actor
from tocsin.people import queries as people
from tocsin.people.models import Team
from tocsin.people.problems import Refused
from tocsin.policies import queries as policies
from tocsin.policies.models import EscalationPolicy
from tocsin.services.actions import signs
from tocsin.services.models import Integration, Service
from tocsin.services.noise import NOISE_FIELDS, NoiseFields
from tocsin.sources.registry import BY_HAND, SOURCES

Data = QueryDict | None
_TIERS = [
    (1, "1: everything stops without it"),
    (2, "2: users notice at once"),
    (3, "3: some users notice"),
    (4, "4: nobody but us notices"),
]
SERVICE_FIELDS = (
    "name",
    "description",
    "team",
    "tier",
    "policy",
    "runbook_url",
    "dashboard_url",
    "logs_url",
    "chat_url",
    "rollback",
    "change_window_minutes",
    *NOISE_FIELDS,
)


class ServiceForm(NoiseFields):
    name = forms.CharField(max_length=80, help_text="What people call it: “checkout”, “login”, “orders database”.")
    policy = forms.ModelChoiceField(
        queryset=EscalationPolicy.objects.none(),
        label="Escalation policy",
        empty_label="Choose a policy",
        help_text="Who is paged for its alerts, and who is next when nobody answers.",
    )
    team = forms.ModelChoiceField(
        queryset=Team.objects.none(), required=False, label="Owner team", empty_label="No team"
    )
    tier = forms.TypedChoiceField(choices=_TIERS, coerce=int, initial=2)
    description = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), label="What it does"
    )
    runbook_url = forms.URLField(required=False, max_length=500, label="Runbook", assume_scheme="https")
    dashboard_url = forms.URLField(required=False, max_length=500, label="Dashboard", assume_scheme="https")
    logs_url = forms.URLField(required=False, max_length=500, label="Logs", assume_scheme="https")
    chat_url = forms.URLField(required=False, max_length=500, label="Chat channel", assume_scheme="https")
    rollback = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="How to roll back",
        help_text="One sentence, with the command. It is on the page of every alert.",
    )

    change_window_minutes = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10_080,
        initial=0,
        label="Look for changes before an alert (minutes)",
        help_text="Those that may have broken it stand on the alert’s page. 0: as long as for all services, 2 hours.",
    )

    def __init__(self, actor: Actor, data: Data, initial: Mapping[str, object] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.choices_of("policy").queryset = policies.policies(actor)
        self.choices_of("team").queryset = people.teams(actor)

    def clean_change_window_minutes(self) -> int:
        return self.cleaned_data["change_window_minutes"] or 0

    def choices_of(self, name: str) -> "forms.ModelChoiceField[Any]":
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        return field


def initial_of(service: Service) -> dict[str, object]:
    return {**{name: getattr(service, name) for name in SERVICE_FIELDS}, "group_by": ", ".join(service.group_by)}


class IntegrationForm(forms.Form):
    service = forms.ModelChoiceField(
        queryset=Service.objects.none(),
        empty_label="Choose a service",
        help_text="Alerts that come in here are this service's, and page by its escalation policy.",
    )
    kind = forms.ChoiceField(label="Where alerts come from", widget=forms.RadioSelect)
    name = forms.CharField(
        max_length=80, required=False, help_text="To tell several apart. Left empty, it is called by its kind."
    )

    def __init__(self, services: QuerySet[Service], data: Data, initial: Mapping[str, object]) -> None:
        super().__init__(data, initial=dict(initial))
        self.fields["service"].queryset = services  # type: ignore[attr-defined]
        self.fields["kind"].choices = [(s.kind, f"{s.label}: {s.about}") for s in BY_HAND.values()]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        source = SOURCES.get(self.cleaned_data.get("kind", ""))
        return name or (source.label if source else "")


class IntegrationChangeForm(forms.Form):
    name = forms.CharField(max_length=80)
    is_enabled = forms.BooleanField(
        required=False,
        label="Switched on",
        help_text="Switched off, it refuses what is sent to it, and the sender sees an error.",
    )
    is_routed = forms.BooleanField(
        required=False,
        label="Routed",
        help_text="The routing tree may make its alerts those of other services. What no route is about stays here.",
    )
    secret = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        label="Signing secret",
        help_text="The secret that the tool signs with. Once it is set, whatever is not signed with it is refused.",
    )
    topics = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
        help_text="The ARN of each SNS topic that it listens to, one a line. Messages of others are refused. While "
        "there is none, the first topic that is subscribed becomes the one.",
    )
    forget_secret = forms.BooleanField(required=False, label="Take messages without a signature again")

    def __init__(self, integration: Integration, data: Data) -> None:
        said = {name: getattr(integration, name) for name in ("name", "is_enabled", "is_routed")}
        said["topics"] = "\n".join(integration.topics)
        super().__init__(data, initial=said)
        if integration.kind != "sns":
            del self.fields["topics"]
        if not signs(integration.kind):
            del self.fields["secret"]
        if not integration.secret:
            del self.fields["forget_secret"]
        elif "secret" in self.fields:
            self.fields["secret"].help_text = "One is set. Leave this empty to keep it."

    def clean_topics(self) -> list[str]:
        found: list[str] = self.cleaned_data["topics"].split()
        return found

    def changes(self) -> dict[str, object]:
        """An empty secret is none that was typed: it keeps what is there."""
        found = dict(self.cleaned_data)
        secret, is_forgotten = found.pop("secret", ""), found.pop("forget_secret", False)
        if secret or is_forgotten:
            found["secret"] = secret
        return found


LONGEST_SAMPLE = 200_000


class MappingForm(forms.Form):
    """The mapping of a source that has one as JSON, and a message to try it on."""

    mapping = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono", "spellcheck": "false"}),
        help_text="A JSON object: the field of an alert, and the expression that finds it in the message. "
        "Left empty, the usual names are understood.",
    )
    sample = forms.CharField(
        required=False,
        max_length=LONGEST_SAMPLE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "mono", "spellcheck": "false"}),
        label="A message to try it on",
        help_text="Paste one as your tool sends it. It is read here only: nothing is opened and nobody is paged.",
    )

    # not checked against what is offered: more has come in since
    stored = forms.CharField(required=False, label="Or one that came in", widget=forms.Select)

    def __init__(
        self, stored: Iterable[tuple[str, str]], data: Data = None, initial: Mapping[str, object] | None = None
    ) -> None:
        """`stored`: receipts of messages, and what they are called."""
        super().__init__(data, initial=dict(initial or {}))
        self.fields["stored"].widget.choices = [("", "–"), *stored]

    def clean_mapping(self) -> dict[str, object]:
        text: str = self.cleaned_data["mapping"].strip()
        if not text:
            return {}
        try:
            read = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error
        if not isinstance(read, dict):
            raise forms.ValidationError("The mapping must be a JSON object: {“field”: “expression”, …}.")
        return read


def mapping_text(integration: Integration) -> str:
    """Where there is none, what that means, if it can be written down."""
    source = SOURCES.get(integration.kind)
    shown = integration.mapping or (source.mapping if source else {})
    return json.dumps(shown, indent=2, ensure_ascii=False) if shown else ""


def refuse(form: forms.Form, refused: Refused) -> None:
    """A rule's no, beside the fields it is about."""
    known = {name: text for name, text in refused.fields.items() if name in form.fields}
    for name, text in known.items():
        form.add_error(name, text)
    if not known:
        form.add_error(None, str(refused))

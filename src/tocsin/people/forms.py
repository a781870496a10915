"""What people type about people."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms

from tocsin.channels.contract import Channel
from tocsin.core.permissions import Actor, Role, Scope, Verb
from tocsin.core.signals import Urgency
from tocsin.people import countries
from tocsin.people.models import ContactMethod, NotificationRule, Team, User
from tocsin.people.wording import delay_in_words
from tocsin.people.zones import choices
from tocsin.ui.choosing import LongSelect

Data = Mapping[str, Any] | None  # what was posted
DELAYS = (0, 60, 120, 180, 300, 600, 900, 1800, 3600)
_ROLES = {
    Role.OBSERVER: "Observer: sees everything, is never paged by a schedule, changes only their own profile",
    Role.RESPONDER: "Responder: is paged, acknowledges, sets up services, schedules and policies",
    Role.ADMIN: "Admin: also manages people, teams and tokens, and reads the audit log",
    Role.OWNER: "Owner: also makes and unmakes owners",
}
_SCOPES = {
    Scope.READ: "Read: see everything that is not a secret",
    Scope.RESPOND: "Respond: acknowledge, resolve, escalate",
    Scope.CONFIGURE: "Configure: services, integrations, schedules, policies",
    Scope.ADMIN: "Admin: everything the person it acts as may do",
}


class AboutForm(forms.Form):
    name = forms.CharField(max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", help_text="You sign in with it.")
    time_zone = forms.ChoiceField(
        widget=LongSelect, help_text="Times are shown in it, and rotations know your nights by it."
    )

    country = forms.ChoiceField(required=False, help_text="Its public holidays count in care and pay reports.")
    quiet_from = forms.TimeField(
        required=False,
        label="Quiet from",
        help_text="Low urgency waits from then.",
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        required=False,
        label="Quiet until",
        help_text="High urgency never waits.",
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )

    def __init__(self, data: Data = None, *, person: User) -> None:
        names = ("name", "email", "time_zone", "country", "quiet_from", "quiet_until")
        super().__init__(data, initial={name: getattr(person, name) for name in names})
        self.fields["time_zone"].choices = choices(person.time_zone)  # type: ignore[attr-defined]
        self.fields["country"].choices = [("", "the team’s"), *countries.choices()]  # type: ignore[attr-defined]


class MethodForm(forms.Form):
    address = forms.CharField(max_length=500)
    label = forms.CharField(
        max_length=60, required=False, label="Name", help_text="What it is called in your rules, such as “Work phone”."
    )
    secret = forms.CharField(max_length=500, required=False)

    def __init__(self, data: Data = None, *, channel: Channel) -> None:
        super().__init__(data)
        self.fields["address"].label = channel.address_label
        self.fields["address"].widget.attrs["placeholder"] = channel.placeholder
        if not channel.has_secret:
            del self.fields["secret"]
        elif channel.kind == "webhook":
            self.fields["secret"].label = "Signing secret"
            self.fields["secret"].help_text = "Each message is signed with it. Leave it empty and Tocsin makes one."
        else:
            self.fields["secret"].label = "Access token"
            self.fields["secret"].help_text = "Only if the server asks for one."


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=20,
        label="Code",
        help_text="Six digits; they hold for ten minutes.",
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}),
    )


class RulesForm(forms.Form):
    """For each urgency and each verified method: when, or never."""

    def __init__(
        self,
        data: Data = None,
        *,
        methods: Iterable[ContactMethod],
        rules: Mapping[Urgency, list[NotificationRule]],
    ) -> None:
        super().__init__(data)
        self.methods = list(methods)
        for urgency in (Urgency.HIGH, Urgency.LOW):
            delays = {rule.method_id: rule.delay_seconds for rule in rules[urgency]}
            for method in self.methods:
                # without any rule every method is used at once
                self._add(urgency, method, delays.get(method.pk) if delays else 0)

    def _add(self, urgency: Urgency, method: ContactMethod, delay: int | None) -> None:
        offered = sorted({*DELAYS, delay or 0})
        self.fields[f"{urgency}-{method.pk}"] = forms.ChoiceField(
            choices=[("", "Not used"), *((str(d), delay_in_words(d)) for d in offered)],
            required=False,
            initial="" if delay is None else str(delay),
            label=f"{method.label}, {urgency} urgency",
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        for urgency in (Urgency.HIGH, Urgency.LOW):
            if not self.errors and not self.chosen(urgency):
                self.add_error(None, f"For {urgency} urgency nothing is chosen: nobody could reach you. Choose one.")
        return found

    def chosen(self, urgency: Urgency) -> list[tuple[ContactMethod, int]]:
        texts = ((m, self._text(f"{urgency}-{m.pk}")) for m in self.methods)
        return [(method, int(text)) for method, text in texts if text]

    def rows(self) -> list[tuple[ContactMethod, forms.BoundField, forms.BoundField]]:
        return [(m, self[f"{Urgency.HIGH}-{m.pk}"], self[f"{Urgency.LOW}-{m.pk}"]) for m in self.methods]

    def _text(self, name: str) -> str:
        return str(self.cleaned_data.get(name, "") if self.is_bound else self.fields[name].initial)


class InviteForm(forms.Form):
    people = forms.CharField(
        label="Who",
        help_text="One person a line: an address, or a name and an address. A whole team at once is fine.",
        widget=forms.Textarea(
            {"rows": 6, "placeholder": "Ada Lovelace <ada@example.org>\ngrace@example.org", "spellcheck": "false"}
        ),
    )
    role = forms.ChoiceField(initial=Role.RESPONDER, widget=forms.RadioSelect)
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="No team")

    def __init__(self, data: Data = None, *, actor: Actor, teams: Iterable[Team]) -> None:
        super().__init__(data)
        self.fields["role"].choices = role_choices(actor)  # type: ignore[attr-defined]
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    role = forms.ChoiceField()

    def __init__(self, data: Data = None, *, actor: Actor, person: User) -> None:
        super().__init__(data, initial={"role": person.role})
        self.fields["role"].choices = [(v, t.partition(":")[0]) for v, t in role_choices(actor)]  # type: ignore[attr-defined]


class PasswordForm(forms.Form):
    password = forms.CharField(
        max_length=128,
        strip=False,
        help_text="At least ten characters, and not one that everybody uses.",
        widget=forms.PasswordInput({"autocomplete": "new-password", "autofocus": True}),
    )


class TeamForm(forms.Form):
    name = forms.CharField(max_length=80)
    description = forms.CharField(required=False, widget=forms.Textarea({"rows": 3}))


class TokenForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="What will use it, such as “Terraform” or “status board”.")
    scopes = forms.MultipleChoiceField(
        label="It may", choices=[(s.value, t) for s, t in _SCOPES.items()], widget=forms.CheckboxSelectMultiple
    )
    acts_as = forms.ChoiceField(
        label="Acts as",
        choices=[("me", "Me"), ("tocsin", "Nobody")],
        initial="me",
        help_text="As me it may no more than I, and ends with my account. As nobody it may all that is ticked.",
    )
    days = forms.TypedChoiceField(
        label="Holds for",
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "a year"), (0, "until it is revoked")],
        initial=90,
    )

    def __init__(self, data: Data = None, *, actor: Actor, taken: Iterable[str]) -> None:
        super().__init__(data)
        self.taken = set(taken)
        if not actor.may(Verb.MANAGE_PEOPLE):
            del self.fields["acts_as"]

    def clean_name(self) -> str:
        """One name, one working token: this is also what makes a form that is sent twice harmless."""
        name = str(self.cleaned_data["name"]).strip()
        if name in self.taken:
            raise forms.ValidationError("A working token has this name. Revoke it first, or choose another name.")
        return name

    def expires_at(self, now: datetime) -> datetime | None:
        days: int = self.cleaned_data["days"]
        return now + timedelta(days=days) if days else None


def role_choices(actor: Actor) -> list[tuple[str, str]]:
    """Only an owner makes owners."""
    return [(r.value, text) for r, text in _ROLES.items() if r is not Role.OWNER or actor.may(Verb.OWN)]

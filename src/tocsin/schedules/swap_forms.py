"""What people type about swaps."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django import forms
from django.utils import timezone

from tocsin.core.rota import Segment
from tocsin.people.models import User
from tocsin.schedules.forms import Data
from tocsin.ui.days import SANE_TIME

Span = tuple[datetime, datetime]


class SwapForm(forms.Form):
    starts_at = forms.DateTimeField(widget=forms.HiddenInput, validators=SANE_TIME)
    ends_at = forms.DateTimeField(widget=forms.HiddenInput, validators=SANE_TIME)
    whom = forms.ChoiceField(
        required=False, label="Ask", help_text="Who is asked is told by what their profile says for low urgency."
    )
    back = forms.ChoiceField(
        required=False, label="In exchange", help_text="You take this shift of theirs. Then only they are asked."
    )
    note = forms.CharField(max_length=200, required=False, help_text="Such as “dentist”. Everybody can read it.")

    def __init__(
        self,
        data: Data = None,
        *,
        initial: dict[str, object],
        people: Iterable[User],
        others: Sequence[tuple[User, Segment]],
    ) -> None:
        super().__init__(data, initial=initial)
        self.people = {str(person.pk): person for person in people}
        self.offers = {f"{user.pk} {s.starts_at.timestamp():.0f}": (user, s) for user, s in others}
        whom = [("", "The whole team"), *((pk, person.name) for pk, person in self.people.items())]
        back = [("", "Nothing"), *((key, _words(user, s)) for key, (user, s) in self.offers.items())]
        self.fields["whom"].choices = whom  # type: ignore[attr-defined]
        self.fields["back"].choices = back  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        typed = super().clean() or {}
        whom, back = typed.get("whom"), typed.get("back")
        if whom and back and self.offers[str(back)][0].pk != self.people[str(whom)].pk:
            self.add_error("back", "This is a shift of somebody else. Choose one of whom you ask, or ask nobody else.")
        return typed

    def asked(self) -> User | None:
        typed = self.cleaned_data
        if typed["back"]:
            return self.offers[typed["back"]][0]
        return self.people.get(typed["whom"])

    def span(self) -> Span:
        return self.cleaned_data["starts_at"], self.cleaned_data["ends_at"]

    def back_span(self) -> Span | None:
        if not self.cleaned_data["back"]:
            return None
        segment = self.offers[self.cleaned_data["back"]][1]
        return segment.starts_at, segment.ends_at


def _words(user: User, segment: Segment) -> str:
    low, high = timezone.localtime(segment.starts_at), timezone.localtime(segment.ends_at)
    return f"{user.name}: {low:%a} {low.day} {low:%b %H:%M} → {high:%a} {high.day} {high:%b %H:%M}"

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

Data = Mapping[str, Any] | None  # what was posted
Choices = Iterable[tuple[str, str]]


class NoteForm(forms.Form):
    text = forms.CharField(
        max_length=4000,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "What you see, what you tried, who you told"}),
    )


class SnoozeForm(forms.Form):
    minutes = forms.IntegerField(min_value=1, max_value=7 * 24 * 60)


class ReassignForm(forms.Form):
    to = forms.ChoiceField(label="Give it to")

    def __init__(self, data: Data = None, *, people: Choices, policies: Choices) -> None:
        super().__init__(data)
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("", "Choose"),
            ("People", [(f"person:{pk}", name) for pk, name in people]),
            ("Escalation policies", [(f"policy:{slug}", name) for slug, name in policies]),
        ]


class ResponderForm(forms.Form):
    person = forms.ChoiceField(label="Ask one more")

    def __init__(self, data: Data = None, *, people: Choices) -> None:
        super().__init__(data)
        self.fields["person"].choices = [("", "Choose"), *people]  # type: ignore[attr-defined]

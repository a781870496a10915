"""What people type about handoffs."""

from collections.abc import Mapping
from typing import Any

from django import forms

from tocsin.core.handover import State
from tocsin.handoffs.actions import LONGEST


class FilterForm(forms.Form):
    search = forms.CharField(required=False, max_length=200, label="Words", widget=forms.TextInput({"type": "search"}))
    state = forms.ChoiceField(required=False, choices=[("", "any"), *((s.value, s.name.title()) for s in State)])


class NoteForm(forms.Form):
    body = forms.CharField(
        label="Note",
        max_length=LONGEST,
        help_text="Drafted from what Tocsin knows. Change what you like; five lines suffice.",
        widget=forms.Textarea({"rows": 18}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, body: str = "") -> None:
        super().__init__(data, initial={"body": body})

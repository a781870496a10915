"""What people fill in about a change."""

from typing import Any

from django import forms
from django.http import QueryDict

from tocsin.core.permissions import Actor
from tocsin.services import queries as services
from tocsin.services.models import Service

_STATUSES = (("", "Not said"), ("pending", "Under way"), ("success", "Done"), ("failure", "Failed"))


class ChangeForm(forms.Form):
    summary = forms.CharField(max_length=1024, label="What was changed")
    service = forms.ModelChoiceField(
        queryset=Service.objects.none(), required=False, empty_label="None in particular: it may concern any"
    )
    status = forms.ChoiceField(choices=_STATUSES, required=False)
    environment = forms.CharField(max_length=80, required=False)
    version = forms.CharField(max_length=255, required=False)
    rollback = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="How to go back",
        help_text="One sentence, with the command in backticks. It stands on top of an alert that comes soon after.",
    )

    def __init__(self, actor: Actor, data: QueryDict | None) -> None:
        super().__init__(data)
        field: Any = self.fields["service"]
        field.queryset = services.services(actor)

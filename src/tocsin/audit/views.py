"""The audit log: who changed what, when, from what to what."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tocsin.audit import queries
from tocsin.audit.diffs import JSON
from tocsin.audit.models import Record
from tocsin.core.permissions import Actor
from tocsin.rest import actor as actor_of
from tocsin.ui.days import SANE_DAY
from tocsin.ui.pages import paginate

_OF_ONESELF = {"signed in", "signed out elsewhere"}  # whom it is about need not be said twice


class FilterForm(forms.Form):
    search = forms.CharField(required=False, label="Who or what", widget=forms.TextInput({"type": "search"}))
    verb = forms.ChoiceField(required=False, label="Action")
    object_kind = forms.ChoiceField(required=False, label="Kind")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}), validators=SANE_DAY)
    until = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}), validators=SANE_DAY)

    def offer(self, actor: Actor) -> None:
        offers = {"verb": queries.verbs(actor), "object_kind": queries.kinds(actor)}
        for name, values in offers.items():
            self.fields[name].choices = [("", "any"), *((v, v) for v in values)]  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field of a record; empty where there is no such side."""

    field: str
    before: str
    after: str


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    form = FilterForm(request.GET)
    form.offer(actor)
    page = paginate(queries.records(actor, **_filters(form)), request)  # type: ignore[arg-type]
    context = {
        "form": form,
        "page": page,
        "rows": [_row(record) for record in page],
        "filtered": any(request.GET.get(name) for name in form.fields),
        "may": {verb.name.lower(): True for verb in actor.verbs},
    }
    return render(request, "audit/audit.html", context)


def _row(record: Record) -> dict[str, object]:
    is_own = record.verb in _OF_ONESELF and record.object_id == str(record.user_id)
    return {"record": record, "changes": changes(record), "is_about_themselves": is_own}


def changes(record: Record) -> list[Change]:
    before, after = record.before or {}, record.after or {}
    return [Change(field=_label(n), before=_text(before, n), after=_text(after, n)) for n in {**before, **after}]


def _filters(form: FilterForm) -> dict[str, object]:
    """Those that make sense; a day is the viewer's, and “to” includes it."""
    form.is_valid()
    found = dict(form.cleaned_data)
    for name, days in (("since", 0), ("until", 1)):
        if day := found.get(name):
            midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())
            found[name] = midnight + timedelta(days=days)
    return {name: value for name, value in found.items() if value}


def _label(name: str) -> str:
    return name.replace("_", " ").removesuffix(" id").capitalize()


def _text(side: dict[str, JSON], name: str) -> str:
    return in_words(side[name]) if name in side else ""


def in_words(value: JSON) -> str:
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(in_words(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{_label(key).lower()}: {in_words(item)}" for key, item in value.items())
    return str(value)

"""Settings → Retention: how long what came in and what went out is kept, and how much there is of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect

from tocsin import clock
from tocsin.alerts import retention as events
from tocsin.alerts.retention import Footprint
from tocsin.audit.actions import record
from tocsin.core.permissions import Actor, Verb, require
from tocsin.health import retention, settings
from tocsin.health.models import Setting
from tocsin.health.retention import TERMS, Term
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import put_beside, show
from tocsin.people.problems import Refused

_LABELS = {
    "keep_events_days": (
        "Messages from monitoring",
        "As they came, with what became of each. Alerts, their history and who was paged are kept for ever.",
    ),
    "keep_messages_days": (
        "Deliveries",
        "Pages and mails that were delivered, have failed or were cancelled, with what the providers answered.",
    ),
    "keep_problems_days": ("Problems", "Banners that are over."),
}


@dataclass(frozen=True, kw_only=True)
class Kept:
    days: Mapping[str, int]
    events: Footprint


def kept(actor: Actor) -> Kept:
    require(actor, Verb.VIEW)
    return Kept(days={name: retention.days(name) for name in TERMS}, events=events.footprint())


def keep(actor: Actor, days: Mapping[str, int], now: datetime) -> None:
    """In days, by the names of `TERMS`; what is not named stays. `Refused` outside of its bounds."""
    require(actor, Verb.ADMINISTER)
    wrong = {name: text for name, count in days.items() if (text := _wrong(count, TERMS.get(name)))}
    if wrong:
        raise Refused(f"Nothing was changed. {' '.join(wrong.values())}", wrong)
    with transaction.atomic():
        for name, count in days.items():
            before = retention.days(name)
            settings.put(name, count)
            row = Setting.objects.get(name=name)
            record(actor, "changed", row, now, before={"days": before}, after={"days": count})


def _wrong(count: int, term: Term | None) -> str:
    if term is None:
        return "There is no such retention."
    return "" if term.least <= count <= term.most else f"It is from {term.least} to {term.most} days."


class RetentionForm(forms.Form):
    def __init__(self, days: Mapping[str, int], data: Mapping[str, object] | None = None) -> None:
        super().__init__(data, initial=dict(days))
        for name, term in TERMS.items():
            label, about = _LABELS[name]
            self.fields[name] = forms.IntegerField(
                min_value=term.least, max_value=term.most, label=f"{label}, days", help_text=about
            )


def page(request: ActorRequest) -> HttpResponse:
    found = kept(request.actor)
    form = RetentionForm(found.days, request.POST or None)
    if form.is_valid():
        try:
            keep(request.actor, form.cleaned_data, clock.now())
        except Refused as refused:
            put_beside(form, refused)
        else:
            messages.success(request, "Saved. What is older goes within the next minutes.")
            return redirect("retention")
    about = [(label, text, found.days[name]) for name, (label, text) in _LABELS.items()]
    context = {"form": form, "kept": found, "about": about}
    return show(request, "home/retention.html", context, wrong=form.is_bound)

"""Silences: what is quiet, why and until when; and making one from what is open."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.alerts import queries as alerts
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show, standing
from tocsin.people.problems import Refused
from tocsin.rules import queries, silences, typed
from tocsin.rules.doubts import doubts
from tocsin.rules.models import Silence
from tocsin.rules.queries import SilenceFilters
from tocsin.tuning import samples, trying
from tocsin.tuning.forms import SilenceForm, silence_initial
from tocsin.ui.pages import paginate

_LONGEST_EXTENSION = 7 * 24 * 60


@require_safe
def silence_list(request: ActorRequest) -> HttpResponse:
    now = clock.now()
    state = request.GET.get("state", "")
    filters = SilenceFilters(
        state=state if state in queries.STATES else "", text=request.GET.get("text", "").strip()[:200]
    )
    page = paginate(queries.silences(request.actor, filters, now), request)
    rows = [(row, queries.state_of(row, now)) for row in page]
    return show(request, "tuning/silences.html", {"page": page, "rows": rows, "filters": filters, "now": now})


@needs(Verb.RESPOND)
def silence_new(request: ActorRequest) -> HttpResponse:
    now = clock.now()
    form = SilenceForm(request.POST or None, initial=_initial(request))
    if request.method == "POST" and "look" not in request.POST and form.is_valid():
        starts, ends = form.span(now)
        try:
            row = silences.create_silence(
                request.actor, form.cleaned_data["matchers"], starts, ends, form.cleaned_data["reason"], now
            )
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, "The silence is there. Alerts that match are recorded and page nobody.")
            _warn(request, row)
            return redirect(row)
    return _page(request, form, None, now)


def silence(request: ActorRequest, key: str) -> HttpResponse:
    """What it says; as long as it is not over, a form that changes it."""
    now = clock.now()
    row = queries.silence(request.actor, typed.key(key))
    form = SilenceForm(request.POST or None, initial=silence_initial(row))
    mark = standing(request, form, row)
    if request.method == "POST" and "look" not in request.POST and form.is_valid():
        starts, ends = form.span(now)
        changes = {name: form.cleaned_data[name] for name in ("matchers", "reason")}
        try:
            silences.change_silence(request.actor, row, now, starts_at=starts, ends_at=ends, **changes)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, "The silence was saved.")
            _warn(request, row)
            return redirect(row)
    return _page(request, form, row, now, mark)


@require_safe
def silence_preview(request: ActorRequest) -> HttpResponse:
    """What the matchers typed so far mean, for the form to show beside them."""
    text = request.GET.get("matchers", "")
    return render(request, "tuning/silence_preview.html", _looked(request, text, None, clock.now()))


@require_POST
def silence_extend(request: ActorRequest, key: str) -> HttpResponse:
    minutes = request.POST.get("minutes", "")
    row = queries.silence(request.actor, typed.key(key))
    if not minutes.isdecimal() or not 1 <= int(minutes) <= _LONGEST_EXTENSION:
        raise Refused("A silence is extended by a minute to a week at a time.")
    silences.extend(request.actor, row, timedelta(minutes=int(minutes)), clock.now())
    messages.success(request, "The silence lasts longer now.")
    return redirect(row)


@require_POST
def silence_expire(request: ActorRequest, key: str) -> HttpResponse:
    row = queries.silence(request.actor, typed.key(key))
    silences.expire(request.actor, row, clock.now())
    messages.success(request, "The silence is over. What matches pages again.")
    return redirect("silences")


def _initial(request: ActorRequest) -> dict[str, object]:
    """Of an alert group, of an earlier silence, or as the link says."""
    asked = request.GET
    if asked.get("group", "").isdecimal():
        group = alerts.group(request.actor, int(asked["group"]))
        return {"matchers": samples.matchers_of(request.actor, group)}
    if "again" in asked:
        row = queries.silence(request.actor, typed.key(asked["again"]))
        return {"matchers": row.matchers, "reason": row.reason}
    return {"matchers": asked.get("matchers", "")}


def _page(request: ActorRequest, form: SilenceForm, row: Silence | None, now: datetime, mark: str = "") -> HttpResponse:
    text = str(form["matchers"].value() or "")
    context: dict[str, object] = {
        "form": form,
        "silence": row,
        "standing": mark,
        "state": queries.state_of(row, now) if row else "",
        **_looked(request, text, row.integration_id if row else None, now),
    }
    if "look" in request.POST and context["preview"]:
        context["trial"] = trying.of_silence(request.actor, row, typed.some_matchers(text), now)
    is_wrong = form.is_bound and "look" not in request.POST and bool(form.errors)
    return show(request, "tuning/silence.html", context, wrong=is_wrong)


def _warn(request: ActorRequest, row: Silence) -> None:
    for doubt in doubts(row.matchers):
        messages.warning(request, doubt)


def _looked(request: ActorRequest, text: str, integration_id: int | None, now: datetime) -> dict[str, object]:
    if not text.strip():
        return {"preview": None, "preview_error": ""}
    try:
        matchers = typed.some_matchers(text)
    except Refused as refusal:
        return {"preview": None, "preview_error": str(refusal)}
    return {"preview": samples.preview(request.actor, matchers, integration_id, now), "preview_error": ""}

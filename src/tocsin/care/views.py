"""What being on call costs: one's own figures, a team's, and what it pays."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from tocsin import clock
from tocsin.care import actions, periods, queries
from tocsin.care.export import as_csv
from tocsin.care.forms import TermsForm
from tocsin.care.periods import Period
from tocsin.core import care
from tocsin.core.care import Kind
from tocsin.core.permissions import Verb
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show
from tocsin.people.problems import Refused


@require_safe
def my_care(request: ActorRequest) -> HttpResponse:
    now, actor = clock.now(), request.actor
    report = queries.own(actor, _period(request, now, "UTC"))
    context = {"shifts": queries.coming(actor, now), "teams": queries.teams(actor), "far": now + queries.AHEAD}
    return show(request, "care/mine.html", {**context, **_shown(report, now)})


@require_safe
def team_care(request: ActorRequest, slug: str) -> HttpResponse:
    now, team = clock.now(), queries.team(request.actor, slug)
    report = queries.report(request.actor, team, _period(request, now, queries.terms_of(team).time_zone))
    return show(request, "care/team.html", {"team": team, **_shown(report, now)})


@require_safe
def team_csv(request: ActorRequest, slug: str) -> HttpResponse:
    now, team = clock.now(), queries.team(request.actor, slug)
    report = queries.report(request.actor, team, _period(request, now, queries.terms_of(team).time_zone))
    answer = HttpResponse(as_csv(report), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="on-call-{team.slug}-{report.period.key}.csv"'
    return answer


@needs(Verb.MANAGE_PEOPLE)
def care_terms(request: ActorRequest, slug: str) -> HttpResponse:
    team = queries.team(request.actor, slug)
    form = TermsForm(request.POST or None, terms=queries.terms_of(team))
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_terms(request.actor, team, clock.now(), **form.cleaned_data)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, f"The terms of {team.name} are saved.")
            return redirect("team_care", slug=team.slug)
    return show(request, "care/terms.html", {"team": team, "form": form}, wrong=form.is_bound)


def _period(request: ActorRequest, now: datetime, zone: str) -> Period:
    """The current quarter unless asked for another; `Http404` for what is no period."""
    asked = request.GET.get("period", "")
    found = periods.read(asked) if asked else periods.quarter_of(now, zone)
    if found is None:
        raise Http404
    return found


def _shown(report: queries.Report, now: datetime) -> dict[str, object]:
    zone = report.terms.time_zone
    return {
        "report": report,
        "kinds": list(Kind),
        "rows": [_row(row) for row in report.rows],
        "limits": {"pages": care.PAGES_A_SHIFT, "wake_ups": care.WAKE_UPS_A_WEEK},
        "month": periods.month_of(now, zone),
        "quarter": periods.quarter_of(now, zone),
    }


def _row(row: queries.Row) -> dict[str, object]:
    """With lists in the order of `Kind`: templates cannot look into mappings by enum."""
    return {
        "row": row,
        "minutes": [_hours(row.load.minutes[kind]) for kind in Kind],
        "on_call": _hours(row.load.on_call),
        "off_hours": _hours(row.load.off_hours),
        "minutes_off": _hours(row.due.minutes_off),
        "percent": None if row.share is None else round(100 * row.share),
        "pages_a_shift": None if row.load.pages_a_shift is None else f"{row.load.pages_a_shift:.1f}",
    }


def _hours(minutes: int) -> str:
    """In hours however many, as pay is: “168 h”, “16 h 30 min”."""
    hours, rest = divmod(minutes, 60)
    if not rest:
        return f"{hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"

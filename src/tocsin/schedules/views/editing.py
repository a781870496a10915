"""Making and changing a schedule, with a look at it before it is saved."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from tocsin import clock
from tocsin.core.permissions import Actor, Verb
from tocsin.core.rota import Unloadable, final
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import needs, put_beside, show, standing
from tocsin.people.problems import Refused
from tocsin.people.queries import people, person, teams
from tocsin.schedules import actions, editing, queries
from tocsin.schedules.editing import Editor
from tocsin.schedules.forms import ScheduleForm, person_choices
from tocsin.schedules.models import Schedule
from tocsin.schedules.saving import save
from tocsin.schedules.views.reading import midnight, picture, shifts
from tocsin.ui import rows
from tocsin.ui.rows import Row

_PREVIEW = timedelta(weeks=4)


@needs(Verb.CONFIGURE)
def schedule_new(request: ActorRequest) -> HttpResponse:
    today = timezone.localtime(clock.now()).date()
    zone = person(request.actor, request.actor.user_id or 0).time_zone
    return _edit(request, None, {"time_zone": zone}, [editing.blank(today, 0)])


@needs(Verb.CONFIGURE)
def schedule_edit(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.schedule(request.actor, slug)
    initial: dict[str, object] = {
        "name": found.name,
        "team": found.team_id,
        "time_zone": found.time_zone,
        "description": found.description,
        "tells_gaps": found.tells_gaps,
    }
    rota = queries.rota_of([found.pk]).get(found.pk)
    return _edit(request, found, initial, editing.rows_of(rota) if rota else [])


@require_POST
def schedule_delete(request: ActorRequest, slug: str) -> HttpResponse:
    found = queries.schedule(request.actor, slug)
    actions.delete_schedule(request.actor, found, clock.now())
    messages.success(request, f"{found.name} is deleted.")
    return redirect("schedules")


def _edit(request: ActorRequest, found: Schedule | None, initial: dict[str, object], stored: list[Row]) -> HttpResponse:
    """“save” and “preview” check what was typed; every other `act` changes the rows."""
    now, what = clock.now(), request.POST.get("act", "save") if request.method == "POST" else ""
    checks = what in ("save", "preview")
    typed = stored if not what else editing.typed_rows(request.POST)
    if what and not checks:
        typed = rows.act(typed, what, editing.blank(timezone.localtime(now).date(), len(typed)))
    active = person_choices(people(request.actor).filter(is_active=True))
    editor = Editor(editing.with_spare(typed), active, is_bound=checks)
    form = _form(request, initial, is_bound=checks)
    mark = standing(request, form, found)
    whole = form.is_valid() & editor.is_valid() if checks else False
    context: dict[str, object] = {"form": form, "editor": editor, "schedule": found, "standing": mark}
    if whole and what == "preview":
        context |= _preview(form, editor, found, now, request.actor)
    if whole and what == "save":
        try:
            saved = save(request.actor, found, form.cleaned_data, editor.specs(), now)
        except Refused as refusal:
            put_beside(form, refusal)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect(saved)
    return show(request, "schedules/schedule_edit.html", context, wrong=checks and bool(form.errors or not whole))


def _form(request: ActorRequest, initial: dict[str, object], *, is_bound: bool) -> ScheduleForm:
    """After adding a row: what was typed, unchecked."""
    typed = request.POST.dict() if request.method == "POST" else {}
    return ScheduleForm(request.POST if is_bound else None, initial={**initial, **typed}, teams=teams(request.actor))


def _preview(
    form: ScheduleForm, editor: Editor, found: Schedule | None, now: datetime, actor: Actor
) -> dict[str, object]:
    """Nothing is saved."""
    draft = found or Schedule(name="draft")
    overrides = list(queries.overrides(actor, found, now)) if found else []
    start = midnight(timezone.localtime(now).date())
    try:
        rota = replace(actions.preview(draft, editor.specs()), time_zone=form.cleaned_data["time_zone"])
        return {
            "chart": picture(rota, overrides, start, start + _PREVIEW, now, actor.user_id),
            "shifts": shifts(final(rota, now, start + _PREVIEW), now),
        }
    except Unloadable as error:
        form.add_error(None, f"This cannot be shown: {error}.")
        return {}

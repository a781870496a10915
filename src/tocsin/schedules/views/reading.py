"""Looking at schedules: all of them, one of them, and who is on call."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from tocsin import clock
from tocsin.core.rota import Rota, Segment, Unloadable, final
from tocsin.core.rotation import Restriction
from tocsin.people.middleware import ActorRequest
from tocsin.people.models import User
from tocsin.people.pages import show
from tocsin.people.queries import names_of, users_of
from tocsin.schedules import hours, importing, queries, replacing, swap_queries
from tocsin.schedules.chart import Chart, Frame, chart, people_of
from tocsin.schedules.models import Layer, Override, Schedule
from tocsin.schedules.rating import rating
from tocsin.schedules.stretches import stretches
from tocsin.ui.days import FIRST, LAST

WEEKS = (2, 4, 6)
_GAPS_AHEAD = 28


@require_safe
def schedules(request: ActorRequest) -> HttpResponse:
    return show(request, "schedules/schedules.html", {"duties": queries.duties(request.actor, clock.now())})


@require_safe
def oncall(request: ActorRequest) -> HttpResponse:
    duties = queries.duties(request.actor, clock.now())
    by_team = sorted(duties, key=lambda duty: (duty.schedule.team is None, str(duty.schedule.team), str(duty.schedule)))
    return show(request, "schedules/oncall.html", {"duties": by_team, "me": request.actor.user_id})


@require_safe
def schedule(request: ActorRequest, slug: str) -> HttpResponse:
    found, now = queries.schedule(request.actor, slug), clock.now()
    start, weeks = _window(request, now)
    context = {
        "schedule": found,
        "weeks": weeks,
        "choices": WEEKS,
        "start": start,
        "earlier": (start - timedelta(weeks=weeks)).date(),
        "later": (start + timedelta(weeks=weeks)).date(),
        "is_today": not request.GET.get("start"),
        "layers": [{"row": layer, "words": in_words(layer)} for layer in found.layers.all()],
        "overrides": queries.overrides(request.actor, found, now),
        "me": request.actor.user_id,
        "swaps": swap_queries.swaps_of(request.actor, found, now),
        "calendars": importing.calendars(request.actor, found),
        "replacements": replacing.replacements(request.actor, found, now),
    }
    return show(request, "schedules/schedule.html", {**context, **_picture(request, found, start, weeks, now)})


def _picture(request: ActorRequest, found: Schedule, start: datetime, weeks: int, now: datetime) -> dict[str, object]:
    """What depends on the layers making sense."""
    end = start + timedelta(weeks=weeks)
    overrides = list(queries.overrides(request.actor, found, start))
    try:
        rota = queries.rota_of([found.pk], (min(start, now), max(end, now + timedelta(days=_GAPS_AHEAD))))[found.pk]
        ahead = final(rota, now, now + timedelta(days=_GAPS_AHEAD))
        return {
            "chart": picture(rota, overrides, start, end, now, request.actor.user_id),
            "shifts": shifts(final(rota, max(start, now) if end > now else start, end), now),
            "current": shifts(ahead, now)[:2],
            "gaps": [segment for segment in ahead if not segment.people],
            "quality": rating(found, now),
        }
    except (Unloadable, LookupError):
        return {"trouble": queries.troubles([found.pk], now).get(found.pk, "its layers make no sense")}


def picture(
    rota: Rota, overrides: Sequence[Override], start: datetime, end: datetime, now: datetime, viewer: int | None
) -> Chart:
    names = names_of(people_of(rota, overrides))
    zone = timezone.get_current_timezone()
    return chart(rota, overrides, Frame(start=start, end=end, now=now, zone=zone, names=names, viewer=viewer))


def shifts(segments: Iterable[Segment], now: datetime) -> list[dict[str, object]]:
    """For lists; the one under way can only be overridden from now on."""
    segments = stretches(segments)
    users = users_of(p for segment in segments for p in (*segment.people, *segment.shadows))
    return [_shift(segment, users, now) for segment in segments]


def _shift(segment: Segment, users: dict[int, User], now: datetime) -> dict[str, object]:
    people = [users[p] for p in segment.people if p in users]
    return {
        "segment": segment,
        "people": people,
        "shadows": [users[p] for p in segment.shadows if p in users],
        "source": ", ".join(segment.sources),
        "starts": max(segment.starts_at, now.replace(second=0, microsecond=0)),
        "instead_of": people[0] if len(people) == 1 else None,
        "is_over": segment.ends_at <= now,
        "is_now": segment.starts_at <= now < segment.ends_at,
    }


def in_words(layer: Layer) -> str:
    turns = f"every {layer.every} {layer.unit}s" if layer.every > 1 else f"every {layer.unit}"
    limits = hours.write(
        Restriction(weekdays=frozenset(r.weekdays), starts=r.starts, ends=r.ends) for r in layer.restrictions.all()
    )
    only = f", only {limits}" if limits else ""
    return f"hands over {turns} at {layer.handoff_at:%H:%M}{only}"


def _window(request: ActorRequest, now: datetime) -> tuple[datetime, int]:
    """From a midnight of the viewer's."""
    asked = request.GET.get("weeks", "")
    weeks = int(asked) if asked in map(str, WEEKS) else WEEKS[0]
    with suppress(ValueError):
        day = parse_date(request.GET.get("start", ""))
        if day and FIRST + timedelta(weeks=weeks) < day < LAST - 2 * timedelta(weeks=weeks):
            return midnight(day), weeks
    return midnight(timezone.localtime(now).date()), weeks


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())

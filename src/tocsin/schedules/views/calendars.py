"""Calendars out: secret links, and what they lead to."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from tocsin import clock
from tocsin.core.rota import Unloadable
from tocsin.people.middleware import ActorRequest
from tocsin.people.pages import never_kept, show
from tocsin.schedules import feeds, queries
from tocsin.schedules.models import CalendarLink, Schedule


@login_not_required
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """For calendar programs: the token is the whole permission."""
    now = clock.now()
    try:
        found = feeds.feed_of(token, now)
    except Unloadable as error:  # an error keeps the program's last copy; an empty calendar would take all shifts away
        return HttpResponse(f"This schedule cannot be read: {error}.", status=503, content_type="text/plain")
    if found is None:
        raise Http404
    if request.headers.get("If-None-Match") == found.etag:
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(found.body(now), content_type="text/calendar; charset=utf-8")
        answer["Content-Disposition"] = 'inline; filename="on-call.ics"'
    answer["ETag"] = found.etag
    answer["Cache-Control"] = "private, max-age=300"
    return answer


def calendar_link(request: ActorRequest) -> HttpResponse:
    """One's own shifts, or those of `?schedule=`: what link there is. A POST makes it anew and shows it once."""
    found = _schedule(request)
    links = feeds.links(request.actor)
    if request.method == "POST":
        link, address = feeds.make_link(request.actor, found, clock.now())
        return never_kept(_page(request, found, link, address))
    return _page(request, found, links.filter(schedule=found).first(), "")


@require_POST
def calendar_link_drop(request: ActorRequest, pk: int) -> HttpResponse:
    link = get_object_or_404(feeds.links(request.actor), pk=pk)
    feeds.drop_link(request.actor, link, clock.now())
    messages.success(request, "The calendar link stopped working. Take it out of your calendar program.")
    return redirect(link.schedule or "profile")


def _page(request: ActorRequest, found: Schedule | None, link: CalendarLink | None, address: str) -> HttpResponse:
    webcal = f"webcal://{address.partition('://')[2]}" if address else ""
    context = {"schedule": found, "link": link, "address": address, "webcal": webcal}
    return show(request, "schedules/calendar_link.html", context)


def _schedule(request: ActorRequest) -> Schedule | None:
    slug = request.POST.get("schedule") or request.GET.get("schedule", "")
    return queries.schedule(request.actor, slug) if slug else None

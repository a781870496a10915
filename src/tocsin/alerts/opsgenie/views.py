"""What Opsgenie's clients ask. Answers are in Opsgenie's shape; what is written comes in by `ingest`."""

import functools
import threading
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from tocsin import clock
from tocsin.alerts.models import Alert, Event
from tocsin.alerts.opsgenie import queries, shapes
from tocsin.alerts.opsgenie.asking import NotUnderstood
from tocsin.health import tries
from tocsin.services.models import Integration

MOST = 100  # alerts on a page
_USUAL = 20
_MOST_WRONG = 30  # keys from one address in a minute
_MINUTE = 60
_PATIENCE, _LOOK = 3.0, 0.05  # seconds
_waiting = threading.BoundedSemaphore(3)  # of the threads that pages have
_KNOWN = "status, acknowledged, priority, message, tag, alias, source, entity, count and createdAt"


class No(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Answer = dict[str, object]
View = Callable[..., Answer]


def asked(view: View) -> Callable[..., HttpResponse]:
    """By key, not by person."""

    @never_cache
    @functools.wraps(view)
    def answer(request: HttpRequest, **names: str) -> HttpResponse:
        began = clock.monotonic()
        try:
            status, said = 200, view(_integration(request), request, **names)
        except No as no:
            status, said = no.status, {"message": str(no), "code": no.status}
        took = round(clock.monotonic() - began, 3)
        answered = JsonResponse({**said, "took": took, "requestId": str(uuid.uuid4())}, status=status)
        if status == 429:  # noqa: PLR2004
            answered["Retry-After"] = str(_MINUTE)
        return answered

    return login_not_required(answer)


def _integration(request: HttpRequest) -> Integration:
    tried = f"wrong-keys-from-{request.META.get('REMOTE_ADDR', '')}"
    if cache.get(tried, 0) >= _MOST_WRONG:
        raise No(429, "Too many wrong keys came from your address. Try again in a minute.")
    word, _, key = request.headers.get("Authorization", "").partition(" ")
    found = queries.integration_of(key.strip()) if word.lower() == "geniekey" else None
    if found is None:
        tries.note(tried, _MINUTE)
        raise No(401, "Could not authenticate: no integration that is switched on has this key.")
    return found


@asked
def alerts(integration: Integration, request: HttpRequest) -> Answer:
    found = _found(integration, request)
    limit = max(1, min(_number(request, "limit", _USUAL), MOST))
    offset = _number(request, "offset", 0)
    page = list(found[offset : offset + limit + 1])
    return {"data": [shapes.summary(row) for row in page[:limit]], "paging": _paging(request, offset, limit, len(page))}


def _paging(request: HttpRequest, offset: int, limit: int, count: int) -> Answer:
    here = settings.PUBLIC_URL.rstrip("/") + request.path
    kept = {name: value for name, value in request.GET.items() if name not in {"offset", "limit"}}

    def at(start: int) -> str:
        return f"{here}?{urlencode({**kept, 'offset': start, 'limit': limit})}"

    more: Answer = {"next": at(offset + limit)} if count > limit else {}
    return {"first": at(0), **more}


@asked
def count(integration: Integration, request: HttpRequest) -> Answer:
    return {"data": {"count": _found(integration, request).count()}}


def _found(integration: Integration, request: HttpRequest) -> QuerySet[Alert]:
    order = request.GET.get("order", "desc").lower()
    try:
        return queries.alerts(
            integration, request.GET.get("query", ""), request.GET.get("sort", ""), is_ascending=order == "asc"
        )
    except NotUnderstood as error:
        raise No(422, f"Tocsin does not look for {error}. It knows {_KNOWN}, and AND, OR, NOT and (…).") from error


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, str(usual))
    if not (text.isdecimal() and len(text) < 10):  # noqa: PLR2004
        raise No(422, f"{name} should be a number.")
    return int(text)


@asked
def alert(integration: Integration, request: HttpRequest, identifier: str) -> Answer:
    by = request.GET.get("identifierType", "id")
    found = queries.alert(integration, identifier.rstrip("/"), by)
    if found is None:
        raise No(404, f"Alert with {by} [{identifier.rstrip('/')}] does not exist, or is not this integration's.")
    return {"data": shapes.whole(found)}


@asked
def request_status(integration: Integration, _: HttpRequest, receipt: str) -> Answer:
    event = _patiently(integration, receipt)
    if event is None or event.state == "new":
        raise No(404, "Request not found. It might not be processed, yet.")
    return {"data": shapes.status(event)}


def _patiently(integration: Integration, receipt: str) -> Event | None:
    """Most requests are absorbed within a moment, and Opsgenie's Python client takes a 404 for the end."""
    event = queries.request(integration, receipt)
    if event is None or event.state != "new" or not _waiting.acquire(blocking=False):
        return event
    try:
        end = clock.monotonic() + _PATIENCE
        while event is not None and event.state == "new" and clock.monotonic() < end:
            clock.sleep(_LOOK)
            event = queries.request(integration, receipt)
    finally:
        _waiting.release()
    return event


@asked
def not_answered(_: Integration, request: HttpRequest, **__: str) -> Answer:
    raise No(404, f"Tocsin does not answer {request.path}. Alerts, their count and requests can be read here.")

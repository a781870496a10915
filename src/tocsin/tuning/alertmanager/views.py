"""Alertmanager's API v2 below an integration's URL, as amtool, Grafana and karma call it. Alerts themselves come in by
`ingest`; this is everything else."""

import json
import uuid
from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from tocsin import __version__, clock
from tocsin.health import tries
from tocsin.rules import queries
from tocsin.sealing import fingerprint
from tocsin.services.models import Integration
from tocsin.tuning.alertmanager import posting, reading, wire
from tocsin.tuning.alertmanager.wire import Misfit

_MISSES = 30  # a minute and address
_MINUTE = 60
_UNKNOWN = "no Alertmanager integration that is switched on has this key: copy the URL from its page again"

View = Callable[..., HttpResponse]


def for_tools(*methods: str) -> Callable[[View], View]:
    """A view of the integration whose key is in the path, or a bearer token. Another site has no session to ride on."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @login_not_required
        @never_cache
        @wraps(view)
        def asked(request: HttpRequest, key: str = "", **parts: str) -> HttpResponse:
            try:
                integration = _integration(request, key)
                if request.method not in methods:
                    said = f"method {request.method} is not allowed, but [{','.join(methods)}] are"
                    raise wire.coded(405, said)
                return view(request, integration, **parts)
            except Misfit as misfit:
                return _json(misfit.body, misfit.status)

        return asked

    return decorate


@for_tools("GET", "POST")
def silences(request: HttpRequest, integration: Integration) -> HttpResponse:
    now = clock.now()
    if request.method == "POST":
        return _json({"silenceID": str(posting.post(integration, wire.read(request.body), now))})
    found = queries.silences_of(posting.actor_of(integration.name), integration.pk)
    return _json(reading.silences(found, reading.filters(request.GET), now))


@for_tools("DELETE", "GET")
def silence(request: HttpRequest, integration: Integration, silence_id: str) -> HttpResponse:
    now, key = clock.now(), _uuid(silence_id)
    if request.method == "DELETE":
        posting.end(integration, key, now)
        return HttpResponse(status=200)
    found = queries.silences_of(posting.actor_of(integration.name), integration.pk).filter(uuid=key).first()
    return HttpResponse(status=404) if found is None else _json(wire.silence(found, now))


@for_tools("GET")
def alerts(request: HttpRequest, integration: Integration) -> HttpResponse:
    return _json(reading.alerts(integration, reading.wanted(request.GET), clock.now()))


@for_tools("GET")
def groups(request: HttpRequest, integration: Integration) -> HttpResponse:
    return _json(reading.groups(integration, reading.wanted(request.GET), clock.now()))


@for_tools("GET")
def receivers(_: HttpRequest, integration: Integration) -> HttpResponse:
    return _json(reading.receivers(integration))


@for_tools("GET")
def status(_: HttpRequest, integration: Integration) -> HttpResponse:
    build = dict.fromkeys(("branch", "buildDate", "buildUser", "goVersion", "revision"), "")
    names = [receiver["name"] for receiver in reading.receivers(integration)]
    routing = f"route:\n  receiver: {integration.service.slug}\nreceivers:\n"
    return _json({
        "cluster": {"peers": [], "status": "disabled"},
        "config": {"original": routing + "".join(f"- name: {name}\n" for name in names)},
        "uptime": wire.moment(integration.created_at),
        "versionInfo": {**build, "version": f"tocsin-{__version__}"},
    })  # fmt: skip


@for_tools("GET", "HEAD")
def healthy(_: HttpRequest, integration: Integration) -> HttpResponse:  # noqa: ARG001 - the key is good
    return HttpResponse("OK", content_type="text/plain; charset=utf-8")


@for_tools("GET", "HEAD", "POST", "PUT", "DELETE")
def unknown(_: HttpRequest, integration: Integration, rest: str) -> HttpResponse:  # noqa: ARG001 - the key is good
    raise wire.coded(404, f"path /api/v2/{rest} was not found")


def _integration(request: HttpRequest, key: str) -> Integration:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = key or (token.strip() if scheme.lower() == "bearer" else "")
    found = Integration.objects.select_related("service").filter(
        key_hash=fingerprint(given), kind="alertmanager", is_enabled=True, deleted_at=None
    )
    integration = found.first() if given else None
    if integration is None:
        raise _miss(request)
    return integration


def _miss(request: HttpRequest) -> Misfit:
    """Only who guesses is slowed down."""
    name = f"alertmanager-misses:{request.META.get('REMOTE_ADDR', '')}"
    too_many = tries.note(name, _MINUTE) > _MISSES
    return (
        wire.coded(429, "too many wrong keys from this address: wait a minute")
        if too_many
        else wire.coded(401, _UNKNOWN)
    )


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise wire.coded(422, f"silenceID in path must be of type uuid: {json.dumps(text)}", 601) from error


def _json(body: object, code: int = 200) -> HttpResponse:
    return JsonResponse(body, status=code, safe=False)

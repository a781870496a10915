"""What a person sees when something is refused, missing or broken: what happened, what was kept, what to do next.

Under /api/ errors are problem details, which `config.api` writes itself.
"""

import json
import sys
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template import loader

from tocsin import rest
from tocsin.core import storable
from tocsin.core.permissions import Denied
from tocsin.health import edges
from tocsin.people.problems import Refused

_SECRET = ("password", "secret", "code", "credential")
_BEYOND = 2**63
_UNSTORABLE = (
    "A text in this request has a NUL in it, or half of a pair of surrogates. No database keeps these, so nothing was "
    "done. Go back and try again without it."
)
_NOT_TYPED = ("next", "verb")


class ErrorsMiddleware:
    """Our own exceptions, wherever a view let them through, as pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_storable(request):
            return _page(request, 400, "That cannot be kept", _UNSTORABLE)
        # nothing is called by a name with a NUL, nor with this: each view says in its own words that nothing is there
        request.path_info = request.path_info.replace("\0", "\N{REPLACEMENT CHARACTER}")
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, parts: Mapping[str, object]
    ) -> HttpResponse | None:
        """Numbers in addresses are those of rows, and no database counts further."""
        is_beyond = any(isinstance(part, int) and part >= _BEYOND for part in parts.values())
        return not_found(request) if is_beyond else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Denied):
            return forbidden(request, error)
        if isinstance(error, Refused):
            return _refused(request, error)
        if isinstance(error, ObjectDoesNotExist):
            return not_found(request, Http404())
        return None


def _is_storable(request: HttpRequest) -> bool:
    """Whether a database keeps what was typed or sent. Fields of forms would refuse it, but not all is read by one."""
    if "%00" in request.META.get("QUERY_STRING", ""):
        return False
    if request.content_type == "application/x-www-form-urlencoded":
        return b"%00" not in request.body
    if not _is_api(request) or b"\\u" not in request.body:
        return True
    try:
        said = json.loads(request.body)
        return bool(storable.json(said) == said)
    except (ValueError, RecursionError):
        return True  # the API says what is wrong with it


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's name
    text = "The request cannot be understood, so nothing was done. Go back and try again."
    return _page(request, 400, "That cannot be read", text)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = str(exception or "") or "You are not allowed to do this. Nothing was changed. Ask an owner or admin."
    return _page(request, 403, "Not allowed", text)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    text = "You have signed in or out since this page was opened, or it came from another site. Nothing was done yet."
    return _again(request, "Please send it again", text)


class SignedInMiddleware(LoginRequiredMiddleware):
    """Every page needs a session. Who was signed out while filling in a form does not lose what was typed."""

    # Django's stubs know of a redirect only; its middleware passes any answer on
    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        if request.method != "POST":
            return super().handle_no_permission(request, view_func)
        text = "You were signed out while this page was open, so nothing was done yet. Sign in, then send it again."
        return _again(request, "You are signed out", text, signed_out=True)


def _again(request: HttpRequest, title: str, text: str, *, signed_out: bool = False) -> HttpResponse:
    if _is_api(request) or request.headers.get("HX-Request"):
        return _page(request, 403, title, text)
    typed = _typed(request)
    shown = [(name, value) for name, value in typed if value.strip() and name not in _NOT_TYPED]
    context = {"error_title": title, "text": text, "signed_out": signed_out, "typed": typed, "shown": shown}
    response = render(request, "ui/resend.html", context, status=403)
    response["Cache-Control"] = "no-store"
    return response


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """What was sent, to be sent again. Not what another site had somebody send, and nothing secret."""
    is_ours = request.headers.get("Origin", "") in {f"{request.scheme}://{request.get_host()}", settings.PUBLIC_URL}
    if not is_ours or any(word in name for name in request.POST for word in _SECRET):
        return []
    pairs = ((name, value) for name, values in request.POST.lists() for value in values)
    return [(name, value) for name, value in pairs if name != "csrfmiddlewaretoken"]


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's name
    text = "Nothing is here: it was deleted, or the address has a typing error."
    return _page(request, 404, "Not found", text)


def broken(request: HttpRequest) -> HttpResponse:
    """Without context processors: whatever broke must not break this page too."""
    error = sys.exc_info()[1]
    if edges.is_mood(error):
        edges.part_from_database(error)
        return _away(request)
    if _is_api(request):
        return rest.problem(500, "Internal error", "Something broke; what was accepted is kept. The log says what.")
    return HttpResponse(loader.get_template("ui/500.html").render({}), status=500)


def _away(request: HttpRequest) -> HttpResponse:
    """The database restarts, another machine takes over for it, or it is full: it passes, and is nobody's mistake."""
    text = "The database does not answer, so nothing of this request was done. Try it again in a few seconds."
    if _is_api(request):
        answer: HttpResponse = rest.problem(503, "Not now", text)
    elif request.headers.get("HX-Request"):
        answer = HttpResponse(text, status=503, content_type="text/plain")
    else:
        answer = HttpResponse(loader.get_template("ui/503.html").render({}), status=503)
    answer["Retry-After"] = "5"
    return answer


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if _is_api(request):
        return rest.problem(status, title, text)
    if request.headers.get("HX-Request"):
        return HttpResponse(text, status=status, content_type="text/plain")
    return render(request, "ui/error.html", {"error_title": title, "text": text}, status=status)


def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(str(error), status=409, content_type="text/plain")
    messages.error(request, str(error))
    return redirect(_came_from(request))


def _came_from(request: HttpRequest) -> str:
    """The path of the page that the request was sent from, never another site's."""
    parts = urlsplit(request.headers.get("Referer", ""))
    if parts.netloc != request.get_host() or (request.method == "GET" and parts.path == request.path):
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")

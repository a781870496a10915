"""The API's addresses are known only to requests for the API, so that a server loads it when somebody first asks.

Its schemas take a third of the time in which a web process starts: a restart must not wait for them to take alerts.
What Django and ninja would answer in words of their own are problem details too.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tocsin import rest

PREFIX = "/api/v1/"


class ApiMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        if _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
            return rest.problem(413, "Too large", f"A request to the API has at most {most} KB. Send less at once.")
        request.urlconf = "tocsin.config.api_urls"
        answer = self.get_response(request)
        return _not_allowed(request, answer) if answer.status_code == 405 else answer  # noqa: PLR2004 - HTTP's number


def _not_allowed(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    methods = ", ".join(sorted(answer.headers.get("Allow", "").split(", ")))
    told = rest.problem(405, "Method not allowed", f"{request.method} is not taken here. Use {methods}.")
    told["Allow"] = methods
    return told


def _length(request: HttpRequest) -> int:
    given = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(given) if given.isdecimal() else 0

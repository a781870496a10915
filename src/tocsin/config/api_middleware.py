"""The API's addresses are known only to requests for the API, so that a server loads it when somebody first asks.

Its schemas take a third of the time in which a web process starts: a restart must not wait for them to take alerts.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PREFIX = "/api/v1/"


class ApiMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(PREFIX):
            request.urlconf = "tocsin.config.api_urls"
        return self.get_response(request)

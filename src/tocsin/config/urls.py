"""Every page's address. Each app names its own. The API's are in `config.api_urls`."""

from typing import NoReturn

from django.http import Http404, HttpRequest
from django.urls import include, path, re_path

_APPS = (
    "home",
    "handoffs",
    "care",
    "alerts",
    "checks",
    "mailboxes",
    "tuning",
    "paging",
    "services",
    "slos",
    "changes",
    "schedules",
    "policies",
    "people",
    "audit",
)


def _nothing(_: HttpRequest) -> NoReturn:
    raise Http404


urlpatterns = [
    # of allauth's pages those that are not Tocsin's: addresses are changed in the profile, people come by invitation
    re_path(r"^accounts/(?:signup|email|confirm-email|login/code)/", _nothing),
    path("accounts/", include("allauth.urls")),
    *(path("", include(f"tocsin.{app}.urls")) for app in _APPS),
]

handler400 = "tocsin.config.errors.bad_request"
handler403 = "tocsin.config.errors.forbidden"
handler404 = "tocsin.config.errors.not_found"
handler500 = "tocsin.config.errors.broken"

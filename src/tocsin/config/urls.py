"""Every page's address. Each app names its own. The API's are in `config.api_urls`."""

from django.urls import include, path

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

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    *(path("", include(f"tocsin.{app}.urls")) for app in _APPS),
]

handler400 = "tocsin.config.errors.bad_request"
handler403 = "tocsin.config.errors.forbidden"
handler404 = "tocsin.config.errors.not_found"
handler500 = "tocsin.config.errors.broken"

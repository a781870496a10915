"""Every page's address. Each app names its own."""

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path

_APPS = ("home", "alerts", "paging", "services", "schedules", "policies", "people", "audit")


def _pages(app: str) -> list[URLPattern | URLResolver]:
    try:
        import_module(f"tocsin.{app}.urls")
    except (ImportError, AttributeError):
        return []
    return [path("", include(f"tocsin.{app}.urls"))]


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("tocsin.config.api_urls")),
    *(p for app in _APPS for p in _pages(app)),
]

handler400 = "tocsin.config.errors.bad_request"
handler403 = "tocsin.config.errors.forbidden"
handler404 = "tocsin.config.errors.not_found"
handler500 = "tocsin.config.errors.broken"

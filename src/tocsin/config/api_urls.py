"""The API's URLs. They sign nobody in, so Django's rule that a page needs a session is lifted; tokens are asked for."""

from collections.abc import Iterable

from django.urls import URLPattern, URLResolver

from tocsin.config.api import api
from tocsin.config.idempotency import once


def _opened(patterns: Iterable[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    found = list(patterns)
    for pattern in found:
        if isinstance(pattern, URLPattern):
            pattern.callback = once(pattern.callback)
    return found


app_name = "api"
urlpatterns = _opened(api.urls[0])

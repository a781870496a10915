"""The API's URLs, and those of the pages, which its answers name.

They sign nobody in, so Django's rule that a page needs a session is lifted; tokens are asked for.
"""

from collections.abc import Iterable

from django.urls import URLPattern, URLResolver, include, path

from tocsin.config import urls
from tocsin.config.api import api
from tocsin.config.idempotency import once


def _opened(patterns: Iterable[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    found = list(patterns)
    for pattern in found:
        if isinstance(pattern, URLPattern):
            pattern.callback = once(pattern.callback)
    return found


urlpatterns = [path("api/v1/", include((_opened(api.urls[0]), "api"))), *urls.urlpatterns]

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

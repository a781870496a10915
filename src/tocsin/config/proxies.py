"""Who the client is, where a reverse proxy stands in front."""

from typing import Any, cast

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from tocsin.ingest.http import App


def behind_proxies(pages: App, proxies: tuple[str, ...]) -> App:
    """The pages, told by X-Forwarded-For and X-Forwarded-Proto where one of the proxies has set them."""
    return cast("App", ProxyHeadersMiddleware(cast("Any", pages), list(proxies)))

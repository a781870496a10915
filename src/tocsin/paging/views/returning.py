"""Where a form leads back to."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def way_back(request: HttpRequest, otherwise: str, *args: object) -> str:
    """The page that the form says it is on, never another site's; else the page of that name."""
    url = request.POST.get("next", "")
    ok = url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})
    return url if ok else reverse(otherwise, args=args)

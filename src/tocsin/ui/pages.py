"""Long lists, page by page."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest


def paginate(rows: QuerySet[Any] | Sequence[Any], request: HttpRequest, size: int = 50) -> Page[Any]:
    """The page that `?page=` names; the nearest one there is when it names none."""
    return Paginator(rows, size).get_page(request.GET.get("page"))

"""What can be done in the browser can be done over the API: every page has its operations, or a reason not to."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.api.pages import FAMILIES, OPERATIONS, WITHOUT
from tocsin.config.api import api
from tocsin.config.api_middleware import PREFIX
from tocsin.home import welcome
from tocsin.paging.views import group, groups
from tocsin.schedules.views import swapping

DOCUMENT = api.get_openapi_schema(path_prefix=PREFIX)
OFFERED = {
    f"{method.upper()} {path.removeprefix(PREFIX.rstrip('/'))}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def walked(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    """Each view's name, or its address where it has none, and its address."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name or f"{before}{pattern.pattern}", f"{before}{pattern.pattern}"
        else:
            yield from walked(pattern, f"{before}{pattern.pattern}")


PAGES = dict(walked(get_resolver("tocsin.config.urls")))
ALONE = sorted(name for name in PAGES if not name.startswith(tuple(FAMILIES)))


def test_pages_are_found() -> None:
    assert len(ALONE) > 150


@pytest.mark.parametrize("name", ALONE)
def test_every_page_has_operations_or_a_reason_to_have_none(name: str) -> None:
    assert (name in OPERATIONS) != (name in WITHOUT), f"{PAGES[name]}: name its operations in tests/api/pages.py"


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_that_is_named_is_in_the_document(name: str) -> None:
    assert [each for each in OPERATIONS[name] if each not in OFFERED] == []


def test_no_page_is_named_that_is_not_there() -> None:
    assert (OPERATIONS.keys() | WITHOUT.keys()) - PAGES.keys() == set()
    assert [family for family in FAMILIES if not any(name.startswith(family) for name in PAGES)] == []


@pytest.mark.parametrize(
    ("page", "path", "deeds"),
    [
        ("group_act", "/alert-groups/{pk}", group._ACTS),  # the buttons of an alert group
        ("groups_bulk", "/alert-groups", groups._ACTS),  # of the list
        ("swap_act", "/swaps/{pk}", swapping.DEEDS),  # the answers to a swap request
    ],
)
def test_every_button_of_a_page_with_several_has_its_operation(page: str, path: str, deeds: dict[str, object]) -> None:
    assert {f"POST {path}/{deed}" for deed in deeds} <= set(OPERATIONS[page])


def test_every_first_step_is_one_that_the_api_knows() -> None:
    assert set(welcome._STEPS) == {"team", "reach", "test", "schedule", "alerts"}


def test_what_writes_belongs_to_a_page() -> None:
    """Else the table above has forgotten it, or nobody can do it without a script."""
    named = {operation for operations in OPERATIONS.values() for operation in operations}
    assert {each for each in OFFERED if not each.startswith("GET ")} - named == set()

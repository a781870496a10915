"""The routing tree."""

import pytest

from tocsin.core.matching import parse
from tocsin.core.routing import Route, destination
from tocsin.core.signals import Urgency

DATABASES, SEARCH, OPS = 1, 2, 3
QUIET = 9


def route(name: str, text: str = "", *children: Route, goes_on: bool = False, **said: object) -> Route:
    return Route(id=len(name), name=name, matchers=parse(text), goes_on=goes_on, children=children, **said)  # type: ignore[arg-type]


TREE = (
    route("Nightly", 'job="backup"', goes_on=True, urgency=Urgency.LOW),
    route(
        "Databases",
        'team="db"',
        route("Replicas", 'role="replica"', policy=QUIET),
        route("Search", 'engine="elastic"', service=SEARCH),
        service=DATABASES,
    ),
    route("Rest", "", service=OPS, urgency=Urgency.HIGH),
)


@pytest.mark.parametrize(
    ("fields", "service", "policy", "urgency", "path"),
    [
        ({}, OPS, None, Urgency.HIGH, ("Rest",)),
        ({"team": "db"}, DATABASES, None, None, ("Databases",)),  # the first that matches wins
        ({"team": "db", "role": "replica"}, DATABASES, QUIET, None, ("Databases › Replicas",)),  # a child inherits
        ({"team": "db", "engine": "elastic"}, SEARCH, None, None, ("Databases › Search",)),  # or says it itself
        # the first child that matches wins, too
        ({"team": "db", "engine": "elastic", "role": "replica"}, DATABASES, QUIET, None, ("Databases › Replicas",)),
        # a route that goes on leaves the rest to later ones, and keeps what it said
        ({"job": "backup"}, OPS, None, Urgency.LOW, ("Nightly", "Rest")),
        ({"job": "backup", "team": "db"}, DATABASES, None, Urgency.LOW, ("Nightly", "Databases")),
    ],
)
def test_destination(
    fields: dict[str, str], service: int | None, policy: int | None, urgency: Urgency | None, path: tuple[str, ...]
) -> None:
    found = destination(TREE, fields)
    assert (found.service, found.policy, found.urgency, found.path) == (service, policy, urgency, path)


def test_the_path_explains_itself() -> None:
    assert destination(TREE, {"job": "backup", "team": "db"}).reason == "Routed by “Nightly”, then “Databases”."
    assert destination((), {}).reason == "No route matches: it goes to its integration's own service."
    assert destination(TREE, {"team": "db", "role": "replica"}).routes == (len("Databases"), len("Replicas"))


def test_a_child_that_goes_on_is_filled_in_by_its_siblings() -> None:
    tree = (
        route("A", "", route("B", "", goes_on=True, policy=QUIET), route("C", "", service=SEARCH, policy=1)),
        route("D", "", service=OPS),  # never reached
    )
    found = destination(tree, {})
    assert (found.service, found.policy, found.path) == (SEARCH, QUIET, ("A › B", "A › C"))


def test_a_route_that_cannot_be_read_is_passed_over_and_nothing_after_it_keeps_an_alert_from_paging() -> None:
    broken = Route(id=7, name="Broken", is_readable=False)
    quiet = route("Quiet", "", urgency=Urgency.NONE)
    assert destination((broken, quiet), {}).urgency is None
    assert destination((route("All", "", broken, urgency=Urgency.NONE),), {}).urgency is None
    assert destination((quiet, broken), {}).urgency is Urgency.NONE  # it was not asked
    first = route("First", "", goes_on=True, urgency=Urgency.NONE)
    assert destination((first, broken), {}).urgency is Urgency.NONE  # it would have come too late
    found = destination((broken, *TREE), {"team": "db"})
    assert (found.service, found.path, found.passed) == (DATABASES, ("Databases",), ("Broken",))
    assert found.reason == "Routed by “Databases”. The route “Broken” cannot be read and was passed over."

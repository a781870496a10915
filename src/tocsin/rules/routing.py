"""Making, moving and deleting routes of the tree."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Required, TypedDict, Unpack

from django.db.models import QuerySet

from tocsin.core.permissions import Actor, Verb, require
from tocsin.people import writing
from tocsin.people.problems import Refused
from tocsin.policies.models import EscalationPolicy
from tocsin.rules import typed
from tocsin.rules.editions import edited
from tocsin.rules.models import Route
from tocsin.services.models import Service

DEEPEST = 8
MOST = 500  # so that no message has to be held against more


class RouteFields(TypedDict, total=False):
    name: Required[str]
    matchers: str
    parent: Route | None
    goes_on: bool
    service: Service | None
    policy: EscalationPolicy | None
    urgency: str


def save_route(actor: Actor, row: Route | None, now: datetime, **said: Unpack[RouteFields]) -> Route:
    """`row`: the one to change; None makes one, the last of its siblings. What is not said is taken out of it."""
    require(actor, Verb.CONFIGURE)
    with edited():
        fields = _fields(row, **said)
        if row is None:
            return writing.create(actor, Route(**fields), now)
        return writing.change(actor, row, now, fields)


def route_as_if(actor: Actor, row: Route | None, **said: Unpack[RouteFields]) -> Route:
    """What `save_route` would save; it refuses what that refuses."""
    require(actor, Verb.CONFIGURE)
    return writing.as_if(row or Route(), _fields(row, **said))


def _fields(
    row: Route | None,
    *,
    name: str,
    matchers: str = "",
    parent: Route | None = None,
    goes_on: bool = False,
    service: Service | None = None,
    policy: EscalationPolicy | None = None,
    urgency: str = "",
) -> dict[str, Any]:
    _check_place(row, parent)
    is_moved = row is None or row.parent_id != (parent.pk if parent else None)
    place = {"parent": parent, "position": _end(parent)} if is_moved else {}
    return {
        "name": typed.name(name), "matchers": typed.written(typed.matchers(matchers)), "goes_on": goes_on,
        "service": service, "policy": policy, "urgency": urgency, **place,
    }  # fmt: skip


def move_route(actor: Actor, row: Route, by: int, now: datetime) -> None:
    """Up with -1, down with 1; at its end it stays."""
    require(actor, Verb.CONFIGURE)
    with edited():
        order = list(siblings(row.parent))
        at = next(i for i, other in enumerate(order) if other.pk == row.pk)
        order.insert(max(0, at + by), order.pop(at))
        for position, other in enumerate(order):
            if other.position != position:
                writing.change(actor, other, now, {"position": position}, verb="moved")


def delete_route(actor: Actor, row: Route, now: datetime) -> None:
    """With all that is below it."""
    require(actor, Verb.CONFIGURE)
    with edited():
        for below in reversed(list(_tree(row))):
            writing.delete(actor, below, now)


def siblings(parent: Route | None) -> QuerySet[Route]:
    return Route.objects.filter(parent=parent).order_by("position", "id")


def _end(parent: Route | None) -> int:
    last = siblings(parent).last()
    return last.position + 1 if last else 0


def _tree(row: Route) -> Iterator[Route]:
    """The node, then what is below it."""
    yield row
    for child in siblings(row):
        yield from _tree(child)


def _check_place(row: Route | None, parent: Route | None) -> None:
    above = list(_above(parent))
    if row is not None and row.pk in {node.pk for node in above}:
        sentence = "A route cannot be below itself."
        raise Refused(sentence, {"parent": sentence})
    if len(above) + (_height(row) if row else 1) > DEEPEST:
        sentence = f"Routes are nested at most {DEEPEST} deep."
        raise Refused(sentence, {"parent": sentence})
    if row is None and Route.objects.count() >= MOST:
        raise Refused(f"There are {MOST} routes already, which is the most. Delete what nobody needs any more.")


def _above(node: Route | None) -> Iterator[Route]:
    while node is not None:
        yield node
        node = node.parent


def _height(row: Route) -> int:
    return 1 + max(map(_height, siblings(row)), default=0)

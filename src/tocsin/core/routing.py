"""Where an alert goes: the routing tree.

Alertmanager's, with one difference: a node need not say everything. The first node that matches is taken; what its
children say goes before what it says itself. If it goes on (`continue`), later siblings fill in what is not said yet,
and the alert's integration says the rest.

A node that cannot be read is passed over with its children. Whether the alert was theirs is not known then, so what
comes after may say where it goes, but not that it pages nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tocsin.core.matching import Fields, Matchers, matches
from tocsin.core.signals import Urgency


@dataclass(frozen=True, kw_only=True)
class Route:
    id: int
    name: str
    matchers: Matchers = ()  # none: everything
    goes_on: bool = False
    service: int | None = None
    policy: int | None = None
    urgency: Urgency | None = None
    children: tuple["Route", ...] = ()
    is_readable: bool = True  # else it is passed over


@dataclass(frozen=True, kw_only=True)
class Destination:
    service: int | None = None  # none: the integration's own
    policy: int | None = None  # none: the service's own
    urgency: Urgency | None = None  # none: by the urgency rules
    path: tuple[str, ...] = ()  # each route that was taken, “Databases › Backups”
    routes: tuple[int, ...] = ()  # their ids, outer ones before inner ones
    passed: tuple[str, ...] = ()  # routes that cannot be read and might have been for it

    @property
    def reason(self) -> str:
        said = f"Routed by {', then '.join(f'“{name}”' for name in self.path)}."
        if not self.path:
            said = "No route matches: it goes to its integration's own service."
        passed = [f"The route “{name}” cannot be read and was passed over." for name in dict.fromkeys(self.passed)]
        return " ".join([said, *passed])

    def filled(self, other: "Destination") -> "Destination":
        """What this does not say, the other does; but not that nobody is paged, when a route was passed over."""
        other_urgency = None if self.passed and other.urgency is Urgency.NONE else other.urgency
        return Destination(
            service=self.service if self.service is not None else other.service,
            policy=self.policy if self.policy is not None else other.policy,
            urgency=self.urgency if self.urgency is not None else other_urgency,
            path=(*self.path, *other.path),
            routes=(*self.routes, *other.routes),
            passed=(*self.passed, *other.passed),
        )


NOWHERE = Destination()


def destination(routes: Iterable[Route], fields: Fields) -> Destination:
    found = NOWHERE
    for route in routes:
        if not route.is_readable:
            found = found.filled(Destination(passed=(route.name,)))
            continue
        if not matches(route.matchers, fields):
            continue
        found = found.filled(_of(route, fields))
        if not route.goes_on:
            break
    return found


def _of(route: Route, fields: Fields) -> Destination:
    """The route's own, behind what its children say."""
    inner = destination(route.children, fields)
    whole = inner.filled(Destination(service=route.service, policy=route.policy, urgency=route.urgency))
    path = tuple(f"{route.name} › {name}" for name in inner.path) or (route.name,)
    return replace(whole, path=path, routes=(route.id, *inner.routes))

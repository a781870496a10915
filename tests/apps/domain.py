"""A small organisation for tests of people, schedules and policies."""

from datetime import UTC, date, datetime, time, timedelta

from tocsin.core.escalation import Target, TargetKind
from tocsin.core.permissions import Actor, Role, Verb, verbs_of
from tocsin.core.rotation import Layer, Unit
from tocsin.people import actions
from tocsin.people.models import Team, User
from tocsin.people.queries import actor_of
from tocsin.schedules.actions import create_schedule, save_layers
from tocsin.schedules.models import Schedule

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
PASSWORD = "correct horse battery"
ADMIN = Actor(user_id=None, name="test", via="cli", verbs=frozenset(Verb))


def person(name: str, role: Role = Role.RESPONDER, *, email: bool = False) -> User:
    """`email`: with a verified address for pages."""
    address = f"{name.lower()}@example.org"
    user, _ = actions.invite(ADMIN, address, name, role, None, NOW)
    if email:
        actions.issue_method(ADMIN, user, "email", "Mail", address, NOW)
    return user


def as_(user: User) -> Actor:
    return actor_of(user, "web")


def role(name: Role) -> Actor:
    """Somebody of that role who is nobody in particular."""
    return Actor(user_id=None, name=name.value, via="web", verbs=verbs_of(name))


def team(name: str, *members: User) -> Team:
    made = actions.create_team(ADMIN, name, NOW)
    actions.set_members(ADMIN, made, [m.pk for m in members], NOW)
    return made


def weekly(*people: User, name: str = "Weekly", **changes: object) -> Layer:
    """One turn each, from Monday 2 March, 09:00."""
    given = {
        "name": name,
        "unit": Unit.WEEK,
        "every": 1,
        "starts_on": date(2026, 3, 2),
        "handoff_at": time(9),
        "slots": tuple((p.pk,) for p in people),
    }
    return Layer(**{**given, **changes})  # type: ignore[arg-type]


def schedule(name: str, *layers: Layer, zone: str = "Europe/Berlin") -> Schedule:
    made = create_schedule(ADMIN, name, zone, NOW)
    save_layers(ADMIN, made, layers, NOW)
    return made


def of(row: User | Schedule | Team) -> Target:
    kinds = {User: TargetKind.USER, Schedule: TargetKind.SCHEDULE, Team: TargetKind.TEAM}
    return Target(kind=kinds[type(row)], id=row.pk, name=str(row))


def hours(count: float) -> datetime:
    return NOW + timedelta(hours=count)

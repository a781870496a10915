"""The steps of the first run: which there are, and which are done. What is done shows in what there is."""

from collections.abc import Callable
from dataclasses import dataclass

from tocsin.core.permissions import Actor, Verb, require
from tocsin.home import queries
from tocsin.paging import queries as paging
from tocsin.people import queries as people
from tocsin.schedules import queries as schedules
from tocsin.services import queries as services


@dataclass(frozen=True, kw_only=True)
class Step:
    name: str  # in the URL
    label: str
    is_done: Callable[[Actor], bool]


@dataclass(frozen=True, kw_only=True)
class Shown:
    name: str
    label: str
    is_done: bool


def _has_tested(actor: Actor) -> bool:
    return paging.tests_of(actor, actor.user_id or 0).filter(acknowledged_at__isnull=False).exists()


STEPS = (
    Step(name="team", label="Team", is_done=lambda actor: people.teams(actor).exists()),
    Step(name="reach", label="How you are reached", is_done=queries.is_reachable),
    Step(name="test", label="Test page", is_done=_has_tested),
    Step(name="schedule", label="Schedule", is_done=lambda actor: schedules.schedules(actor).exists()),
    Step(name="alerts", label="First alert", is_done=lambda actor: services.integrations(actor).exists()),
)
NAMES = tuple(step.name for step in STEPS)


def shown(actor: Actor) -> list[Shown]:
    """For a person who manages people."""
    require(actor, Verb.MANAGE_PEOPLE)
    return [Shown(name=step.name, label=step.label, is_done=step.is_done(actor)) for step in STEPS]


def after(name: str) -> str:
    """The next step's name; empty after the last."""
    at = NAMES.index(name) + 1
    return NAMES[at] if at < len(NAMES) else ""

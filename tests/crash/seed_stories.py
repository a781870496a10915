"""`python -m tests.crash.seed_stories URL`: what `tests.crash.stories` plays with; prints JSON.

Two services whose alerts page Ada by a webhook, then Ben, whose first method is refused for good and whose second is
a mail, both twice, and at last Olga by ntfy. Delays are seconds where a policy has minutes: the versions of the
policies, which escalations run by, are written with shorter ones.

Runs beside a server, in its environment.
"""

import json
import sys

from tocsin.config import django_setup

django_setup.setup()

from tests.crash.stories import POLICIES  # noqa: E402 - Django has to be set up first
from tests.world import SETUP, Person, World  # noqa: E402
from tocsin import clock  # noqa: E402
from tocsin.core.permissions import Scope  # noqa: E402
from tocsin.core.signals import Urgency  # noqa: E402
from tocsin.people import actions as people  # noqa: E402
from tocsin.policies import snapshots  # noqa: E402
from tocsin.policies.models import EscalationPolicy  # noqa: E402
from tocsin.services.actions import create_integration, create_service  # noqa: E402

MINUTES = 10  # of a method that is only used so soon because the one before it failed


def seed(url: str) -> dict[str, object]:
    world = World(clock.now())
    olga = _reached(world, world.owner(), ("ntfy", f"{url}/olga", 0))
    ada = _reached(world, world.person("Ada"), ("webhook", f"{url}/ada", 0))
    mail = ("email", "ben@example.org", MINUTES * 60)
    ben = _reached(world, world.person("Ben"), ("webhook", f"{url}/gone", 0), mail)
    _, token = people.create_token(SETUP, "Ada’s phone", [Scope.RESPOND, Scope.CONFIGURE], ada.user, None, world.now)
    keys = {name: _service(world, name, ada, ben, olga) for name in POLICIES}
    return {"keys": keys, "token": token}


def _reached(world: World, person: Person, *ways: tuple[str, str, int]) -> Person:
    made = [people.issue_method(SETUP, person.user, kind, kind, to, world.now) for kind, to, _ in ways]
    rules = [(method.pk, delay) for method, (_, _, delay) in zip(made, ways, strict=True)]
    people.set_rules(SETUP, person.user, Urgency.HIGH, rules, world.now)
    return person


def _service(world: World, name: str, ada: Person, ben: Person, olga: Person) -> str:
    lapses = POLICIES[name].lapses
    policy = world.policy([ada], [ben], catch_all=[olga], repeats=1, ack_timeout=30 if lapses else 0)
    _shorten(world, policy, lapses)
    service = create_service(SETUP, name.title(), policy, world.now, storm_threshold=0)
    return create_integration(SETUP, service, "pagerduty", "Monitoring", world.now)[1]


def _shorten(world: World, policy: EscalationPolicy, lapses: float | None) -> None:
    version = snapshots.version_of(policy, world.now)
    for step, planned in zip(version.body["steps"], POLICIES["lasting"].steps, strict=False):
        step["delay_seconds"] = planned.delay
    version.body["ack_timeout_high"] = lapses
    version.save()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(seed(sys.argv[1])))

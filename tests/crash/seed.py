"""`python -m tests.crash.seed URL`: a service whose alerts page one person by a webhook; prints the integration's key.

Runs beside a server, in its environment.
"""

import sys

from tocsin.config import django_setup

django_setup.setup()

from tests.world import SETUP, World  # noqa: E402 - Django has to be set up first
from tocsin import clock  # noqa: E402
from tocsin.core.signals import Urgency  # noqa: E402
from tocsin.people import actions as people  # noqa: E402
from tocsin.services.actions import create_integration, create_service  # noqa: E402


def seed(url: str) -> str:
    now = clock.now()
    world = World(now)
    olga = world.owner()
    hook = people.issue_method(SETUP, olga.user, "webhook", "Hook", url, now)
    people.set_rules(SETUP, olga.user, Urgency.HIGH, [(hook.pk, 0)], now)
    service = create_service(SETUP, "Checkout", world.policy([olga], delay=60), now)
    _, key = create_integration(SETUP, service, "pagerduty", "Monitoring", now)
    return key


if __name__ == "__main__":
    sys.stdout.write(seed(sys.argv[1]))

"""`python -m tests.crash.seed URL N STORM`: N services whose alerts page one person by a webhook; prints their keys.

STORM new alerts of a service in five minutes are one page; 0: every alert is one.

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

NAMES = ("Checkout", "Search", "Accounts", "Mail", "Reports")


def seed(url: str, services: int, storm: int) -> list[str]:
    now = clock.now()
    world = World(now)
    olga = world.owner()
    hook = people.issue_method(SETUP, olga.user, "webhook", "Hook", url, now)
    people.set_rules(SETUP, olga.user, Urgency.HIGH, [(hook.pk, 0)], now)
    policy = world.policy([olga], delay=60)
    made = [create_service(SETUP, name, policy, now, storm_threshold=storm) for name in NAMES[:services]]
    return [create_integration(SETUP, service, "pagerduty", "Monitoring", now)[1] for service in made]


if __name__ == "__main__":
    sys.stdout.write("\n".join(seed(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))

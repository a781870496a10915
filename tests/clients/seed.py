"""`python -m tests.clients.seed ADDRESS`: a service whose alerts page that person by mail; prints the keys to it.

Runs beside a server, in its environment.
"""

import json
import sys

from tocsin.config import django_setup

django_setup.setup()

from tocsin import clock  # noqa: E402 - Django has to be set up first
from tocsin.core.escalation import Target, TargetKind  # noqa: E402
from tocsin.core.permissions import Actor, Role, Verb  # noqa: E402
from tocsin.people.models import ContactMethod, User  # noqa: E402
from tocsin.policies.actions import StepSpec, create_policy, save_steps  # noqa: E402
from tocsin.services.actions import create_integration, create_service  # noqa: E402
from tocsin.sources.registry import BY_HAND  # noqa: E402

SETUP = Actor(user_id=None, name="test", via="cli", verbs=frozenset(Verb))


def seed(address: str) -> dict[str, str]:
    now = clock.now()
    ada = User.objects.create(email=address, name="Ada", role=Role.OWNER, created_at=now)
    ContactMethod.objects.create(user=ada, kind="email", label="mail", address=address, verified_at=now, created_at=now)
    policy = create_policy(SETUP, "Shop", now)
    ada_herself = Target(kind=TargetKind.USER, id=ada.pk, name=ada.name)
    save_steps(SETUP, policy, [StepSpec(delay_minutes=5, targets=(ada_herself,))], (), now)
    service = create_service(SETUP, "shop", policy, now)
    return {kind: create_integration(SETUP, service, kind, kind, now)[1] for kind in BY_HAND}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(seed(sys.argv[1])))

"""A service whose alerts page a person by mail, and the keys to it; asked for by `tests.clients.beside`."""

from tocsin import clock
from tocsin.core.escalation import Target, TargetKind
from tocsin.core.permissions import Actor, Role, Verb
from tocsin.people.models import ContactMethod, User
from tocsin.policies.actions import StepSpec, create_policy, save_steps
from tocsin.services.actions import create_integration, create_service
from tocsin.sources.registry import BY_HAND

SETUP = Actor(user_id=None, name="test", via="cli", verbs=frozenset(Verb))


def seed(address: str) -> dict[str, str]:
    now = clock.now()
    ada = User.objects.create(email=address, name="Ada", role=Role.OWNER, created_at=now)
    ContactMethod.objects.create(user=ada, kind="email", label="mail", address=address, verified_at=now, created_at=now)
    policy = create_policy(SETUP, "Shop", now)
    ada_herself = Target(kind=TargetKind.USER, id=ada.pk, name=ada.name)
    save_steps(SETUP, policy, [StepSpec(delay_minutes=5, targets=(ada_herself,))], (), now)
    # no storms: the tests of a file follow each other so quickly that the second alert would wait for one
    service = create_service(SETUP, "shop", policy, now, storm_threshold=0)
    return {kind: create_integration(SETUP, service, kind, kind, now)[1] for kind in BY_HAND}

"""`python -m tests.clients.seed_check KIND NAME CONFIG`: a check of the seeded service; prints its id and ping address.

Runs beside a server, in its environment, after `tests.clients.seed`.
"""

import json
import sys

from tocsin.config import django_setup

django_setup.setup()

from tests.clients.seed import SETUP  # noqa: E402 - Django has to be set up first
from tocsin import clock  # noqa: E402
from tocsin.checks import actions, queries  # noqa: E402
from tocsin.services.models import Service  # noqa: E402


def seed_check(kind: str, name: str, config: str) -> dict[str, object]:
    service = Service.objects.get(slug="shop")
    made, key = actions.create_check(SETUP, service, kind, name, clock.now(), config=json.loads(config))
    return {"id": made.pk, "url": queries.ping_url(key)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(seed_check(*sys.argv[1:])))

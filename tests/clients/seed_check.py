"""A check of the seeded service, its id and its address for pings; asked for by `tests.clients.beside`."""

import json

from tests.clients.seed import SETUP
from tocsin import clock
from tocsin.checks import actions, queries
from tocsin.services.models import Service


def seed_check(kind: str, name: str, config: str) -> dict[str, object]:
    service = Service.objects.get(slug="shop")
    made, key = actions.create_check(SETUP, service, kind, name, clock.now(), config=json.loads(config))
    return {"id": made.pk, "url": queries.ping_url(key)}

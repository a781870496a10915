"""Schemathesis calls the API by its own document, with what it allows and what it does not.

No server's mistake, and every answer has the shape that the document says. All operations take minutes: `--long`.
"""

import json
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.api.caller import Caller
from tests.apps.domain import person
from tests.conftest import NOON
from tests.world import World
from tocsin.config.api import api
from tocsin.config.api_middleware import PREFIX
from tocsin.core.permissions import Role

pytestmark = pytest.mark.django_db

schema = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX))))
FEW = settings(
    max_examples=2,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def caller() -> Iterator[Caller]:
    """An owner in an organisation in which `checkout` is the name of everything and an alert is open."""
    world = World(NOON)
    ada = world.person("Ada")
    monitoring = world.monitoring(world.policy([ada]))
    monitoring.fires()
    for each in (request_started, request_finished):
        each.disconnect(close_old_connections)  # as Django's own test client does: the test's transaction stays
    yield Caller(person("Olga", Role.OWNER))
    for each in (request_started, request_finished):
        each.connect(close_old_connections)


@schema.include(path_regex="/slos").parametrize()
@FEW
def test_operations_of_slos(case: schemathesis.Case, caller: Caller) -> None:
    judge_both(case, caller)


@pytest.mark.long
@schema.parametrize()
@settings(FEW, max_examples=4, phases=[Phase.explicit, Phase.generate])
def test_every_operation_and_every_boundary(case: schemathesis.Case, caller: Caller) -> None:
    judge_both(case, caller)


def judge_both(case: schemathesis.Case, caller: Caller) -> None:
    """As it was made up, and again for what is there."""
    judge(case, caller)
    if case.path_parameters:
        case.path_parameters = {name: known(name, value) for name, value in case.path_parameters.items()}
        judge(case, caller)


def judge(case: schemathesis.Case, caller: Caller) -> None:
    headers = {"Authorization": f"Bearer {caller.token}"}
    checks = [not_a_server_error, response_schema_conformance, content_type_conformance]
    case.call_and_validate(app=WSGIHandler(), headers=headers, checks=checks)


def known(name: str, value: object) -> object:
    """Something that is there, so that more is reached than the answer that nothing is."""
    if name == "slug":
        return "checkout"
    return 1 if isinstance(value, int) or str(value).isdigit() else value

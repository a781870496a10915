"""Schemathesis's cases of the API, and what every answer is judged by."""

import json

import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.api.caller import Caller
from tocsin.config.api import api
from tocsin.config.api_middleware import PREFIX

FEW = settings(
    max_examples=2,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def schema() -> BaseSchema:
    return schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX))))


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

"""Schemathesis calls the API by its own document, with what it allows and what it does not.

No server's mistake, and every answer has the shape that the document says. All operations take minutes, see
`test_schema_long`.
"""

import pytest
import schemathesis

from tests.api.caller import Caller
from tests.api.judging import FEW, judge_both, schema

pytestmark = pytest.mark.django_db

slos = schema().include(path_regex="/slos")
slos.config.phases.coverage.enabled = False  # its cases are made up while tests are collected, which takes long


@slos.parametrize()
@FEW
def test_operations_of_slos(case: schemathesis.Case, owner: Caller) -> None:
    judge_both(case, owner)

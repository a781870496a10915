"""Schemathesis calls every operation of the API, at every boundary. Read by `script/test --long` alone."""

import pytest
import schemathesis
from hypothesis import Phase, settings

from tests.api.caller import Caller
from tests.api.judging import FEW, judge_both, schema

pytestmark = pytest.mark.django_db

every = schema()


@pytest.mark.long
@every.parametrize()
@settings(FEW, max_examples=4, phases=[Phase.explicit, Phase.generate])
def test_every_operation_and_every_boundary(case: schemathesis.Case, owner: Caller) -> None:
    judge_both(case, owner)

"""What every test shares."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings

settings.register_profile("tocsin", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tocsin")

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday, far from any change of clocks


@pytest.fixture
def now() -> datetime:
    return NOON


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()

"""What every test shares."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tests import databases, running

settings.register_profile("tocsin", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tocsin")

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday, far from any change of clocks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those with servers of their own first: what takes long must not be what is left at the end."""
    items.sort(key=lambda item: not {"crash", "clients", "cli"} & set(item.path.parts))


@pytest.fixture
def now() -> datetime:
    return NOON


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A copy of the one database that was migrated for the whole run, in place of migrations in every worker."""
    with django_db_blocker.unblock():
        url = databases.fresh(running.migrated())
        connection.close()
        connection.settings_dict["NAME"] = databases.name_of(url)
        yield
        connection.close()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()

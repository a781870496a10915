"""What every test shares."""

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tests import databases, running

# filled when the database was migrated, and by nothing else
_LASTING = {"django_migrations", "django_content_type", "auth_permission"}

settings.register_profile("tocsin", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tocsin")

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday, far from any change of clocks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those with servers of their own first: what takes long must not be what is left at the end."""
    items.sort(key=lambda item: not {"crash", "clients", "cli"} & set(item.path.parts))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Cases of all operations are made up while they are collected: nobody waits for that who does not want them."""
    return True if collection_path.name == "test_schema_long.py" and config.option.markexpr != "long" else None


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage, again and again, is a sixteenth of the suite."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


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
        monkeypatch = pytest.MonkeyPatch()
        monkeypatch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: _empty())
        yield
        monkeypatch.undo()
        connection.close()


def _empty() -> None:
    """No rows, in place of Django's flush, which makes every table of PostgreSQL anew and fills two of them again."""
    tables = set(_tables()) - _LASTING
    with transaction.atomic(), connection.cursor() as cursor:  # keys are looked at when all rows are gone
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')


@lru_cache(maxsize=1)
def _tables() -> list[str]:
    return connection.introspection.django_table_names(only_existing=True, include_views=False)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()

"""A policy or a schedule that is saved at the moment an alert pages: somebody is paged, by what was or by what is.

On PostgreSQL another commit comes between two reads. SQLite has one writer, which waits until the page is written.
"""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from tests.apps import domain
from tests.world import SETUP, World
from tocsin.policies import actions as policies
from tocsin.policies import snapshots
from tocsin.policies.actions import StepSpec
from tocsin.schedules import actions as schedules
from tocsin.schedules import loading


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


class Meanwhile:
    """Something done once on a connection of its own, committed when it returns if there can be two writers."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work, self._failed = work, list[BaseException]()
        self._thread = threading.Thread(target=self._run)

    def __call__(self) -> None:
        if self._thread.ident is None:
            self._thread.start()
            if connection.features.has_select_for_update:
                self.finish()

    def finish(self) -> None:
        assert self._thread.ident is not None, "it was never begun"
        self._thread.join(20)
        assert not self._thread.is_alive(), "it waits for a lock"
        assert not self._failed, self._failed

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            self._failed.append(error)
        finally:
            connection.close()


def test_a_policy_that_is_saved_while_an_alert_opens_still_pages_its_people(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.owner()
    ada = world.person("Ada")
    policy = world.policy([ada])
    steps = [StepSpec(delay_minutes=7, targets=(ada.target,))]  # somebody changes five minutes to seven
    meanwhile = Meanwhile(lambda: policies.save_steps(SETUP, policy, steps, (), world.now))
    usual = snapshots.target_of

    def target_of(row: snapshots.Row) -> object:
        found = usual(row)
        meanwhile()
        return found

    monkeypatch.setattr(snapshots, "target_of", target_of)
    world.monitoring(policy).fires()
    meanwhile.finish()
    ada.expect_page("checkout")
    world.nothing_else()


@pytest.mark.parametrize("between", ["_calendars", "_in", "_overrides", "_slots"])
def test_a_schedule_that_is_saved_while_it_is_read_still_has_somebody_on_call(
    world: World, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    world.owner()
    ada, grace = world.person("Ada"), world.person("Grace")
    layers = [domain.weekly(ada.user)]
    weekly = domain.schedule("Weekly", *layers)
    meanwhile = Meanwhile(lambda: schedules.save_layers(SETUP, weekly, layers, world.now))
    usual = getattr(loading, between)

    def read(*arguments: object) -> object:
        meanwhile()
        return usual(*arguments)

    monkeypatch.setattr(loading, between, read)
    world.monitoring(world.policy([weekly], [grace])).fires()
    meanwhile.finish()
    ada.expect_page("checkout")
    world.nothing_else()

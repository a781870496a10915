"""What Tocsin knows about itself."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction

from tests import databases
from tocsin import clock
from tocsin.health import beats, counters, presence, problems, settings, wakeups
from tocsin.health.models import Beat, Counter, Problem

S = timedelta(seconds=1)
pytestmark = pytest.mark.django_db


def test_a_problem_seen_again_is_the_same_problem(now: datetime) -> None:
    problems.report("heartbeat", "No heartbeat", "first", "/settings/", now)
    problems.report("heartbeat", "No heartbeat", "second", "/settings/", now + S)
    (problem,) = problems.open_problems()
    assert (problem.count, problem.detail) == (2, "second")
    assert (problem.first_seen, problem.last_seen) == (now, now + S)


def test_a_problem_that_is_over_can_begin_again(now: datetime) -> None:
    problems.report("heartbeat", "No heartbeat", "", "", now)
    assert problems.over("heartbeat", now + S)
    assert not problems.open_problems()
    assert not problems.over("heartbeat", now + S)
    problems.report("heartbeat", "No heartbeat", "", "", now + 2 * S)
    (problem,) = problems.open_problems()
    assert (problem.count, problem.first_seen) == (1, now + 2 * S)
    assert Problem.objects.count() == 1


def test_long_texts_are_cut_to_what_is_stored(now: datetime) -> None:
    problems.report("k" * 500, "t" * 500, "d" * 5000, "u" * 500, now)
    problems.report("k" * 500, "t" * 500, "d" * 5000, "u" * 500, now)
    assert problems.over("k" * 500, now)


def test_a_counter_begins_at_its_first_use() -> None:
    counters.add("repairs")
    counters.add("repairs", 2)
    counters.add("never", 0)
    assert counters.values() == {"repairs": 3}
    assert counters.value("other") == 0
    assert Counter.objects.count() == 1


def test_a_setting_is_kept_until_it_is_changed() -> None:
    assert settings.get("drills", default=[]) == []
    settings.put("drills", {"on": True})
    settings.put("drills", {"on": False})
    assert settings.get("drills") == {"on": False}


def test_a_person_watches_while_a_tab_is_seen(now: datetime) -> None:
    presence.seen("tab 1", 1, now)
    presence.seen("tab 2", 2, now - timedelta(minutes=5))  # its process died
    assert presence.watching([1, 2, 3], now) == {1}
    presence.seen("tab 2", 2, now)
    assert presence.watching([1, 2, 3], now) == {1, 2}
    presence.gone("tab 1")
    assert presence.watching([1, 2, 3], now) == {2}
    assert presence.clear(now + timedelta(hours=1)) == 1


def test_a_process_lives_while_its_beat_is_fresh(now: datetime) -> None:
    beats.beat("engine", now - beats.EVERY)
    beats.beat("engine", now)
    assert beats.alive("engine", now + beats.EVERY) == {beats.node()}
    assert beats.alive("web", now) == set()
    assert beats.alive("engine", now + beats.STALE) == set()
    beats.beat("web", now)
    beats.stopped("web")
    assert beats.alive("web", now) == set()
    assert beats.clear(now + timedelta(days=1)) == 1


def test_dead_processes_of_this_place_are_told_from_living_ones_and_from_those_elsewhere() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here, parent = beats.place(), os.getppid()
    dead = {f"{here}:{ended.pid}:00000", f"{here}:{parent}:00000", f"{here}:{os.getpid()}:00000"}  # the same numbers
    alive = {f"{here}:{parent}:{beats._mark(parent)}", beats.node()}
    unknown = {f"{beats.host()}.0000:{os.getpid()}:00000", f"{beats.host()}:{ended.pid}", "odd"}
    assert beats.dead_here(dead | alive | unknown, is_alone=False) == dead
    assert beats.dead_here(dead | alive | unknown, is_alone=True) == dead | unknown


def test_a_node_is_silent_that_does_not_beat(now: datetime) -> None:
    for name, at in (("fresh", now - beats.EVERY), ("stale", now - beats.STALE)):
        Beat.objects.create(node=name, role="engine", at=at)
    assert beats.silent({"fresh", "stale", "unheard", beats.node()}, now) == {"stale", "unheard"}


@pytest.fixture
def listener(transactional_db: None) -> Iterator[wakeups.Listener]:
    made = wakeups.listener()
    yield made
    made.close()


def test_a_listener_hears_a_commit_with_work(listener: wakeups.Listener) -> None:
    with transaction.atomic():
        counters.add("work")
        wakeups.notify()
        assert not listener.wait(0.03)  # nothing is there before the commit
    begun = clock.monotonic()
    assert listener.wait(5)
    assert clock.monotonic() - begun < 1
    assert not listener.wait(0)  # heard once


def test_a_listener_hears_what_was_committed_while_nobody_waited(listener: wakeups.Listener) -> None:
    for _ in range(3):
        with transaction.atomic():
            counters.add("work")
            wakeups.notify()
    assert listener.wait(5)
    assert not listener.wait(0.03)


if databases.IS_POSTGRESQL:  # SQLite has no connection to lose

    def test_a_listener_that_lost_its_connection_connects_again_and_wakes_up(listener: wakeups.Listener) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
            )
        assert not listener.wait(0.01)
        assert listener.wait(5)  # what was said meanwhile was missed
        with transaction.atomic():
            wakeups.notify()
        assert listener.wait(5)


def test_a_commit_by_another_process_is_heard(listener: wakeups.Listener) -> None:
    if databases.IS_POSTGRESQL:
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute("SELECT pg_notify('tocsin', '')")
    else:
        with sqlite3.connect(str(connection.settings_dict["NAME"])) as other_file:
            other_file.execute("INSERT INTO health_counter (name, value) VALUES ('x', 1)")
        other_file.close()
    assert listener.wait(5)


def test_hosts_whose_long_names_begin_alike_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    pods = ("tocsin-production-7d9f8b6c5d-x2x9z", "tocsin-production-7d9f8b6c5d-k4tlm", "tocsin-7d9f8b6c5d-x2x9z")
    seen = []
    for pod in pods:
        monkeypatch.setattr("socket.gethostname", lambda name=pod: name)
        seen.append(beats.node())
    assert len(set(seen)) == 3
    assert all(len(node) <= 40 for node in seen)

"""Several nodes absorb, and people answer meanwhile: nothing is lost, nothing is twice, nothing is illegal."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.apps.hearing import NOON, Source, make_integration, make_service
from tests.apps.test_absorbing_anything import check
from tocsin.alerts import actions
from tocsin.alerts.models import Alert, AlertGroup, Event, Outcome, Waiting
from tocsin.core.permissions import TOCSIN

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = ("cpu", "disk", "net")
ROUNDS = 12


def in_threads(*jobs: Callable[[], None]) -> None:
    def run(job: Callable[[], None]) -> None:
        try:
            job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for future in [pool.submit(run, job) for job in jobs]:
            future.result(timeout=60)


def test_two_nodes_and_a_person_at_once() -> None:
    tool = Source(make_integration(make_service(group_minutes=60)))
    for turn in range(ROUNDS):
        for key in KEYS:
            tool.triggers(key)
            tool.triggers(key, "critical")
        for key in KEYS[: turn % 4]:
            tool.resolves(key)
    done = threading.Event()

    def absorb_all() -> None:
        while Waiting.objects.exists():
            tool.absorbed(limit=5)
        done.set()

    def answer() -> None:
        while not done.is_set():
            for pk in AlertGroup.objects.exclude(state="resolved").values_list("pk", flat=True):
                actions.mark_acknowledged(pk, TOCSIN, NOON)
                actions.mark_triggered(pk, TOCSIN, NOON)

    in_threads(absorb_all, absorb_all, answer)
    check()
    events = Event.objects.count()
    assert Event.objects.filter(waiting=None, quarantine=None).count() == events == Outcome.objects.count()
    opened = Counter(Alert.objects.values_list("dedup_key", flat=True))
    # a key opens anew after each of its resolves: the order of its events was kept by both
    resolves = {key: sum(1 for turn in range(ROUNDS) if key in KEYS[: turn % 4]) for key in KEYS}
    still_open = Alert.objects.exclude(state="resolved").count()
    assert sum(opened.values()) == sum(resolves.values()) + still_open
    assert Outcome.objects.filter(reason="nothing open").count() == 0

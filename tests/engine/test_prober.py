"""Probes as the engine runs them: shared by nodes, none twice, a slow one holds up no other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import pytest
from django.db import connection
from pytest_django import Settings

from tests.apps.watching import probe
from tests.channels import servers
from tests.channels.servers import Receiver
from tests.world import SETUP, World
from tocsin import clock
from tocsin.checks import actions, clearing, probing
from tocsin.checks.models import Check, Ping, Result, Site, Spell
from tocsin.checks.probing import Done
from tocsin.core.probes import Finding
from tocsin.engine.prober import Prober
from tocsin.health import problems
from tocsin.services.models import Service

pytestmark = pytest.mark.django_db(transaction=True)

BAD, GOOD = Finding(error="it answered 503"), Finding(seconds=0.1)


@pytest.fixture
def world(transactional_db: None) -> World:
    return World(clock.now())


@pytest.fixture
def shop(world: World) -> Service:
    world.owner()
    return world.monitoring(world.policy([world.person("Ada")])).service


def run_until(prober: Prober, done: object, within: float = 15.0) -> None:
    """Turns until `done` says so."""
    pool, end = ThreadPoolExecutor(prober.at_once), monotonic() + within
    while not done():  # type: ignore[operator]
        assert monotonic() < end
        prober.turn(pool)
    pool.shutdown()


def test_a_due_probe_is_run_and_its_result_kept(world: World, shop: Service, receiver: Receiver) -> None:
    check = probe(world, shop, url=receiver.url)
    run_until(Prober(stop=threading.Event()), Result.objects.exists)
    result = Result.objects.get()
    assert (result.is_ok, result.facts["status"], next(iter(result.phases))) == (True, 200, "DNS")
    check.refresh_from_db()
    assert check.state == "up"
    site = check.sites.get()
    assert site.next_due == result.at + timedelta(seconds=60)


def test_a_target_that_hangs_holds_up_no_other(world: World, shop: Service, receiver: Receiver) -> None:
    with servers.receiver() as slow:
        slow.hold.clear()
        hanging = probe(world, shop, name="Slow", url=slow.url, timeout=20)
        quick = [probe(world, shop, name=f"Quick {n}", url=receiver.url) for n in range(5)]
        prober = Prober(stop=threading.Event(), at_once=3)
        pool = ThreadPoolExecutor(3)
        end = monotonic() + 15
        while Result.objects.filter(check_of__in=quick, is_ok=True).count() < 5:
            assert monotonic() < end
            prober.turn(pool)
        assert not Result.objects.filter(check_of=hanging).exists()
        slow.hold.set()
        pool.shutdown()


def at_once(count: int, deed: object) -> list[object]:
    ready = threading.Barrier(count)

    def do(number: int) -> object:
        try:
            ready.wait(10)
            return deed(number)  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(do, range(count)))


def test_two_nodes_never_run_one_probe_twice(world: World, shop: Service) -> None:
    for number in range(20):
        probe(world, shop, name=f"Probe {number}", url="https://shop.example.org")
    taken = at_once(2, lambda _: [job.site_id for job in probing.lease("", world.now, 20)])
    ids = [pk for of in taken for pk in of]  # type: ignore[attr-defined]
    assert sorted(ids) == sorted(Site.objects.values_list("pk", flat=True))


def test_what_a_dead_node_had_is_taken_when_its_lease_is_over_and_its_late_result_does_not_count(
    world: World, shop: Service
) -> None:
    probe(world, shop, url="https://shop.example.org", timeout=10)
    (first,) = probing.lease("", world.now, 5)
    assert probing.lease("", world.now + timedelta(seconds=60), 5) == []
    (second,) = probing.lease("", world.now + timedelta(seconds=70), 5)
    assert not probing.record(Done(job=first, began_at=world.now, finding=BAD), world.now)
    assert probing.record(Done(job=second, began_at=world.now, finding=GOOD), world.now)
    assert [r.is_ok for r in Result.objects.all()] == [True]


def test_a_region_is_looked_from_only_by_its_own_nodes(world: World, shop: Service) -> None:
    probe(world, shop, name="Regions", url="https://x.example", regions=["eu", "us"], regions_down=2)
    anywhere = probe(world, shop, name="Anywhere", url="https://y.example")
    assert [job.check_id for job in probing.lease("", world.now, 5)] == [anywhere.pk]
    assert len(probing.lease("eu", world.now, 5)) == 1
    assert probing.lease("eu", world.now, 5) == []
    assert len(probing.lease("us", world.now, 5)) == 1


def test_down_means_as_many_regions_as_were_asked_for(world: World, shop: Service) -> None:
    check = probe(world, shop, url="https://x.example", regions=["ap", "eu", "us"], regions_down=2, retries=0)
    for region, state in (("ap", "failing"), ("eu", "down")):
        (job,) = probing.lease(region, world.now, 5)
        probing.record(Done(job=job, began_at=world.now, finding=BAD), world.now)
        check.refresh_from_db()
        assert check.state == state
    assert check.reason == "Ap: it answered 503; eu: it answered 503."


def test_two_regions_that_report_at_the_same_moment_are_both_counted(world: World, shop: Service) -> None:
    check = probe(world, shop, url="https://x.example", regions=["eu", "us"], regions_down=2, retries=0)
    jobs = [probing.lease(region, world.now, 5)[0] for region in ("eu", "us")]
    at_once(2, lambda n: probing.record(Done(job=jobs[n], began_at=world.now, finding=BAD), world.now))
    check.refresh_from_db()
    assert (check.state, check.is_alerting, Result.objects.count()) == ("down", True, 2)


def test_this_nodes_region_is_its_setting(world: World, shop: Service, receiver: Receiver, settings: Settings) -> None:
    settings.REGION = "eu"
    probe(world, shop, url=receiver.url, regions=["eu", "us"])
    run_until(Prober(stop=threading.Event()), Result.objects.exists)
    assert [r.region for r in Result.objects.all()] == ["eu"]


def test_a_probe_that_nobody_runs_is_a_problem_until_somebody_does(world: World, shop: Service) -> None:
    probe(world, shop, url="https://x.example", regions=["mars"])
    assert probing.tell_stale(world.now) == 0
    assert probing.tell_stale(world.now + timedelta(minutes=11)) == 1
    (problem,) = problems.open_problems()
    assert "from mars" in problem.detail
    (job,) = probing.lease("mars", world.now, 1)
    probing.record(Done(job=job, began_at=world.now, finding=GOOD), world.now)
    assert probing.tell_stale(world.now) == 0
    assert not problems.open_problems()


def test_paused_while_it_is_looked_at_its_result_does_not_count(world: World, shop: Service) -> None:
    check = probe(world, shop, url="https://x.example", retries=0)
    (job,) = probing.lease("", world.now, 1)
    actions.pause(SETUP, check, world.now)
    assert not probing.record(Done(job=job, began_at=world.now, finding=BAD), world.now)
    check.refresh_from_db()
    assert check.state == "paused"


def test_the_past_is_forgotten_a_little_at_a_time(world: World, shop: Service) -> None:
    check = probe(world, shop, url="https://x.example")
    old = world.now - timedelta(days=500)
    for at in (old, world.now):
        Result.objects.create(check_of=check, at=at, is_ok=True)
        Ping.objects.create(check_of=check, at=at, kind="success", receipt="0d5cc0b1-68f1-4b30-8a7c-64d0e715b1e5")
        Spell.objects.create(check_of=check, state="up", began_at=at, ended_at=at)
    Spell.objects.create(check_of=check, state="up", began_at=old)  # goes on
    assert clearing.clear(world.now) == 3
    assert (Result.objects.count(), Ping.objects.count(), Spell.objects.count()) == (1, 1, 2)


@pytest.fixture
def idle(world: World, shop: Service) -> list[Check]:
    return [probe(world, shop, name=f"P{n}", url="https://x.example") for n in range(3)]


def test_what_is_not_due_is_not_run(world: World, idle: list[Check]) -> None:
    Site.objects.update(next_due=world.now + timedelta(seconds=1))
    assert probing.lease("", world.now, 10) == []

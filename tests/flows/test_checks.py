"""Own checks: a job that is not heard of pages, and so does a target that is down; both until they are well again."""

from datetime import timedelta

import pytest

from tests.apps.watching import heartbeat, probe
from tests.world import SETUP, Monitoring, Person, World
from tocsin.alerts.models import Alert, Waiting
from tocsin.checks import actions, probing, watching
from tocsin.checks.models import Check
from tocsin.checks.probing import Done
from tocsin.core.probes import Finding


@pytest.fixture
def ada(world: World) -> Person:
    world.owner()
    return world.person("Ada")


@pytest.fixture
def shop(world: World, ada: Person) -> Monitoring:
    return world.monitoring(world.policy([ada]))


def test_a_job_that_misses_its_ping_pages_until_it_is_heard_again(world: World, ada: Person, shop: Monitoring) -> None:
    job = heartbeat(world, shop.service, "Nightly backup")
    world.forward(minutes=300)
    assert job.state == "new"  # nothing is expected of a job that was never heard
    job.pings(body="copied 3 GB")
    world.forward(minutes=59)
    assert job.state == "up"
    world.forward(minutes=2)
    assert job.state == "late"
    world.nothing_else()
    world.forward(minutes=9)
    assert job.state == "down"
    page = ada.expect_page("Nightly backup was not heard of in time")
    assert Alert.objects.get().details["output"] == "copied 3 GB"
    assert f"/checks/{job.check.pk}/" in Alert.objects.get().links[0]["href"]
    ada.follows(page)
    job.pings()
    assert (job.state, world.group().state) == ("up", "resolved")
    world.nothing_else()


def test_a_job_is_missed_although_others_of_its_integration_ping_without_pause(
    world: World, ada: Person, shop: Monitoring
) -> None:
    job = heartbeat(world, shop.service)
    job.pings()
    job.check.refresh_from_db()
    due = job.check.next_due
    assert due is not None
    in_time = job.pings("log", at=due, settle=False)
    Waiting.objects.get_or_create(event=in_time, integration=in_time.integration, received_at=due)
    assert watching.watch_due(due) == 0  # it may be the very ping
    Waiting.objects.all().delete()
    late = job.pings("log", at=due + timedelta(seconds=1), settle=False)
    Waiting.objects.get_or_create(event=late, integration=late.integration, received_at=late.received_at)
    assert watching.watch_due(due + timedelta(seconds=1)) == 1
    assert job.state == "late"


def test_a_job_that_fails_pages_at_once(world: World, ada: Person, shop: Monitoring) -> None:
    job = heartbeat(world, shop.service)
    job.pings("start", run_id="a")
    world.forward(minutes=1)
    job.pings("fail", run_id="a", exit_code=3, body="disk full")
    ada.expect_page("Backup failed with exit code 3")
    assert job.check.pings.first().seconds == 60
    job.pings("log", body="cleaning up")
    job.pings("start")
    assert (job.state, job.check.reason) == ("down", "The job ended with exit code 3.")
    assert Alert.objects.get().event_count == 1
    ada.acknowledges()
    job.pings("success", exit_code=0)
    assert world.group().state == "resolved"
    world.nothing_else()


def test_a_site_that_is_down_pages_after_its_retries_until_it_is_up_again(
    world: World, ada: Person, shop: Monitoring
) -> None:
    check = probe(world, shop.service, url="https://shop.example.org/", retries=2, recoveries=2)

    def looked(error: str = "") -> str:
        return finds(world, check, Finding(error=error, seconds=0.2, facts={"status": 503} if error else {}))

    assert [looked(), looked("it answered 503"), looked("it answered 503")] == ["up", "failing", "failing"]
    world.nothing_else()
    assert looked("it answered 502") == "down"
    ada.expect_page("Shop front is down: it answered 502")
    assert Alert.objects.get().source == "https://shop.example.org/"
    assert looked("it did not answer within 10 s") == "down"  # another error is no news
    ada.acknowledges()
    assert [looked(), world.group().state] == ["down", "acknowledged"]
    assert [looked(), world.group().state] == ["up", "resolved"]
    world.nothing_else()


def test_a_target_that_answers_what_no_database_takes_goes_down_too(
    world: World, ada: Person, shop: Monitoring
) -> None:
    check = probe(world, shop.service, url="https://shop.example.org/", retries=0)
    rubbish = Finding(error="it said J\0\0\n5.7; “8.4” was expected", facts={"`status`": ["\ud800", {"a\0": "\0"}]})
    assert finds(world, check, rubbish) == "down"
    ada.expect_page("Shop front is down: it said J")


def test_a_probe_that_cannot_run_is_a_warning_and_no_outage(world: World, ada: Person, shop: Monitoring) -> None:
    """That Tocsin does not go there says nothing about the target."""
    check = probe(world, shop.service, url="https://shop.example.org/", retries=0)
    shop.service.policy.repeats = 1
    shop.service.policy.save()
    why = "shop.example.org is not a public address, and Tocsin does not go there"
    blocked, down = Finding(error=why, is_blocked=True), Finding(error="it answered 503")
    assert finds(world, check, blocked) == "blocked"
    alert = Alert.objects.get()
    assert (alert.summary, alert.severity) == (f"Shop front cannot be looked at: {why}", "warning")
    assert (world.group().urgency, check.reason) == ("low", f"S{why[1:]}.")
    ada.expect_page(f"Shop front cannot be looked at: {why}")
    assert finds(world, check, blocked) == "blocked"
    assert Alert.objects.get().event_count == 1
    world.nothing_else()
    assert finds(world, check, down) == "down"
    ada.expect_page("Shop front is down: it answered 503")
    assert finds(world, check, blocked) == "blocked"  # nobody knows that it is well
    assert world.group().state == "triggered"
    assert [finds(world, check, Finding()), world.group().state] == ["up", "resolved"]
    world.nothing_else()


def finds(world: World, check: Check, found: Finding) -> str:
    """The state in which a probe is when it has found this, a minute later."""
    world.forward(seconds=60)
    (job,) = probing.lease("", world.now, 5)
    assert probing.record(Done(job=job, began_at=world.now, finding=found), world.now)
    world.settle()
    check.refresh_from_db()
    return check.state


def test_of_severity_info_nobody_is_paged(world: World, ada: Person, shop: Monitoring) -> None:
    job = heartbeat(world, shop.service)
    actions.change_check(SETUP, job.check, world.now, severity="info")
    job.pings("fail")
    assert (world.group().urgency, job.state) == ("none", "down")
    world.nothing_else()

"""The auditor: each test breaks the thing first."""

from datetime import timedelta

import pytest
from django.db import connection

from tests.apps.hearing import set_aside
from tests.world import Monitoring, Person, World
from tocsin.alerts.models import Event, Quarantine
from tocsin.core.escalation import Status
from tocsin.engine import auditor
from tocsin.engine.auditor import audit
from tocsin.engine.tick import tick
from tocsin.health import counters, problems
from tocsin.outbox import claims
from tocsin.outbox.models import Message, State
from tocsin.paging import actions
from tocsin.paging.models import Escalation, Notification
from tocsin.policies.models import PolicyVersion

LATER = timedelta(seconds=61)


def keys() -> set[str]:
    return {p.key for p in problems.open_problems()}


@pytest.fixture
def paged(world: World, ada: Person, monitoring: Monitoring) -> Escalation:
    """Ada was paged and has not answered."""
    monitoring.fires()
    ada.expect_page("checkout is down")
    return world.escalation()


def test_where_all_is_well_nothing_is_found(world: World, paged: Escalation) -> None:
    assert audit(world.now) == {}
    assert not problems.open_problems()
    assert counters.values() == {}


def test_a_running_escalation_without_a_due_time_runs_again(world: World, paged: Escalation) -> None:
    Escalation.objects.update(next_due=None)
    assert audit(world.now) == {"escalations without a due time": 1}
    assert counters.values() == {"repaired: escalations without a due time": 1}
    assert tick(world.now).advanced == 1


def test_an_acknowledged_escalation_needs_no_due_time(world: World, ada: Person, paged: Escalation) -> None:
    ada.acknowledges()
    Escalation.objects.update(next_due=None)
    assert audit(world.now) == {}


def test_an_alert_that_pages_nobody_is_paged_for(world: World, ada: Person, paged: Escalation) -> None:
    Escalation.objects.all().delete()
    assert audit(world.now) == {"alerts without an escalation": 1}
    assert counters.values() == {"repaired: alerts without an escalation": 1}
    world.settle()
    ada.expect_page("checkout is down")
    assert audit(world.now) == {}


def test_what_is_only_recorded_pages_nobody(world: World, monitoring: Monitoring) -> None:
    monitoring.fires(severity="info")
    assert audit(world.now) == {}


def test_nobody_is_paged_any_more_for_what_is_resolved(world: World, ada: Person, paged: Escalation) -> None:
    group = world.group()
    type(group).objects.update(state="resolved", resolved_at=world.now)
    assert audit(world.now) == {"escalations of resolved alerts": 1}
    assert world.escalation().status == Status.ENDED
    world.forward(minutes=60)
    world.nothing_else()


def test_a_notification_learns_what_became_of_its_message(world: World, ada: Person, paged: Escalation) -> None:
    Notification.objects.filter(kind="email").update(state="queued", settled_at=None)
    assert audit(world.now + LATER) == {"notifications without a result": 1}
    assert Notification.objects.get(kind="email").state == "sent"


def test_a_failure_that_was_not_settled_brings_the_next_step(world: World, ada: Person, paged: Escalation) -> None:
    Notification.objects.update(state="queued", settled_at=None)
    Message.objects.update(state=State.FAILED, error="550", finished_at=world.now)
    found = audit(world.now + LATER)
    assert found["notifications without a result"] == Notification.objects.count()
    assert world.escalation().next_due == world.now + LATER  # every page of the step has failed


def test_a_cancelled_message_cancels_its_notification(world: World, paged: Escalation) -> None:
    Notification.objects.filter(kind="email").update(state="queued", settled_at=None)
    Message.objects.filter(kind="email").update(state=State.CANCELLED)
    audit(world.now + LATER)
    assert Notification.objects.get(kind="email").state == "cancelled"


def test_a_message_of_no_channel_fails_loudly(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.source.triggers("disk", "critical", "Disk full", at=world.now)
    tick(world.now)
    Message.objects.update(kind="carrier pigeon")
    found = audit(world.now)
    assert found["messages of no channel"] == Message.objects.count()
    assert set(Notification.objects.values_list("state", flat=True)) == {"failed"}
    assert "failed deliveries" in keys()


def test_a_lease_that_ran_out_is_sent_again(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.source.triggers("disk", "critical", "Disk full", at=world.now)
    tick(world.now)
    leased = claims.lease("a node that dies", world.now, 10)
    found = audit(world.now + claims.LEASE)
    assert found["leases that ran out"] == len(leased)
    assert {m.key for m in claims.lease("another", world.now + claims.LEASE, 10)} == {m.key for m in leased}


def test_what_comes_late_is_shown_until_it_is_done(world: World, ada: Person, monitoring: Monitoring) -> None:
    monitoring.source.triggers("disk", "critical", "Disk full", at=world.now)
    later = world.now + LATER
    assert audit(later) == {"late events": 1}
    assert keys() == {"late events"}
    tick(world.now)
    assert set(audit(later)) == {"late messages"}
    assert keys() == {"late messages"}
    world.send()
    assert audit(later) == {}
    assert keys() == set()


def test_an_escalation_that_is_late_is_shown(world: World, paged: Escalation) -> None:
    Escalation.objects.update(next_due=world.now - LATER)
    assert audit(world.now) == {"late escalations": 1}


def test_a_notification_that_is_late_is_shown(world: World, paged: Escalation) -> None:
    Notification.objects.update(state="waiting", due_at=world.now - LATER)
    assert set(audit(world.now)) == {"late notifications"}


def test_quarantined_events_are_shown_until_there_are_none(world: World, monitoring: Monitoring) -> None:
    monitoring.source.triggers("disk", "critical", "Disk full", at=world.now)
    set_aside(Event.objects.get(), "odd")
    assert audit(world.now) == {"quarantined events": 1}
    Quarantine.objects.all().delete()
    assert audit(world.now) == {}
    assert keys() == set()


def test_failed_deliveries_are_shown_for_an_hour(world: World, ada: Person, monitoring: Monitoring) -> None:
    ada.cannot_be_reached()
    monitoring.fires()
    assert audit(world.now)["failed deliveries"] == 1
    assert "failed deliveries" not in audit(world.now + timedelta(hours=2))
    assert "failed deliveries" not in keys()


def test_a_page_for_which_no_tab_was_open_is_no_failed_delivery(world: World, paged: Escalation) -> None:
    Message.objects.filter(kind="inapp").update(state=State.FAILED, finished_at=world.now)
    assert audit(world.now) == {}


def test_a_check_that_fails_stops_no_other(world: World, paged: Escalation, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> int:
        raise RuntimeError("broken on purpose")

    monkeypatch.setitem(auditor.CHECKS, "leases that ran out", broken)
    Escalation.objects.update(next_due=None)
    assert audit(world.now) == {"escalations without a due time": 1}


def test_looking_takes_no_write_lock(world: World, paged: Escalation) -> None:
    with connection.execute_wrapper(_only_reads):
        assert audit(world.now) == {}


def _only_reads(execute: object, sql: str, parameters: object, many: object, context: object) -> object:
    assert sql.lstrip("( ").upper().startswith("SELECT"), sql
    return execute(sql, parameters, many, context)  # type: ignore[operator]


def test_a_broken_test_of_a_pager_is_a_problem_until_it_ends(world: World, ada: Person) -> None:
    test = actions.test_pager(ada.user.pk, ada.actor, world.now)
    world.settle()
    PolicyVersion.objects.filter(pk=test.snapshot_id).update(body={})
    Escalation.objects.filter(pk=test.pk).update(next_due=world.now)
    world.forward(minutes=60)
    assert Escalation.objects.get(pk=test.pk).status == Status.ENDED
    assert not problems.open_problems()


def test_a_problem_of_an_escalation_or_a_message_ends_with_it(world: World, ada: Person, paged: Escalation) -> None:
    message = Message.objects.get(kind="email")
    for key in (f"escalation {paged.pk}", f"message {message.pk}", "message of the day"):
        problems.report(key, key, "", "", world.now)
    Notification.objects.filter(message=message).update(state="queued")
    audit(world.now)
    assert keys() == {f"escalation {paged.pk}", f"message {message.pk}", "message of the day"}
    Notification.objects.filter(message=message).update(state="sent")
    Escalation.objects.filter(pk=paged.pk).update(status=Status.ENDED, next_due=None)
    type(world.group()).objects.update(state="resolved", resolved_at=world.now)
    audit(world.now)
    assert keys() == {"message of the day"}


@pytest.mark.parametrize("key", ["expiring 7 disk", "reviewing 7 disk", "engine: absorb"])
def test_what_fails_at_every_turn_is_over_a_minute_after_it_was_last_seen(world: World, key: str) -> None:
    problems.report(key, "It fails", "", "", world.now)
    audit(world.now + LATER - timedelta(seconds=2))
    assert keys() == {key}
    audit(world.now + LATER)
    assert keys() == set()

"""What events become: alerts, groups, receipts, and news for those who page."""

import json
from collections.abc import Sequence
from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.apps.hearing import NOON, Source, group_states, make_integration, make_service, make_user, minutes, states
from tocsin.alerts import actions
from tocsin.alerts.absorbing import Absorbed, absorb, expire
from tocsin.alerts.changes import ChangeKind, GroupChange
from tocsin.alerts.models import Alert, AlertGroup, Entry, Event
from tocsin.core.permissions import TOCSIN, Actor
from tocsin.health.models import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def tool() -> Source:
    return Source(make_integration())


@pytest.fixture
def grouped() -> Source:
    return Source(make_integration(make_service("search", group_minutes=10)))


def test_a_trigger_opens_an_alert_and_a_group_that_is_told_to_those_who_page(tool: Source) -> None:
    event = tool.triggers("disk", "critical", "Disk full on db1", free="0 B")
    assert tool.absorbed() == Absorbed(events=1, groups=1)
    alert, group = Alert.objects.get(), AlertGroup.objects.get()
    assert (alert.state, alert.severity, alert.summary, alert.source) == (
        "triggered",
        "critical",
        "Disk full on db1",
        "db1",
    )
    assert alert.details["free"] == "0 B"
    assert (group.title, group.urgency, group.alert_count, group.event_count) == ("Disk full on db1", "high", 1, 1)
    assert tool.changes == [("opened", "Disk full on db1")]
    assert tool.reasons() == ["opened"]
    event.refresh_from_db()
    assert (event.state, event.outcomes.get().at) == ("absorbed", NOON)


def test_the_same_again_is_counted_and_updated_and_wakes_nobody(tool: Source) -> None:
    tool.triggers("disk", summary="90 % full")
    tool.absorbed()
    tool.triggers("disk", summary="95 % full", at=NOON + minutes(1))
    tool.triggers("disk", summary="97 % full", at=NOON + minutes(2))
    tool.absorbed(NOON + minutes(2))
    alert = Alert.objects.get()
    assert (alert.event_count, alert.summary, alert.last_event_at) == (3, "97 % full", NOON + minutes(2))
    assert (alert.group.event_count, alert.group.alert_count, alert.group.title) == (3, 1, "90 % full")
    assert tool.reasons() == ["opened", "deduplicated", "deduplicated"]
    assert tool.changes == [("opened", "90 % full")]


def test_the_same_key_of_another_integration_is_another_alert(tool: Source) -> None:
    other = Source(make_integration(tool.integration.service, name="Other"))
    tool.triggers("disk")
    other.triggers("disk")
    tool.resolves("disk")
    tool.absorbed()
    assert states() == [("disk", "resolved"), ("disk", "triggered")]
    assert other.reasons() == ["opened"]


def test_a_resolve_resolves_and_what_comes_after_it_is_a_new_alert(tool: Source) -> None:
    tool.triggers("disk")
    tool.absorbed()
    tool.resolves("disk", NOON + minutes(3))
    tool.triggers("disk", summary="again", at=NOON + minutes(4))
    tool.absorbed(NOON + minutes(4))
    assert states() == [("disk", "resolved"), ("disk", "triggered")]
    assert group_states() == [("disk", "resolved"), ("again", "triggered")]
    assert AlertGroup.objects.earliest("id").resolved_at == NOON + minutes(3)
    assert tool.changes == [("opened", "disk"), ("resolved", "disk"), ("opened", "again")]


@pytest.mark.parametrize("say", [Source.resolves, Source.acknowledges], ids=["resolve", "acknowledge"])
def test_news_of_a_key_that_is_not_open_is_accepted_and_does_nothing(tool: Source, say: object) -> None:
    say(tool, "unheard of")  # type: ignore[operator]
    assert tool.absorbed() == Absorbed(events=1)
    assert tool.reasons() == ["nothing open"]
    assert not Alert.objects.exists()
    assert not tool.changes


def test_many_signals_for_one_key_in_one_batch_act_in_their_order(tool: Source) -> None:
    tool.triggers("disk")
    tool.triggers("disk")
    tool.acknowledges("disk")
    tool.acknowledges("disk")
    tool.resolves("disk")
    tool.resolves("disk")
    tool.triggers("disk", summary="second")
    tool.resolves("disk")
    tool.triggers("disk", summary="third")
    tool.absorbed()
    assert tool.reasons() == [
        "opened", "deduplicated", "acknowledged by source", "already acknowledged", "resolved", "nothing open",
        "opened", "resolved", "opened",
    ]  # fmt: skip
    assert states() == [("disk", "resolved"), ("disk", "resolved"), ("disk", "triggered")]
    assert [kind for kind, _ in tool.changes] == ["opened", "acknowledged", "resolved", "opened", "resolved", "opened"]


def test_one_at_a_time_comes_to_the_same_as_all_at_once(tool: Source) -> None:
    for severity in ("warning", "critical", "warning", "error"):
        tool.triggers("disk", severity)
    tool.resolves("disk")
    tool.triggers("disk")
    for _ in range(6):
        tool.absorbed(limit=1)
    assert tool.reasons() == ["opened", "severity raised", "severity lowered", "severity raised", "resolved", "opened"]
    assert [kind for kind, _ in tool.changes] == ["opened", "worsened", "resolved", "opened"]


def test_an_acknowledgement_by_the_source_acknowledges_the_group_and_all_in_it(grouped: Source) -> None:
    for key in ("one", "two", "three"):
        grouped.triggers(key)
    grouped.absorbed()
    grouped.acknowledges("two", NOON + minutes(1))
    grouped.absorbed()
    assert states() == [("one", "acknowledged"), ("two", "acknowledged"), ("three", "acknowledged")]
    assert AlertGroup.objects.get().acknowledged_at == NOON + minutes(1)
    assert grouped.changes[-1] == ("acknowledged", "one")


def test_a_higher_severity_pages_again_though_somebody_had_acknowledged(tool: Source) -> None:
    tool.triggers("disk", "warning")
    tool.absorbed()
    actions.mark_acknowledged(AlertGroup.objects.get().pk, TOCSIN, NOON)
    tool.triggers("disk", "critical")
    tool.absorbed()
    group = AlertGroup.objects.get()
    assert (group.state, group.severity, group.urgency, group.acknowledged_at) == (
        "triggered",
        "critical",
        "high",
        None,
    )
    assert states() == [("disk", "triggered")]
    assert tool.changes[-1][0] == "worsened"


def test_a_lower_severity_and_a_return_to_the_old_one_wake_nobody(tool: Source) -> None:
    tool.triggers("disk", "critical")
    tool.absorbed()
    actions.mark_acknowledged(AlertGroup.objects.get().pk, TOCSIN, NOON)
    tool.triggers("disk", "warning")
    tool.triggers("disk", "critical")
    tool.absorbed()
    group = AlertGroup.objects.get()
    assert (group.state, group.severity) == ("acknowledged", "critical")
    assert tool.reasons()[1:] == ["severity lowered", "severity raised"]
    assert [kind for kind, _ in tool.changes] == ["opened"]


def test_an_acknowledged_alert_that_goes_on_wakes_nobody(tool: Source) -> None:
    tool.triggers("disk")
    tool.absorbed()
    actions.mark_acknowledged(AlertGroup.objects.get().pk, TOCSIN, NOON)
    tool.triggers("disk")
    tool.absorbed()
    assert group_states() == [("disk", "acknowledged")]
    assert [kind for kind, _ in tool.changes] == ["opened"]


def test_alerts_within_the_window_are_one_group(grouped: Source) -> None:
    grouped.triggers("one")
    grouped.triggers("two", at=NOON + minutes(9))
    grouped.absorbed()
    grouped.triggers("three", at=NOON + minutes(18))
    grouped.absorbed()
    grouped.triggers("four", at=NOON + minutes(29))
    grouped.absorbed()
    assert group_states() == [("one", "triggered"), ("four", "triggered")]
    assert AlertGroup.objects.earliest("id").alert_count == 3
    assert grouped.reasons() == ["opened", "joined", "joined", "opened"]
    assert grouped.changes == [("opened", "one"), ("opened", "four")]


def test_a_new_alert_in_an_acknowledged_group_pages_again(grouped: Source) -> None:
    grouped.triggers("one")
    grouped.absorbed()
    actions.mark_acknowledged(AlertGroup.objects.get().pk, TOCSIN, NOON)
    grouped.triggers("two")
    grouped.absorbed()
    assert group_states() == [("one", "triggered")]
    assert states() == [("one", "acknowledged"), ("two", "triggered")]
    assert grouped.reasons() == ["opened", "reopened"]
    assert grouped.changes[-1] == ("reopened", "one")


def test_when_the_new_alert_goes_the_old_acknowledgement_counts_again(grouped: Source) -> None:
    test_a_new_alert_in_an_acknowledged_group_pages_again(grouped)
    grouped.resolves("two")
    grouped.absorbed()
    assert group_states() == [("one", "acknowledged")]
    assert grouped.changes[-1] == ("acknowledged", "one")


def test_info_that_joins_an_acknowledged_group_wakes_nobody(grouped: Source) -> None:
    grouped.triggers("one")
    grouped.absorbed()
    actions.mark_acknowledged(AlertGroup.objects.get().pk, TOCSIN, NOON)
    grouped.triggers("two", "info")
    grouped.absorbed()
    assert group_states() == [("one", "acknowledged")]
    assert states() == [("one", "acknowledged"), ("two", "acknowledged")]
    assert [kind for kind, _ in grouped.changes] == ["opened"]


def test_a_worse_alert_that_joins_raises_the_group(grouped: Source) -> None:
    grouped.triggers("one", "warning")
    grouped.triggers("two", "critical")
    grouped.absorbed()
    group = AlertGroup.objects.get()
    assert (group.severity, group.urgency) == ("critical", "high")
    assert [kind for kind, _ in grouped.changes] == ["opened", "worsened"]


def test_a_group_resolves_when_the_last_of_its_alerts_has(grouped: Source) -> None:
    for key in ("one", "two"):
        grouped.triggers(key)
    grouped.absorbed()
    grouped.resolves("one")
    grouped.absorbed()
    assert group_states() == [("one", "triggered")]
    grouped.resolves("two")
    grouped.triggers("three")
    grouped.absorbed()
    assert group_states() == [("one", "resolved"), ("three", "triggered")]
    assert [kind for kind, _ in grouped.changes] == ["opened", "resolved", "opened"]


def test_info_is_recorded_in_a_group_that_nobody_is_to_be_paged_for(tool: Source) -> None:
    tool.triggers("deploy", "info")
    tool.absorbed()
    assert AlertGroup.objects.get().urgency == "none"
    assert tool.reasons() == ["recorded"]
    tool.triggers("deploy", "error")
    tool.absorbed()
    assert AlertGroup.objects.get().urgency == "high"
    assert tool.changes[-1][0] == "worsened"


def test_what_a_person_resolved_opens_anew_when_it_goes_on(tool: Source) -> None:
    tool.triggers("disk")
    tool.absorbed()
    ada = Actor(user_id=make_user().pk, name="Ada", via="web")
    actions.mark_resolved(AlertGroup.objects.get().pk, ada, NOON)
    assert AlertGroup.objects.get().resolved_by_id == ada.user_id
    assert states() == [("disk", "resolved")]
    tool.triggers("disk")
    tool.absorbed()
    assert group_states() == [("disk", "resolved"), ("disk", "triggered")]


def test_the_history_says_what_happened(grouped: Source) -> None:
    grouped.triggers("one", "warning", "Slow")
    grouped.triggers("two", "error", "Slower")
    grouped.acknowledges("one")
    grouped.resolves("one")
    grouped.resolves("two")
    grouped.absorbed()
    assert list(Entry.objects.values_list("kind", flat=True)) == [
        "opened", "joined", "acknowledged", "recovered", "recovered", "resolved"
    ]  # fmt: skip
    first = Entry.objects.earliest("id")
    assert first.text == (
        "“Monitoring” reported “Slow”. It is a new group because the service had no open group. "
        "Warning alerts have low urgency."
    )
    assert first.at == NOON


ALERTMANAGER = {"version": "4", "groupKey": "{}", "receiver": "tocsin", "externalURL": "", "groupLabels": {}}


def webhook(*alerts: tuple[str, str, str]) -> bytes:
    """Status, fingerprint and endsAt of each."""
    body = [
        {
            "status": status,
            "labels": {"alertname": "Down", "severity": "critical", "instance": mark},
            "annotations": {"summary": f"{mark} is down"},
            "startsAt": "2026-03-04T11:59:00Z",
            "endsAt": ends_at,
            "generatorURL": "",
            "fingerprint": mark,
        }
        for status, mark, ends_at in alerts
    ]
    common = {"commonLabels": {}, "commonAnnotations": {}, "truncatedAlerts": 0}
    return json.dumps({**ALERTMANAGER, **common, "status": "firing", "alerts": body}).encode()


OPEN_END = "0001-01-01T00:00:00Z"


def test_one_message_with_many_alerts_has_a_receipt_for_each() -> None:
    tool = Source(make_integration(kind="alertmanager"))
    tool.sends(
        webhook(("firing", "aa", OPEN_END), ("firing", "bb", OPEN_END), ("resolved", "aa", "2026-03-04T12:00:00Z"))
    )
    assert tool.absorbed() == Absorbed(events=1, groups=2)
    assert tool.reasons() == ["opened", "opened", "resolved"]
    assert sorted(states()) == [("aa", "resolved"), ("bb", "triggered")]


def test_info_about_nothing_has_a_receipt_too() -> None:
    tool = Source(make_integration(kind="alertmanager"))
    tool.sends(webhook())
    tool.absorbed()
    assert tool.reasons() in (["no alerts inside"], [])
    assert Event.objects.get().state in ("absorbed", "quarantined")


def open_until(tool: Source, key: str, ends_at: datetime) -> Alert:
    tool.triggers(key)
    tool.absorbed()
    Alert.objects.filter(dedup_key=key).update(ends_at=ends_at)
    return Alert.objects.get(dedup_key=key)


def test_an_alert_whose_time_has_passed_resolves(tool: Source) -> None:
    open_until(tool, "late", NOON + minutes(4))
    open_until(tool, "later", NOON + minutes(6))
    assert expire(NOON + minutes(5), tool.follow) == 1
    assert states() == [("late", "resolved"), ("later", "triggered")]
    assert tool.changes[-1] == ("resolved", "late")
    assert Alert.objects.get(dedup_key="late").resolved_at == NOON + minutes(5)
    assert expire(NOON + minutes(5), tool.follow) == 0


def test_an_alert_that_was_heard_of_again_does_not_expire(tool: Source) -> None:
    open_until(tool, "disk", NOON + minutes(4))
    tool.triggers("disk")
    tool.absorbed()
    assert expire(NOON + minutes(5), tool.follow) == 0
    assert states() == [("disk", "triggered")]


def test_one_alert_that_cannot_expire_does_not_keep_the_others_open(tool: Source) -> None:
    for key in ("one", "bad", "two"):
        open_until(tool, key, NOON + minutes(4))

    def follow(changes: Sequence[GroupChange], now: datetime) -> None:
        if any(change.group.title == "bad" for change in changes):
            raise LookupError("no such policy")

    assert expire(NOON + minutes(5), follow) == 2
    assert states() == [("one", "resolved"), ("bad", "triggered"), ("two", "resolved")]
    assert "no such policy" in Problem.objects.get().detail


def test_a_batch_takes_a_fixed_number_of_queries(
    tool: Source, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        tool.triggers(f"key {number}")
    with django_assert_max_num_queries(22):
        assert tool.absorbed().events == 40
    for number in range(40):
        tool.triggers(f"key {number}")
    with django_assert_max_num_queries(22):
        assert tool.absorbed().events == 40
    assert AlertGroup.objects.count() == 40


def test_nothing_new_costs_one_look(tool: Source, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(1):
        assert absorb(NOON, tool.follow) == Absorbed()


def test_the_changes_carry_rows_as_they_are_saved(tool: Source) -> None:
    seen: list[GroupChange] = []
    tool.follow = lambda changes, now: seen.extend(changes)
    tool.triggers("disk")
    tool.acknowledges("disk")
    tool.absorbed()
    assert [change.kind for change in seen] == [ChangeKind.OPENED, ChangeKind.ACKNOWLEDGED]
    row, saved = seen[-1].group, AlertGroup.objects.get()
    assert (row.pk, row.state, row.version) == (saved.pk, saved.state, saved.version) == (saved.pk, "acknowledged", 1)

"""One person, one page: which methods, when."""

from datetime import UTC, datetime, timedelta

from tocsin.core.reach import Method, Reason, plan

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_methods_come_in_the_order_of_their_delays() -> None:
    planned = plan([Method(id=1, kind="email", delay=3 * MINUTE), Method(id=2, kind="ntfy")], NOON)
    assert planned.reason is Reason.PLANNED
    assert [(p.method.id, p.at) for p in planned.notifications] == [(2, NOON), (1, NOON + 3 * MINUTE)]


def test_of_methods_at_the_same_time_the_rules_order_stays() -> None:
    planned = plan([Method(id=9, kind="ntfy"), Method(id=4, kind="email")], NOON)
    assert [p.method.id for p in planned.notifications] == [9, 4]


def test_a_method_named_twice_is_used_once_at_its_soonest() -> None:
    planned = plan([Method(id=1, kind="email", delay=MINUTE), Method(id=1, kind="email")], NOON)
    assert [(p.method.id, p.at) for p in planned.notifications] == [(1, NOON)]


def test_only_what_has_no_delay_is_due_at_once() -> None:
    first, second = plan([Method(id=1, kind="ntfy"), Method(id=2, kind="email", delay=MINUTE)], NOON).notifications
    assert first.is_due(NOON)
    assert not second.is_due(NOON)
    assert second.is_due(NOON + MINUTE)


def test_a_person_without_a_method_is_a_failure_with_a_reason() -> None:
    planned = plan([], NOON)
    assert planned.reason is Reason.NO_METHOD
    assert planned.notifications == ()

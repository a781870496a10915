"""The states of alerts and groups, and what a signal does to them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from tocsin.core.lifecycle import (
    ALERT_MAY_BECOME,
    GROUP_MAY_BECOME,
    AlertState,
    GroupState,
    Standing,
    arrived,
    group_state,
    last_said,
    met,
)
from tocsin.core.receipts import Reason
from tocsin.core.signals import Action, Severity, urgency_of

TRIGGER, ACK, RESOLVE = Action.TRIGGER, Action.ACKNOWLEDGE, Action.RESOLVE
NEW, ACKED = AlertState.TRIGGERED, AlertState.ACKNOWLEDGED
CRITICAL, ERROR, WARNING, INFO = Severity.CRITICAL, Severity.ERROR, Severity.WARNING, Severity.INFO


@pytest.mark.parametrize(
    ("action", "severity", "state", "was", "reason"),
    [
        (TRIGGER, ERROR, NEW, ERROR, Reason.DEDUPLICATED),  # the same again
        (TRIGGER, ERROR, ACKED, ERROR, Reason.DEDUPLICATED),  # somebody has it: no noise
        (TRIGGER, CRITICAL, NEW, ERROR, Reason.RAISED),
        (TRIGGER, CRITICAL, ACKED, WARNING, Reason.RAISED),  # worse than what was acknowledged
        (TRIGGER, INFO, NEW, WARNING, Reason.LOWERED),
        (ACK, ERROR, NEW, ERROR, Reason.ACKNOWLEDGED),
        (ACK, ERROR, ACKED, ERROR, Reason.ALREADY_ACKNOWLEDGED),
        (ACK, CRITICAL, NEW, WARNING, Reason.ACKNOWLEDGED),  # an acknowledgement has no severity of its own
        (RESOLVE, ERROR, NEW, ERROR, Reason.RESOLVED),
        (RESOLVE, ERROR, ACKED, CRITICAL, Reason.RESOLVED),
        (Action.UNACKNOWLEDGE, ERROR, ACKED, ERROR, Reason.UNACKNOWLEDGED),
        (Action.UNACKNOWLEDGE, CRITICAL, NEW, ERROR, Reason.NOT_ACKNOWLEDGED),
        (Action.NOTE, CRITICAL, NEW, ERROR, Reason.NOTED),  # words change no severity
        (Action.AMEND, CRITICAL, ACKED, ERROR, Reason.AMENDED),
        (Action.RATE, CRITICAL, ACKED, ERROR, Reason.RAISED),  # pages like a worse trigger
        (Action.RATE, INFO, NEW, ERROR, Reason.LOWERED),
        (Action.RATE, ERROR, NEW, ERROR, Reason.AMENDED),
    ],
)
def test_a_signal_meets_an_open_alert(
    action: Action, severity: Severity, state: AlertState, was: Severity, reason: Reason
) -> None:
    assert met(action, severity, Standing(state=state, severity=was)) is reason


@pytest.mark.parametrize(
    ("action", "known", "said", "reason"),
    [
        (RESOLVE, 5, 4, Reason.OUTDATED),  # it was overtaken by a newer trigger
        (RESOLVE, 5, 5, Reason.RESOLVED),  # clocks are coarse
        (RESOLVE, 5, 6, Reason.RESOLVED),
        (RESOLVE, 5, None, Reason.RESOLVED),  # without a time it always counts
        (RESOLVE, None, 4, Reason.RESOLVED),
        (TRIGGER, 5, 4, Reason.DEDUPLICATED),  # trouble is never too old
        (ACK, 5, 4, Reason.ACKNOWLEDGED),
    ],
)
def test_a_resolve_that_came_late_is_known_by_the_clock_of_its_source(
    action: Action, known: int | None, said: int | None, reason: Reason
) -> None:
    alert = Standing(NEW, ERROR, known and NOON + timedelta(minutes=known))
    assert met(action, ERROR, alert, said and NOON + timedelta(minutes=said)) is reason


@pytest.mark.parametrize(
    ("known", "said", "then"),
    [
        (None, None, None),
        (None, 1, 1),
        (3, 1, 3),  # a repeat that was overtaken
        (3, 4, 4),
        (3, None, 3),
        (None, 6, None),  # five minutes ahead of ours and more: no clock to go by
        (3, 6, 3),
    ],
)
def test_the_newest_report_is_remembered(known: int | None, said: int | None, then: int | None) -> None:
    moments = [minute if minute is None else NOON + timedelta(minutes=minute) for minute in (known, said, then)]
    assert last_said(moments[0], moments[1], NOON) == moments[2]


@pytest.mark.parametrize(
    ("action", "severity", "joins", "reason"),
    [
        (TRIGGER, CRITICAL, None, Reason.OPENED),
        (TRIGGER, INFO, None, Reason.RECORDED),  # never paged
        (TRIGGER, ERROR, GroupState.TRIGGERED, Reason.JOINED),
        (TRIGGER, ERROR, GroupState.ACKNOWLEDGED, Reason.REOPENED),  # what was acknowledged is not this
        (TRIGGER, INFO, GroupState.ACKNOWLEDGED, Reason.JOINED),  # info wakes nobody
        (ACK, ERROR, None, Reason.NOTHING_OPEN),
        (RESOLVE, ERROR, None, Reason.NOTHING_OPEN),
        (Action.UNACKNOWLEDGE, ERROR, None, Reason.NOTHING_OPEN),
        (Action.NOTE, ERROR, None, Reason.NOTHING_OPEN),
        (Action.AMEND, ERROR, GroupState.TRIGGERED, Reason.NOTHING_OPEN),
        (Action.RATE, CRITICAL, None, Reason.NOTHING_OPEN),
        (RESOLVE, ERROR, GroupState.TRIGGERED, Reason.NOTHING_OPEN),  # the group's other alerts are not this key's
    ],
)
def test_a_signal_meets_no_open_alert(
    action: Action, severity: Severity, joins: GroupState | None, reason: Reason
) -> None:
    assert arrived(action, urgency_of(severity), joins) is reason


@pytest.mark.parametrize(
    ("triggered", "acknowledged", "state"),
    [
        (0, 0, GroupState.RESOLVED),
        (1, 0, GroupState.TRIGGERED),
        (0, 1, GroupState.ACKNOWLEDGED),
        (1, 9, GroupState.TRIGGERED),  # one that nobody has is enough
    ],
)
def test_a_group_is_as_urgent_as_its_most_urgent_alert(triggered: int, acknowledged: int, state: GroupState) -> None:
    assert group_state(triggered, acknowledged) is state


def test_the_tables_know_every_state_and_resolved_is_the_end() -> None:
    assert set(ALERT_MAY_BECOME) == set(AlertState)
    assert set(GROUP_MAY_BECOME) == set(GroupState)
    assert not ALERT_MAY_BECOME[AlertState.RESOLVED]
    assert not GROUP_MAY_BECOME[GroupState.RESOLVED]


@given(st.lists(st.sampled_from(AlertState), max_size=6))
def test_a_group_is_resolved_exactly_when_all_its_alerts_are(alerts: list[AlertState]) -> None:
    state = group_state(alerts.count(AlertState.TRIGGERED), alerts.count(AlertState.ACKNOWLEDGED))
    assert (state is GroupState.RESOLVED) == all(a is AlertState.RESOLVED for a in alerts)


@given(st.sampled_from(Action), st.sampled_from(Severity), st.sampled_from(AlertState), st.sampled_from(Severity))
def test_only_a_higher_severity_is_a_rise(action: Action, new: Severity, state: AlertState, old: Severity) -> None:
    reason = met(action, new, Standing(state=state, severity=old))
    assert (reason is Reason.RAISED) == (action in {TRIGGER, Action.RATE} and new.rank > old.rank)


def test_every_reason_has_a_sentence_and_fits_its_column() -> None:
    for reason in Reason:
        assert reason.sentence.endswith(".")
        assert len(reason) <= 40

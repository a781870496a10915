"""The states of alerts and alert groups, which may follow which, and what a signal does to them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from tocsin.core.holds import HoldKind
from tocsin.core.receipts import Reason
from tocsin.core.signals import Action, Severity, Urgency

AHEAD = timedelta(minutes=5)  # a source's clock that is further ahead than this tells no order
SUPPRESSED, MAINTENANCE = "suppressed", "maintenance"  # what is held back is called so


class AlertState(StrEnum):
    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


ALERT_STATES: Mapping[str, AlertState] = {str(s): s for s in AlertState}


class GroupState(StrEnum):
    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


# resolved is the end, for both: what comes back is a new alert in an open group
ALERT_MAY_BECOME: Mapping[AlertState, frozenset[AlertState]] = {
    AlertState.TRIGGERED: frozenset({AlertState.ACKNOWLEDGED, AlertState.RESOLVED}),
    AlertState.ACKNOWLEDGED: frozenset({AlertState.TRIGGERED, AlertState.RESOLVED}),
    AlertState.RESOLVED: frozenset(),
}
GROUP_MAY_BECOME: Mapping[GroupState, frozenset[GroupState]] = {
    GroupState.TRIGGERED: frozenset({GroupState.ACKNOWLEDGED, GroupState.RESOLVED}),
    GroupState.ACKNOWLEDGED: frozenset({GroupState.TRIGGERED, GroupState.RESOLVED}),
    GroupState.RESOLVED: frozenset(),
}


def shown(state: str, held: str) -> str:
    """What the state of an alert or a group is called. Nobody is paged for what is held back: it is not “triggered”.

    `held`: a `core.holds.HoldKind`, or empty.
    """
    if state != GroupState.TRIGGERED or not held:
        return state
    return MAINTENANCE if held == HoldKind.MAINTENANCE else SUPPRESSED


def group_state(triggered: int, acknowledged: int) -> GroupState:
    """The state of a group by how many of its alerts are in which: the most urgent of them."""
    if triggered:
        return GroupState.TRIGGERED
    return GroupState.ACKNOWLEDGED if acknowledged else GroupState.RESOLVED


class Standing(NamedTuple):
    """The open alert that a signal meets."""

    state: AlertState
    severity: Severity
    said_at: datetime | None = None  # when its source last reported it, by its own clock


def met(action: Action, severity: Severity, alert: Standing, said_at: datetime | None = None) -> Reason:
    """What a signal does to the open alert with its key. Messages overtake each other: `said_at` tells their order."""
    if action is Action.RESOLVE and said_at and alert.said_at and said_at < alert.said_at:
        return Reason.OUTDATED
    is_acknowledged = alert.state is AlertState.ACKNOWLEDGED
    match action:
        case Action.RESOLVE | Action.NOTE | Action.AMEND:
            return _ALWAYS[action]
        case Action.ACKNOWLEDGE:
            return Reason.ALREADY_ACKNOWLEDGED if is_acknowledged else Reason.ACKNOWLEDGED
        case Action.UNACKNOWLEDGE:
            return Reason.UNACKNOWLEDGED if is_acknowledged else Reason.NOT_ACKNOWLEDGED
    if severity is not alert.severity:
        return Reason.RAISED if severity.rank > alert.severity.rank else Reason.LOWERED
    return Reason.AMENDED if action is Action.RATE else Reason.DEDUPLICATED


def last_said(known: datetime | None, said_at: datetime | None, at: datetime) -> datetime | None:
    """When its source last reported an alert, after a report that came `at`."""
    if said_at is None or said_at > at + AHEAD:
        return known
    return said_at if known is None else max(known, said_at)


_ALWAYS = {Action.RESOLVE: Reason.RESOLVED, Action.NOTE: Reason.NOTED, Action.AMEND: Reason.AMENDED}


def arrived(action: Action, urgency: Urgency, joins: GroupState | None) -> Reason:
    """What a signal does when no alert with its key is open; `joins` is the state of the group it would join."""
    if action is not Action.TRIGGER:
        return Reason.NOTHING_OPEN
    pages = urgency is not Urgency.NONE
    if joins is None:
        return Reason.OPENED if pages else Reason.RECORDED
    return Reason.REOPENED if joins is GroupState.ACKNOWLEDGED and pages else Reason.JOINED

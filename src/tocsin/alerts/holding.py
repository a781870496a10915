"""An open group in hand, and how it and its alerts change."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from tocsin.alerts.rows import AlertRow, GroupRow
from tocsin.core import grouping
from tocsin.core.expiry import end_of
from tocsin.core.lifecycle import GROUP_MAY_BECOME, AlertState, GroupState, last_said
from tocsin.core.signals import SEVERITIES, URGENCIES, Severity, Signal, Urgency

Key = tuple[int, str]  # integration and dedup key
# what may change beside the counting: mostly nothing does, and then there is less to write
alert_standing = attrgetter("state", "severity", "summary", "ends_at", "said_at", "resolved_at")
standing = attrgetter(
    "title", "severity", "urgency", "state", "acknowledged_at", "acknowledged_by_id", "resolved_at", "alert_count",
    "version", "held",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Holding:
    """An open group in hand."""

    row: GroupRow
    alerts: dict[Key, AlertRow] = field(default_factory=dict)  # its open ones with keys of this batch
    triggered: int = 0  # of all its alerts, in hand or not
    acknowledged: int = 0
    held: int = 0  # of its open ones
    mute: int = 0  # of those that nothing holds back: so many have no urgency, and never page
    moved: AlertState | None = None  # all its open alerts, those too that are not in hand
    before: tuple[object, ...] = ()  # its standing in the database

    @property
    def is_held(self) -> bool:
        """Whether all its open alerts that would page are held back, so that nobody is paged for it."""
        return self.held > 0 and self.held + self.mute >= self.triggered + self.acknowledged

    def weigh(self, alert: AlertRow, change: int) -> None:
        """Before an open alert is held back, let go or given another urgency: -1; after it: 1."""
        if alert.held:
            self.held += change
        elif alert.urgency == Urgency.NONE:
            self.mute = max(self.mute + change, 0)

    def count(self, state: str, change: int) -> None:
        if state == AlertState.TRIGGERED:
            self.triggered += change
        elif state == AlertState.ACKNOWLEDGED:
            self.acknowledged += change

    def move(self, alert: AlertRow, state: AlertState) -> None:
        self.count(alert.state, -1)
        self.count(state, 1)
        alert.state = str(state)

    def move_all(self, state: AlertState) -> None:
        many = self.triggered + self.acknowledged
        is_triggered = state is AlertState.TRIGGERED
        self.moved, self.triggered, self.acknowledged = state, many * is_triggered, many * (not is_triggered)
        for alert in self.alerts.values():
            alert.state = state.value


def as_open(holding: Holding | None) -> grouping.OpenGroup | None:
    if holding is None:
        return None
    return grouping.OpenGroup(opened_at=holding.row.opened_at, last_event_at=holding.row.last_event_at)


def count(group: GroupRow, alert: AlertRow | None, at: datetime) -> None:
    group.event_count += 1
    group.last_event_at = max(group.last_event_at, at)
    if alert:
        alert.event_count += 1
        alert.last_event_at = max(alert.last_event_at, at)


def refresh(alert: AlertRow, signal: Signal, silence: timedelta) -> None:
    """What the source said last is what counts. `silence`: after which it resolves by itself; zero: never."""
    alert.summary = signal.summary or alert.summary or signal.dedup_key
    alert.severity = str(signal.severity)
    end = end_of(signal.ends_at, alert.last_event_at, silence) if signal.ends_at or silence else None
    alert.ends_at = end.at if end else None
    if signal.said_at:
        alert.said_at = last_said(alert.said_at, signal.said_at, alert.last_event_at)
    alert.said = signal


def raise_to(group: GroupRow, severity: Severity, urgency: Urgency) -> bool:
    """A group is as severe and as urgent as the worst it has held. Whether it has become worse, which pages again."""
    is_worse = severity.rank > SEVERITIES[group.severity].rank
    is_more_urgent = urgency.rank > URGENCIES[group.urgency].rank
    group.severity = severity.value if is_worse else group.severity
    group.urgency = urgency.value if is_more_urgent else group.urgency
    return is_more_urgent or (is_worse and urgency is not Urgency.NONE)


def become(group: GroupRow, state: GroupState, at: datetime) -> bool:
    """Whether the group changed its state. A change that `core.lifecycle` does not know is a bug, not a state."""
    was = GroupState(group.state)
    if state is was:
        return False
    if state not in GROUP_MAY_BECOME[was]:
        raise ValueError(f"a group that is {was.value} cannot become {state.value}")
    group.state, group.version = state.value, group.version + 1
    match state:
        case GroupState.TRIGGERED:
            group.acknowledged_at = group.acknowledged_by_id = None
        case GroupState.ACKNOWLEDGED:
            group.acknowledged_at, group.acknowledged_by_id = at, None
        case GroupState.RESOLVED:
            group.resolved_at = at
    return True

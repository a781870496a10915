"""The open alerts and groups that a batch of signals meets: read at once, changed in order, written at once.

Only who holds the absorbing lock has one, so nobody else opens alerts meanwhile; people may acknowledge and resolve,
and wait for the rows that `loading` has locked.
"""

from dataclasses import dataclass, field
from datetime import datetime

from tocsin.alerts.changes import ChangeKind, GroupChange
from tocsin.alerts.rows import AlertRow, EntryRow, EventRow, GroupRow, OutcomeRow
from tocsin.alerts.rulebook import Rulebook, Speaker
from tocsin.core import grouping
from tocsin.core.destination import Destination
from tocsin.core.lifecycle import GROUP_MAY_BECOME, AlertState, GroupState, Standing, arrived, group_state, met
from tocsin.core.receipts import Reason
from tocsin.core.signals import Action, Severity, Signal, Urgency

Key = tuple[int, str]  # integration and dedup key

_CHANGE = {
    GroupState.TRIGGERED: ChangeKind.REOPENED,
    GroupState.ACKNOWLEDGED: ChangeKind.ACKNOWLEDGED,
    GroupState.RESOLVED: ChangeKind.RESOLVED,
}


@dataclass(slots=True, eq=False)
class Holding:
    """An open group in hand."""

    row: GroupRow
    alerts: dict[Key, AlertRow] = field(default_factory=dict)  # its open ones with keys of this batch
    triggered: int = 0  # of all its alerts, in hand or not
    acknowledged: int = 0
    acknowledges: bool = False  # its triggered alerts that are not in hand become acknowledged

    def count(self, state: str, change: int) -> None:
        if state == AlertState.TRIGGERED:
            self.triggered += change
        elif state == AlertState.ACKNOWLEDGED:
            self.acknowledged += change

    def move(self, alert: AlertRow, state: AlertState) -> None:
        self.count(alert.state, -1)
        self.count(state, 1)
        alert.state = state.value

    def acknowledge(self) -> None:
        self.acknowledges = True
        self.acknowledged, self.triggered = self.acknowledged + self.triggered, 0
        for alert in self.alerts.values():
            alert.state = AlertState.ACKNOWLEDGED.value


@dataclass(slots=True)
class Ledger:
    rulebook: Rulebook
    open: dict[Key, Holding] = field(default_factory=dict)
    newest: dict[int, Holding] = field(default_factory=dict)  # by service, of those that collect
    changes: list[GroupChange] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    new_groups: list[GroupRow] = field(default_factory=list)
    new_alerts: list[AlertRow] = field(default_factory=list)
    touched_groups: dict[int, Holding] = field(default_factory=dict)
    touched_alerts: dict[int, AlertRow] = field(default_factory=dict)

    def hear(self, event: EventRow, integration: Speaker, position: int, signal: Signal) -> None:
        """One signal, after all that came before it."""
        key = event.integration_id, signal.dedup_key
        holding = self.open.get(key)
        alert = holding.alerts[key] if holding else None
        if holding is None or alert is None:
            reason, alert = self._arrive(integration, key, signal, event.received_at)
        elif alert.said is signal:
            # nothing is new: counting is all there is to do, and storms consist of this
            _count(holding.row, alert, event.received_at)
            reason = Reason.DEDUPLICATED
        else:
            reason = self._meet(holding, integration, key, signal, event.received_at)
        self.outcomes.append(OutcomeRow(event.id, position, key[1], signal.action.value, reason.value, alert))

    def pass_over(self, event: EventRow, reason: Reason) -> None:
        """An event that says nothing about any alert still has a receipt."""
        self.outcomes.append(OutcomeRow(event.id, 0, "", "", reason.value, None))

    def expire(self, key: Key, at: datetime) -> None:
        holding = self.open[key]
        alert = holding.alerts[key]
        self._touch(holding, alert)
        self._resolve(
            holding, key, at, f"“{alert.summary}” resolved by itself: its source announced it only until now."
        )

    def _meet(self, holding: Holding, integration: Speaker, key: Key, signal: Signal, at: datetime) -> Reason:
        alert = holding.alerts[key]
        standing = Standing(state=AlertState(alert.state), severity=Severity(alert.severity))
        reason = met(signal.action, signal.severity, standing)
        self._touch(holding, alert)
        _count(holding.row, alert, at)
        match reason:
            case Reason.RESOLVED:
                self._resolve(holding, key, at, f"“{alert.summary}” resolved.")
            case Reason.ACKNOWLEDGED:
                self._acknowledge(holding, alert, at)
            case Reason.DEDUPLICATED:
                _refresh(alert, signal)
            case Reason.RAISED | Reason.LOWERED:
                self._change_severity(holding, alert, signal, self.rulebook.place(integration, signal), at)
        return reason

    def _touch(self, holding: Holding, alert: AlertRow) -> None:
        if holding.row.id:
            self.touched_groups[holding.row.id] = holding
        if alert.id:
            self.touched_alerts[alert.id] = alert

    def _resolve(self, holding: Holding, key: Key, at: datetime, text: str) -> None:
        alert = holding.alerts.pop(key)
        del self.open[key]
        holding.move(alert, AlertState.RESOLVED)
        alert.resolved_at = at
        self._enter(holding, at, "recovered", text)
        self._settle(holding, at)

    def _acknowledge(self, holding: Holding, alert: AlertRow, at: datetime) -> None:
        holding.acknowledge()
        self._enter(holding, at, "acknowledged", f"The source acknowledged “{alert.summary}”.")
        self._settle(holding, at)

    def _change_severity(
        self, holding: Holding, alert: AlertRow, signal: Signal, to: Destination, at: datetime
    ) -> None:
        was = alert.severity
        _refresh(alert, signal)
        self._enter(holding, at, "severity", f"“{alert.summary}” went from {was} to {alert.severity}.")
        self._worsen(holding, alert, to.urgency, at)

    def _worsen(self, holding: Holding, alert: AlertRow, urgency: Urgency, at: datetime) -> None:
        """A group is as severe as the worst it has held; being worse than ever pages again."""
        if not _raise(holding.row, Severity(alert.severity), urgency):
            return
        holding.move(alert, AlertState.TRIGGERED)
        _become(holding.row, GroupState.TRIGGERED, at)
        self._changed(holding, ChangeKind.WORSENED)

    def _settle(self, holding: Holding, at: datetime) -> None:
        """The group follows its alerts."""
        state = group_state(holding.triggered, holding.acknowledged)
        if not _become(holding.row, state, at):
            return
        self._changed(holding, _CHANGE[state])
        if state is GroupState.RESOLVED:
            self._enter(holding, at, "resolved", "All alerts of the group are resolved.")
            if self.newest.get(holding.row.service_id) is holding:
                del self.newest[holding.row.service_id]

    def _arrive(self, integration: Speaker, key: Key, signal: Signal, at: datetime) -> tuple[Reason, AlertRow | None]:
        if signal.action is not Action.TRIGGER:
            return Reason.NOTHING_OPEN, None
        to = self.rulebook.place(integration, signal)
        newest = self.newest.get(to.service_id)
        placed = grouping.place(to.window, _as_open(newest), at)
        joined = newest if placed is grouping.Reason.JOINED else None
        reason = arrived(signal.action, signal.severity, GroupState(joined.row.state) if joined else None)
        if joined:
            return reason, self._join(joined, integration, key, signal, to, at, reason)
        return reason, self._open(integration, key, signal, to, at, placed)

    def _open(
        self, integration: Speaker, key: Key, signal: Signal, to: Destination, at: datetime, placed: grouping.Reason
    ) -> AlertRow:
        holding = Holding(_group(to, signal, at))
        self.new_groups.append(holding.row)
        if placed is not grouping.Reason.ALONE:
            self.newest[to.service_id] = holding
        alert = self._add(holding, key, signal, at, AlertState.TRIGGERED)
        text = f"“{integration.name}” reported “{alert.summary}”. It is a new group because {placed.value}."
        self._enter(holding, at, "opened", text)
        self._changed(holding, ChangeKind.OPENED)
        return alert

    def _join(
        self, holding: Holding, integration: Speaker, key: Key, signal: Signal, to: Destination, at: datetime,
        reason: Reason,
    ) -> AlertRow:  # fmt: skip
        quiet = reason is Reason.JOINED and holding.row.state == GroupState.ACKNOWLEDGED
        state = AlertState.ACKNOWLEDGED if quiet else AlertState.TRIGGERED
        alert = self._add(holding, key, signal, at, state)
        _count(holding.row, None, at)
        self._touch(holding, alert)
        self._enter(holding, at, "joined", f"“{integration.name}” reported “{alert.summary}”, which joined the group.")
        if reason is Reason.REOPENED:
            _raise(holding.row, signal.severity, to.urgency)
            self._settle(holding, at)
        else:
            self._worsen(holding, alert, to.urgency, at)
        return alert

    def _add(self, holding: Holding, key: Key, signal: Signal, at: datetime, state: AlertState) -> AlertRow:
        alert = AlertRow(
            integration_id=key[0], dedup_key=key[1], state=state.value, opened_at=at, last_event_at=at,
            group=holding.row,
        )  # fmt: skip
        _refresh(alert, signal)
        self.open[key], holding.alerts[key] = holding, alert
        self.new_alerts.append(alert)
        holding.count(state, 1)
        holding.row.alert_count += 1
        return alert

    def _changed(self, holding: Holding, kind: ChangeKind) -> None:
        self.changes.append(GroupChange(row=holding.row, kind=kind))

    def _enter(self, holding: Holding, at: datetime, kind: str, text: str) -> None:
        self.entries.append(EntryRow(holding.row, at, kind, text))


def _as_open(holding: Holding | None) -> grouping.OpenGroup | None:
    if holding is None:
        return None
    return grouping.OpenGroup(opened_at=holding.row.opened_at, last_event_at=holding.row.last_event_at)


def _group(to: Destination, signal: Signal, at: datetime) -> GroupRow:
    return GroupRow(
        service_id=to.service_id,
        title=signal.summary or signal.dedup_key,
        severity=signal.severity.value,
        urgency=to.urgency.value,
        state=GroupState.TRIGGERED.value,
        opened_at=at,
        last_event_at=at,
        event_count=1,
    )


def _count(group: GroupRow, alert: AlertRow | None, at: datetime) -> None:
    group.event_count += 1
    group.last_event_at = max(group.last_event_at, at)
    if alert:
        alert.event_count += 1
        alert.last_event_at = max(alert.last_event_at, at)


def _refresh(alert: AlertRow, signal: Signal) -> None:
    """What the source said last is what counts."""
    alert.summary = signal.summary or alert.summary or signal.dedup_key
    alert.severity = signal.severity.value
    alert.ends_at = signal.ends_at
    alert.said = signal


def _raise(group: GroupRow, severity: Severity, urgency: Urgency) -> bool:
    if severity.rank <= Severity(group.severity).rank:
        return False
    group.severity, group.urgency = severity.value, urgency.value
    return True


def _become(group: GroupRow, state: GroupState, at: datetime) -> bool:
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

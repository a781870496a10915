"""What becomes of a batch: rows that are new or have changed, what is told of them, and why."""

from dataclasses import dataclass, field
from datetime import datetime

from tocsin.alerts.changes import ChangeKind, GroupChange
from tocsin.alerts.holding import Holding
from tocsin.alerts.rows import AlertRow, EntryRow, GroupRow, OutcomeRow
from tocsin.core import storms


@dataclass(slots=True, kw_only=True)
class Journal:
    changes: list[GroupChange] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    entries: list[EntryRow] = field(default_factory=list)
    new_groups: list[GroupRow] = field(default_factory=list)
    new_alerts: list[AlertRow] = field(default_factory=list)
    touched_groups: dict[int, Holding] = field(default_factory=dict)
    touched_alerts: dict[int, AlertRow] = field(default_factory=dict)
    stormed: dict[GroupRow, list[AlertRow]] = field(default_factory=dict)  # alerts that have joined a storm's group
    judged: dict[int, AlertRow] = field(default_factory=dict)  # old alerts whose urgency or hold was decided again

    def touch(self, holding: Holding, alert: AlertRow | None = None) -> None:
        if holding.row.id:
            self.touched_groups[holding.row.id] = holding
        if alert and alert.id:
            self.touched_alerts[alert.id] = alert

    def judge(self, holding: Holding, alert: AlertRow) -> None:
        self.touch(holding, alert)
        if alert.id:
            self.judged[alert.id] = alert

    def tell(self, holding: Holding, kind: ChangeKind) -> None:
        self.changes.append(GroupChange(row=holding.row, kind=kind))

    def enter(self, holding: Holding, at: datetime, kind: str, text: str) -> None:
        self.entries.append(EntryRow(holding.row, at, kind, text))

    def sum_up(self) -> None:
        """One line for all that joined a storm in this batch: a line for each would bury the others."""
        for group, alerts in self.stormed.items():
            text = storms.joined([alert.summary for alert in alerts])
            self.entries.append(EntryRow(group, alerts[-1].opened_at, "joined", text))
        self.stormed.clear()

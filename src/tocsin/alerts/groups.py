"""What becomes of open groups and their alerts: held back and released, worse, settled, in a storm."""

from dataclasses import dataclass, field
from datetime import datetime

from tocsin.alerts.changes import ChangeKind
from tocsin.alerts.gate import Gale, Gate, put
from tocsin.alerts.holding import Holding, Key, become, raise_to
from tocsin.alerts.journal import Journal
from tocsin.alerts.rows import AlertRow
from tocsin.alerts.rulebook import Rulebook, Terms
from tocsin.core import storms
from tocsin.core.holds import Hold, HoldKind
from tocsin.core.lifecycle import AlertState, GroupState, group_state
from tocsin.core.signals import SEVERITIES, URGENCIES, Severity, Urgency
from tocsin.core.urgency import in_words

_CHANGE = {
    GroupState.TRIGGERED: ChangeKind.REOPENED,
    GroupState.ACKNOWLEDGED: ChangeKind.ACKNOWLEDGED,
    GroupState.RESOLVED: ChangeKind.RESOLVED,
}


@dataclass(slots=True)
class Groups(Journal):
    """In hand, with those of their alerts that a batch is about."""

    gate: Gate
    open: dict[Key, Holding] = field(default_factory=dict)
    newest: dict[tuple[int, str], Holding | None] = field(default_factory=dict)  # by service and key of the group

    @property
    def rulebook(self) -> Rulebook:
        return self.gate.rulebook

    def _rejudge(self, holding: Holding, alert: AlertRow, hold: Hold | None, at: datetime) -> None:
        self.judge(holding, alert)
        if hold is not None:
            self._hold_back(holding, alert, hold, at)
        elif alert.held:
            self._release(holding, alert, at)
        else:
            alert.review_at = None

    def _hold_back(self, holding: Holding, alert: AlertRow, hold: Hold, at: datetime) -> None:
        is_new = alert.held != hold.kind
        holding.weigh(alert, -1)
        put(alert, hold, self.gate)
        holding.weigh(alert, 1)
        if is_new:
            self.enter(holding, at, "held", f"“{alert.summary}” pages nobody now. {hold.reason}")
        self._quiet(holding, at)

    def _release(self, holding: Holding, alert: AlertRow, at: datetime) -> None:
        """It pages as a new one would, if nobody is paged for its group already."""
        if hold := self._sheltered(holding, alert, at):
            self._hold_back(holding, alert, hold, at)
            return
        holding.weigh(alert, -1)
        put(alert, None, self.gate)
        holding.weigh(alert, 1)
        if not holding.is_held:
            holding.row.held = ""
        if alert.urgency != Urgency.NONE:
            self.gate.pages((alert.integration_id, alert.dedup_key))
        self.enter(holding, at, "released", f"Nothing holds “{alert.summary}” back any more, and it is still open.")
        if holding.row.state == GroupState.ACKNOWLEDGED and alert.urgency != Urgency.NONE:
            self._reopen(holding, alert, URGENCIES[alert.urgency], at)
        else:
            self._worsen(holding, alert, URGENCIES[alert.urgency], at)

    def _reopen(self, holding: Holding, alert: AlertRow, urgency: Urgency, at: datetime) -> None:
        raise_to(holding.row, SEVERITIES[alert.severity], urgency)
        holding.move(alert, AlertState.TRIGGERED)
        self._settle(holding, at)

    def _sheltered(self, holding: Holding, alert: AlertRow, at: datetime) -> Hold | None:
        """Many for which nobody is paged yet, and now would be, are a storm like any other."""
        is_quiet = holding.is_held or holding.row.urgency == Urgency.NONE
        if not is_quiet or alert.held == HoldKind.SETTLING or alert.urgency == Urgency.NONE:
            return None
        terms = self.rulebook.terms(holding.row.service_id)
        reason, gale = self.gate.arrive(terms, at, is_known=alert.held == HoldKind.STORM)
        if reason is storms.Reason.WAITS:
            gale.waiting.append((holding, alert))
            return storms.waiting(gale.weather.settles_at)
        eye = self._eye(reason, gale, holding, terms, at)
        if reason is storms.Reason.CALM or eye is holding:
            return None
        self._gets_as_bad_as(eye, SEVERITIES[alert.severity], URGENCIES[alert.urgency], at)
        return storms.part_of(self.gate.numbers.of(eye.row))

    def _rise(self, holding: Holding, alert: AlertRow, at: datetime) -> None:
        """Nothing holds it back, and it may be more urgent than it was."""
        if not holding.is_held:
            holding.row.held = ""
        if holding.row.urgency == Urgency.NONE and (hold := self._sheltered(holding, alert, at)):
            self._hold_back(holding, alert, hold, at)
        else:
            self._worsen(holding, alert, URGENCIES[alert.urgency], at)

    def _worsen(self, holding: Holding, alert: AlertRow, urgency: Urgency, at: datetime) -> None:
        """Being worse than ever pages again."""
        if not raise_to(holding.row, SEVERITIES[alert.severity], urgency):
            return
        holding.move(alert, AlertState.TRIGGERED)
        become(holding.row, GroupState.TRIGGERED, at)
        self.tell(holding, ChangeKind.WORSENED)

    def _settle(self, holding: Holding, at: datetime) -> None:
        """The group follows its alerts."""
        state = group_state(holding.triggered, holding.acknowledged)
        if become(holding.row, state, at):
            self.tell(holding, _CHANGE[state])
        if state is GroupState.RESOLVED:
            self.enter(holding, at, "resolved", "All alerts of the group are resolved.")
            if self.newest.get((holding.row.service_id, holding.row.key)) is holding:
                self.newest[holding.row.service_id, holding.row.key] = None
        else:
            self._quiet(holding, at)

    def _quiet(self, holding: Holding, at: datetime) -> None:
        """Nobody is paged any more for a group whose open alerts are all held back, but for those that never page."""
        if not holding.is_held:
            holding.row.held = holding.row.held if holding.held else ""
            return
        kind = next((a.held for a in holding.alerts.values() if a.held), HoldKind.SILENCE.value)
        if holding.row.urgency == Urgency.NONE:
            holding.row.held = holding.row.held or kind
            return
        holding.row.urgency, holding.row.held = Urgency.NONE.value, kind
        self.enter(holding, at, "held", "All its open alerts are held back: paging has stopped.")
        self.tell(holding, ChangeKind.HELD)

    def _eye(self, reason: storms.Reason, gale: Gale, candidate: Holding, terms: Terms, at: datetime) -> Holding:
        """The group that a storm has, or would have; those that waited are part of it when it begins."""
        eye = self._eye_of(reason, gale, terms)
        is_first = len(gale.weather.recent) == 1
        if is_first or not gale.first:
            gale.first = candidate.row.title
        if is_first or eye is None:
            eye = gale.holding = candidate
        if reason is storms.Reason.BREAKS:
            text = "A storm: many new alerts came at once. All that come now join this group, which is paged as one."
            self.enter(eye, at, "storm", text)
            self._gather(gale, eye, at)
        if gale.weather.since is not None:
            eye.row.title = storms.title(gale.weather, terms.name, gale.first)
            self.touch(eye)
        return eye

    def _eye_of(self, reason: storms.Reason, gale: Gale, terms: Terms) -> Holding | None:
        """None: the storm needs a group of its own. Whose page has long left, or was answered, knows of no storm."""
        eye = self.gate.eye(gale)
        if eye is None or reason is not storms.Reason.BREAKS:
            return eye
        is_told = storms.is_sudden(terms.shelter, gale.weather) and eye.row.state == GroupState.TRIGGERED
        return eye if is_told else None

    def _gather(self, gale: Gale, eye: Holding, at: datetime) -> None:
        """Those of this batch that waited. Of earlier batches: `stored` does it."""
        for severity, urgency in self.gate.stored.waiting(eye.row.service_id):
            self._gets_as_bad_as(eye, severity, urgency, at)
        for holding, alert in gale.waiting:
            if alert.held == HoldKind.SETTLING and alert.state != AlertState.RESOLVED:
                put(alert, storms.part_of(self.gate.numbers.of(eye.row)), self.gate)
                self.judge(holding, alert)
                holding.row.held = HoldKind.STORM.value
                self._gets_as_bad_as(eye, SEVERITIES[alert.severity], URGENCIES[alert.urgency], at)
        gale.waiting.clear()

    def _gets_as_bad_as(self, eye: Holding, severity: Severity, urgency: Urgency, at: datetime) -> None:
        """A storm is as bad as the worst that it keeps from paging on its own; being worse than ever pages again."""
        if not raise_to(eye.row, severity, urgency):
            return
        self.touch(eye)
        self.enter(
            eye, at, "severity", f"The storm has alerts of severity {severity.value} and {in_words(urgency)} now."
        )
        if eye.row.state == GroupState.ACKNOWLEDGED:
            eye.move_all(AlertState.TRIGGERED)
            become(eye.row, GroupState.TRIGGERED, at)
        self.tell(eye, ChangeKind.WORSENED)

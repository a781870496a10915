"""The open alerts and groups that a batch of signals meets: read at once, changed in order, written at once.

Only who holds the absorbing lock has one, so nobody else opens alerts meanwhile; people may acknowledge and resolve,
and wait for the rows that `loading` has locked.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from tocsin.alerts.arrivals import HELD, Arrived, anew, group_of, said
from tocsin.alerts.changes import ChangeKind
from tocsin.alerts.gate import put
from tocsin.alerts.groups import Groups
from tocsin.alerts.holding import Holding, Key, as_open, count, refresh
from tocsin.alerts.rows import AlertRow, EventRow, OutcomeRow
from tocsin.alerts.rulebook import Destination, Speaker
from tocsin.alerts.saying import kept
from tocsin.core import expiry, grouping, storms
from tocsin.core.amending import amended, is_other
from tocsin.core.holds import Hold
from tocsin.core.lifecycle import ALERT_STATES, AlertState, GroupState, Standing, arrived, met
from tocsin.core.receipts import Reason
from tocsin.core.signals import SEVERITIES, URGENCIES, Action, Naming, Signal, Urgency
from tocsin.core.urgency import in_words


@dataclass(slots=True)
class Ledger(Groups):
    """What is heard of alerts, one signal after the other."""

    def hear(self, event: EventRow, integration: Speaker, position: int, signal: Signal) -> None:
        """One signal, after all that came before it."""
        key = event.integration_id, signal.dedup_key
        # an id or a number that is unknown may be another alert's key
        holding = self.open.get(key) if signal.naming is Naming.KEY else None
        alert = holding.alerts[key] if holding else None
        why = ""
        if holding is None or alert is None:
            reason, alert, why = self._arrive(integration, key, signal, event.received_at)
        elif alert.said is signal:
            self._repeat(holding, alert, signal, event.received_at)
            reason = Reason.DEDUPLICATED
        else:
            reason, why = self._meet(holding, integration, key, signal, event.received_at)
        if signal.note and alert:
            self.enter(holding or self.open[key], event.received_at, "note", _note(signal))
        self.outcomes.append(OutcomeRow(event.id, position, key[1], str(signal.action), str(reason), alert, why))

    def _repeat(self, holding: Holding, alert: AlertRow, signal: Signal, at: datetime) -> None:
        """Nothing is new: counting is all there is to do, and storms consist of this."""
        count(holding.row, alert, at)
        if alert.ends_at is not None:  # it may live on for having been heard of
            refresh(alert, signal, self.rulebook.terms(holding.row.service_id).silence)

    def pass_over(self, event: EventRow, reason: Reason) -> None:
        """An event that says nothing about any alert still has a receipt."""
        self.outcomes.append(OutcomeRow(event.id, 0, "", "", str(reason), None))

    def expire(self, key: Key, at: datetime) -> None:
        holding = self.open[key]
        alert = holding.alerts[key]
        silence = self.rulebook.terms(holding.row.service_id).silence
        is_silent = bool(silence) and alert.last_event_at + silence <= at
        why = expiry.Reason.SILENT if is_silent else expiry.Reason.ANNOUNCED
        self.touch(holding, alert)
        self._resolve(holding, key, at, f"“{alert.summary}” resolved by itself: {why.value}.")

    def review(self, key: Key, at: datetime) -> None:
        """Whether what holds an open alert back still does, or something does now; and how urgent it is by now."""
        holding, speaker = self.open[key], self.rulebook.integrations[key[0]]
        alert = holding.alerts[key]
        if self.rulebook.asks(speaker):
            signal = replace(self._before(alert), severity=SEVERITIES[alert.severity], summary=alert.summary)
            self._judge_again(holding, key, self.rulebook.place(speaker, signal, at), at)
        else:
            self._judge_again(holding, key, None, at)
        if not alert.held and alert.urgency != Urgency.NONE:
            self.gate.pages(key)

    def _judge_again(self, holding: Holding, key: Key, to: Destination | None, at: datetime) -> None:
        """By the rules as they are and the time that it is; none: no rule has anything to say about it."""
        alert = holding.alerts[key]
        terms = self.rulebook.terms(holding.row.service_id)
        fields = {**to.fields, "service": terms.slug} if to and to.fields else {}
        if to and alert.urgency != to.urgency:
            holding.weigh(alert, -1)
            alert.urgency = str(to.urgency)
            holding.weigh(alert, 1)
            text = f"“{alert.summary}” has {in_words(to.urgency)} now. {to.why or to.usual}"
            self.enter(holding, at, "urgency", text.rstrip())
        hold = self.gate.suppression(fields, key, alert, at) or self.gate.still(terms, key, alert, at)
        self._rejudge(holding, alert, hold, at)
        if not alert.held:
            self._rise(holding, alert, at)
        elif eye := self.gate.storm_of(alert):
            self._gets_as_bad_as(eye, SEVERITIES[alert.severity], URGENCIES[alert.urgency], at)

    def _meet(
        self, holding: Holding, integration: Speaker, key: Key, signal: Signal, at: datetime
    ) -> tuple[Reason, str]:
        """What it does, and what rules say anew about the alert."""
        alert = holding.alerts[key]
        why = ""
        standing = Standing(ALERT_STATES[alert.state], SEVERITIES[alert.severity], alert.said_at)
        reason = met(signal.action, signal.severity, standing, signal.said_at)
        self.touch(holding, alert)
        count(holding.row, alert, at)
        match reason:
            case Reason.OUTDATED:
                why = _late(alert, signal)
            case Reason.RESOLVED:
                self._resolve(holding, key, at, f"“{alert.summary}” resolved.")
            case Reason.ACKNOWLEDGED:
                self._acknowledge(holding, alert, at)
            case Reason.UNACKNOWLEDGED:
                self._unacknowledge(holding, alert, at)
            case Reason.AMENDED:
                why = self._amend(holding, integration, key, signal, at)
            case Reason.DEDUPLICATED:
                why = self._update(holding, integration, key, signal, at)
            case Reason.RAISED | Reason.LOWERED:
                why = self._change_severity(holding, integration, key, self._whole(alert, signal), at)
        return reason, why

    def _resolve(self, holding: Holding, key: Key, at: datetime, text: str) -> None:
        alert = holding.alerts.pop(key)
        del self.open[key]
        holding.move(alert, AlertState.RESOLVED)
        holding.weigh(alert, -1)
        alert.resolved_at = at
        if alert.id:
            self.gate.gone.add(alert.id)
        self.gate.recovers(self.rulebook.terms(holding.row.service_id), key, alert, at)
        self.enter(holding, at, "recovered", text)
        self._settle(holding, at)

    def _acknowledge(self, holding: Holding, alert: AlertRow, at: datetime) -> None:
        holding.move_all(AlertState.ACKNOWLEDGED)
        self.enter(holding, at, "acknowledged", f"The source acknowledged “{alert.summary}”.")
        self._settle(holding, at)

    def _unacknowledge(self, holding: Holding, alert: AlertRow, at: datetime) -> None:
        holding.move(alert, AlertState.TRIGGERED)
        self.enter(holding, at, "unacknowledged", f"The source took its acknowledgement of “{alert.summary}” back.")
        self._settle(holding, at)

    def _amend(self, holding: Holding, integration: Speaker, key: Key, signal: Signal, at: datetime) -> str:
        alert = holding.alerts[key]
        was, whole = alert.summary, self._whole(alert, signal)
        why = self._update(holding, integration, key, whole, at)
        if holding.row.title == was:
            holding.row.title = alert.summary
        said = f"The source changed what “{was}” says."
        self.enter(holding, at, "amended", said if alert.summary == was else f"{said} It is “{alert.summary}” now.")
        return why

    def _update(self, holding: Holding, integration: Speaker, key: Key, signal: Signal, at: datetime) -> str:
        """Rules are asked again when what they see has changed; where none asks, there is nothing to compare."""
        alert = holding.alerts[key]
        is_news = self.rulebook.asks(integration) and self._is_news(alert, signal)
        refresh(alert, signal, self.rulebook.terms(holding.row.service_id).silence)
        return self._reconsider(holding, integration, key, signal, at) if is_news else ""

    def _is_news(self, alert: AlertRow, signal: Signal) -> bool:
        """Whether it says something else than it did. By its digest, where that is known: nothing is read then."""
        if alert.said is None and alert.digest is not None:
            return (signal.summary or alert.summary) != alert.summary or kept(signal)[-1] != alert.digest
        return is_other(self._before(alert), signal)

    def _before(self, alert: AlertRow) -> Signal:
        """What it has said so far."""
        return alert.said or self.gate.stored.said(alert)

    def _whole(self, alert: AlertRow, signal: Signal) -> Signal:
        """What the alert says when a signal that has only a part of it is heard."""
        if signal.action not in (Action.AMEND, Action.RATE):
            return signal
        before = self._before(alert)
        return amended(replace(before, severity=SEVERITIES[alert.severity], ends_at=alert.ends_at), signal)

    def _change_severity(self, holding: Holding, integration: Speaker, key: Key, signal: Signal, at: datetime) -> str:
        alert = holding.alerts[key]
        was, said = alert.severity, alert.summary
        refresh(alert, signal, self.rulebook.terms(holding.row.service_id).silence)
        if holding.row.title == said:
            holding.row.title = alert.summary  # who is paged anew reads what it is now
        self.enter(holding, at, "severity", f"“{alert.summary}” went from {was} to {alert.severity}.")
        return self._reconsider(holding, integration, key, signal, at)

    def _reconsider(self, holding: Holding, integration: Speaker, key: Key, signal: Signal, at: datetime) -> str:
        """By the rules as for a new alert; it stays in its group, and with its service. What is new, in sentences."""
        alert = holding.alerts[key]
        before = alert.urgency, alert.held_reason
        to = self.rulebook.place(integration, signal, at)
        if to.fields:
            slug = self.rulebook.terms(holding.row.service_id).slug
            self.gate.note(alert, {**to.fields, "service": slug})
        self._judge_again(holding, key, to, at)
        return anew(alert, before, to.why or to.usual)

    def _arrive(
        self, integration: Speaker, key: Key, signal: Signal, at: datetime
    ) -> tuple[Reason, AlertRow | None, str]:
        if signal.action is not Action.TRIGGER:
            return Reason.NOTHING_OPEN, None, ""
        to = self.rulebook.place(integration, signal, at)
        new = Arrived(integration, key, signal, to, at)
        hold = self.gate.hold(to, key, at)
        newest = self._newest(to)
        placed = grouping.place(to.terms.window, as_open(newest), at, to.terms.longest)
        if placed is grouping.Reason.JOINED and newest:
            return self._join(new, newest, hold)
        if hold or to.urgency is Urgency.NONE:
            return self._open(new, placed, hold)
        return self._weather(new, placed)

    def _newest(self, to: Destination) -> Holding | None:
        if not to.terms.window:
            return None
        place = to.terms.service_id, to.key
        if place not in self.newest:
            self.newest[place] = self.gate.stored.newest(*place)
        return self.newest[place]

    def _weather(self, new: Arrived, placed: grouping.Reason) -> tuple[Reason, AlertRow, str]:
        """It would page on its own now, if no storm is going on or coming."""
        if not new.to.terms.shelter.threshold:
            return self._open(new, placed, None)
        reason, gale = self.gate.arrive(new.to.terms, new.at)
        if reason is storms.Reason.WAITS:
            opened = self._open(new, placed, storms.waiting(gale.weather.settles_at))
            gale.waiting.append((self.open[new.key], opened[1]))
            return opened
        if reason is not storms.Reason.CALM and (eye := self._eye_of(reason, gale, new.to.terms)):
            self._eye(reason, gale, eye, new.to.terms, new.at)
            return self._join_storm(new, eye)
        opened = self._open(new, placed, None)
        self._eye(reason, gale, self.open[new.key], new.to.terms, new.at)
        return opened

    def _join_storm(self, new: Arrived, eye: Holding) -> tuple[Reason, AlertRow, str]:
        """A storm is one page, unless it gets worse."""
        self._gets_as_bad_as(eye, new.signal.severity, new.to.urgency, new.at)
        alert = self._add(new, eye, AlertState(eye.row.state))
        self.stormed.setdefault(eye.row, []).append(alert)
        eye.row.held = ""
        count(eye.row, None, new.at)
        return Reason.IN_STORM, alert, said(new.to, None)

    def _open(self, new: Arrived, placed: grouping.Reason, hold: Hold | None) -> tuple[Reason, AlertRow, str]:
        holding = Holding(group_of(new, hold))
        self.new_groups.append(holding.row)
        if placed is not grouping.Reason.ALONE:
            self.newest[new.to.terms.service_id, new.to.key] = holding
        alert = self._add(new, holding, AlertState.TRIGGERED, hold)
        why = said(new.to, hold)
        text = f"“{new.integration.name}” reported “{alert.summary}”. {grouping.in_words(placed)}"
        self.enter(holding, new.at, "opened", f"{text} {why}".rstrip())
        self.tell(holding, ChangeKind.OPENED)
        return HELD[hold.kind] if hold else arrived(new.signal.action, new.to.urgency, None), alert, why

    def _join(self, new: Arrived, holding: Holding, hold: Hold | None) -> tuple[Reason, AlertRow, str]:
        reason = arrived(new.signal.action, Urgency.NONE if hold else new.to.urgency, GroupState(holding.row.state))
        quiet = reason is Reason.JOINED and holding.row.state == GroupState.ACKNOWLEDGED
        alert = self._add(new, holding, AlertState.ACKNOWLEDGED if quiet else AlertState.TRIGGERED, hold)
        count(holding.row, None, new.at)
        self.touch(holding, alert)
        why = said(new.to, hold)
        text = f"“{new.integration.name}” reported “{alert.summary}”, which joined the group. {why}".rstrip()
        self.enter(holding, new.at, "joined", text)
        if hold:
            if holding.is_held and holding.row.urgency == Urgency.NONE:
                holding.row.held = holding.row.held or hold.kind.value
            return HELD[hold.kind], alert, why
        if not holding.is_held:
            holding.row.held = ""
        if reason is Reason.REOPENED:
            self._reopen(holding, alert, new.to.urgency, new.at)
        else:
            self._worsen(holding, alert, new.to.urgency, new.at)
        return reason, alert, why

    def _add(self, new: Arrived, holding: Holding, state: AlertState, hold: Hold | None = None) -> AlertRow:
        alert = AlertRow(
            integration_id=new.key[0], dedup_key=new.key[1], state=str(state), opened_at=new.at, last_event_at=new.at,
            group=holding.row, urgency=str(new.to.urgency), uid=new.signal.uid or None,
        )  # fmt: skip
        refresh(alert, new.signal, new.to.terms.silence)
        put(alert, hold, self.gate)
        self.open[new.key], holding.alerts[new.key] = holding, alert
        self.new_alerts.append(alert)
        holding.count(state, 1)
        holding.weigh(alert, 1)
        holding.row.alert_count += 1
        if hold is None and new.to.urgency is not Urgency.NONE:
            self.gate.pages(new.key)
        self.gate.note(alert, new.to.fields)
        return alert


def _late(alert: AlertRow, signal: Signal) -> str:
    """Both by the source's own clock."""
    return f"This is of {signal.said_at:%d %b %H:%M:%S}, the newest report of {alert.said_at:%d %b %H:%M:%S} (UTC)."


def _note(signal: Signal) -> str:
    return f"{signal.author}: {signal.note}" if signal.author else signal.note

"""Whether an alert pages now or is held back: asked once for each new alert, and again when an alert is reviewed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tocsin.alerts.holding import Holding, Key
from tocsin.alerts.marks import Mark, Marks, Numbers
from tocsin.alerts.rows import AlertRow
from tocsin.alerts.rulebook import Destination, Rulebook, Terms
from tocsin.core import flapping, storms
from tocsin.core.flapping import Flap
from tocsin.core.holds import Hold, HoldKind
from tocsin.core.lifecycle import GroupState
from tocsin.core.matching import Fields
from tocsin.core.pausing import paused
from tocsin.core.signals import Severity, Signal, Urgency
from tocsin.core.storms import Weather
from tocsin.core.suppression import Source, Trace, inhibited, maintained, silenced, sources_of, targets_of


@dataclass(slots=True, eq=False)
class Gale:
    """The weather of a service, and the group that its storm has or would have."""

    weather: Weather = storms.CALM
    group_id: int | None = None
    holding: Holding | None = None  # the same group, when it is in hand
    first: str = ""  # the title of that group, before it was a storm's
    waiting: list[tuple[Holding, AlertRow]] = field(default_factory=list)  # of this batch
    has_broken: bool = False  # in this batch


class Stored(Protocol):
    """What is asked of the database only when it matters."""

    def sources(self, trace: Trace, /) -> Sequence[Source]: ...

    def inhibitor(self, alert_id: int, /) -> int:
        """The alert that inhibits this one; 0: none."""

    def gale(self, service_id: int, /) -> Gale: ...

    def holding(self, group_id: int) -> Holding | None:
        """Locked from then on; None when it is resolved."""

    def waiting(self, service_id: int, /) -> Sequence[tuple[Severity, Urgency]]:
        """Of the open alerts of the service that wait since an earlier batch, whether a storm comes."""

    def said(self, alert: AlertRow) -> Signal:
        """What the alert says by now."""

    def newest(self, service_id: int, key: str, /) -> Holding | None:
        """The newest group of the service with this key, locked from then on; None when it is resolved."""


@dataclass(slots=True)
class Gate:
    rulebook: Rulebook
    stored: Stored
    flaps: dict[Key, Flap] = field(default_factory=dict)  # of the keys of this batch
    flaps_seen: set[Key] = field(default_factory=set)  # those that have changed
    gales: dict[int, Gale] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    numbers: Numbers = field(default_factory=Numbers)
    inhibitors: dict[int, int] = field(default_factory=dict)  # of alerts held back or let go in this batch; 0: none
    gone: set[int] = field(default_factory=set)  # alerts that are open in the database only

    def hold(self, to: Destination, key: Key, at: datetime) -> Hold | None:
        """Of a new alert."""
        flap = self._flap(to.terms, key, at)
        return self.suppression(to.fields, key, None, at) or flap or paused(to.terms.pause, at, at)

    def pages(self, key: Key) -> None:
        """Somebody is paged for it now. Of what flaps that is the one page: a hold or a lack of urgency is none."""
        flap = self.flaps.get(key)
        if flap is not None and flap.since is not None and not flap.is_paged:
            self._keep_flap(key, flapping.paged(flap))

    def suppression(self, fields: Fields, key: Key, alert: AlertRow | None, at: datetime) -> Hold | None:
        """By what people have said."""
        rules = self.rulebook.rules
        if not (rules.silences or rules.windows or rules.inhibitions):
            return None
        return (
            silenced(rules.silences, fields, key[0], at)
            or maintained(rules.windows, fields, at)
            or (self._inhibition(fields, alert) if rules.inhibitions else None)
        )

    def still(self, terms: Terms, key: Key, alert: AlertRow, at: datetime) -> Hold | None:
        """By Tocsin's own caution, of an alert that is held back by it."""
        match alert.held:
            case HoldKind.PAUSE:
                return paused(terms.pause, alert.opened_at, at)
            case HoldKind.FLAPPING:
                return flapping.still_held(terms.tolerance, self.flaps.get(key, flapping.STEADY), at)
            case HoldKind.SETTLING if alert.held_until and storms.waits(terms.shelter, alert.held_until, at):
                return storms.waiting(alert.held_until)
            case HoldKind.STORM if self._has_storm(alert):
                return storms.part_of(self.numbers.of(alert.holder) if alert.holder else alert.held_by)
        return None

    def _has_storm(self, alert: AlertRow) -> bool:
        """Whether the group of the storm that the alert is part of is open."""
        if alert.holder:
            return alert.holder.state != GroupState.RESOLVED
        return self.stored.holding(alert.held_by) is not None

    def storm_of(self, alert: AlertRow) -> Holding | None:
        """The open group of the storm that the alert is part of."""
        if alert.held != HoldKind.STORM:
            return None
        if alert.holder is None:
            return self.stored.holding(alert.held_by)
        eyes = (gale.holding for gale in self.gales.values() if gale.holding)
        return next((eye for eye in eyes if eye.row is alert.holder and eye.row.state != GroupState.RESOLVED), None)

    def recovers(self, terms: Terms, key: Key, alert: AlertRow, at: datetime) -> None:
        """The first time an alert comes and goes is when its flaps begin to be counted."""
        if terms.tolerance.changes:
            before = self.flaps.get(key) or Flap(changes=(alert.opened_at,))
            self._keep_flap(key, flapping.recovered(terms.tolerance, before, at).flap)

    def arrive(self, terms: Terms, at: datetime, *, is_known: bool = False) -> tuple[storms.Reason, Gale]:
        """An alert would page now, on its own. `is_known`: it was part of a storm before."""
        if not terms.shelter.threshold:
            return storms.Reason.CALM, Gale()
        gale = self.gales.get(terms.service_id) or self.gales.setdefault(
            terms.service_id, self.stored.gale(terms.service_id)
        )
        arrival = storms.arrive(terms.shelter, gale.weather, at, is_known=is_known)
        gale.weather = arrival.weather
        gale.has_broken = gale.has_broken or arrival.reason is storms.Reason.BREAKS
        return arrival.reason, gale

    def eye(self, gale: Gale) -> Holding | None:
        """The group of a storm, while it is open."""
        if gale.holding is None and gale.group_id:
            gale.holding = self.stored.holding(gale.group_id)
        found = gale.holding
        return found if found and found.row.state != GroupState.RESOLVED else None

    def note(self, alert: AlertRow, fields: Fields) -> None:
        """Where the alert inhibits others and where it may be inhibited. Where it did before, it does no more."""
        rules = self.rulebook.rules.inhibitions
        if not rules:
            return
        sources, targets = dict(sources_of(rules, fields)), dict.fromkeys(targets_of(rules, fields))
        traces = {**sources} | targets
        self.marks.put(alert, [Mark(alert, trace, trace in sources, trace in targets) for trace in traces])
        self.numbers.of(alert)  # the older one inhibits

    def _inhibition(self, fields: Fields, alert: AlertRow | None) -> Hold | None:
        rules = self.rulebook.rules.inhibitions
        found = {trace: self._sources(trace) for trace in targets_of(rules, fields)}
        if alert is None:
            return inhibited(rules, fields, None, found)
        number = self.numbers.of(alert)
        others = {trace: [s for s in sources if not self._leads_to(s.id, number)] for trace, sources in found.items()}
        return inhibited(rules, fields, number, others)

    def _leads_to(self, source: int, alert: int) -> bool:
        """Whether the source is itself inhibited by the alert, or by one that is: of those somebody has to page."""
        seen = set[int]()
        while source and source not in seen:
            seen.add(source)
            if (source := self._inhibitor(source)) == alert:
                return True
        return False

    def _inhibitor(self, number: int) -> int:
        if number in self.inhibitors or self.numbers.row(number) is not None:
            return self.inhibitors.get(number, 0)
        return self.stored.inhibitor(number)

    def _sources(self, trace: Trace) -> list[Source]:
        fresh = [
            Source(id=self.numbers.of(mark.alert), summary=mark.alert.summary, is_target=mark.is_target)
            for mark in self.marks.sources(trace)
        ]
        stored = self.stored.sources(trace)
        return [s for s in stored if s.id not in self.gone and s.id not in self.marks.changed] + fresh

    def _flap(self, terms: Terms, key: Key, at: datetime) -> Hold | None:
        before = self.flaps.get(key)
        if before is None or not terms.tolerance.changes:
            return None
        seen = flapping.triggered(terms.tolerance, before, at)
        self._keep_flap(key, seen.flap)
        return seen.hold

    def _keep_flap(self, key: Key, flap: Flap) -> None:
        self.flaps[key] = flap
        self.flaps_seen.add(key)


def put(alert: AlertRow, hold: Hold | None, gate: Gate) -> None:
    """Writes it on the alert; none: nothing holds it back."""
    holder = gate.numbers.row(hold.id) if hold else None
    alert.held = hold.kind.value if hold else ""
    alert.held_reason = hold.reason if hold else ""
    alert.held_by = hold.id if hold and holder is None else 0
    alert.holder = holder
    alert.held_until = alert.review_at = hold.until if hold else None
    if gate.rulebook.rules.inhibitions:
        gate.inhibitors[gate.numbers.of(alert)] = hold.id if hold and hold.kind is HoldKind.INHIBITION else 0

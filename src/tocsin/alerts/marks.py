"""Where the alerts of a batch inhibit others and may be inhibited, which the database does not know yet."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from tocsin.alerts.rows import AlertRow, GroupRow
from tocsin.core.suppression import Trace

Row = AlertRow | GroupRow
_FRESH = 2**62  # no id reaches it


@dataclass(frozen=True, slots=True)
class Mark:
    """An alert is a source of an inhibition, a target or both."""

    alert: AlertRow
    trace: Trace
    is_source: bool
    is_target: bool


@dataclass(slots=True)
class Numbers:
    """What rows of this batch go by while they have no ids: younger than all that have one, in their order."""

    _rows: list[Row] = field(default_factory=list)
    _known: dict[Row, int] = field(default_factory=dict)

    def of(self, row: Row) -> int:
        if row.id is not None:
            return row.id
        if row not in self._known:
            self._known[row] = _FRESH + len(self._rows)
            self._rows.append(row)
        return self._known[row]

    def row(self, number: int) -> Row | None:
        """None: it is an id."""
        return self._rows[number - _FRESH] if number >= _FRESH else None


@dataclass(slots=True)
class Marks:
    """Of new alerts, and of those that have changed: what is stored of them holds no longer."""

    by_alert: dict[AlertRow, Collection[Mark]] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)  # ids of alerts that were there before
    _sources: dict[Trace, dict[AlertRow, Mark]] = field(default_factory=dict)

    def put(self, alert: AlertRow, found: Collection[Mark]) -> None:
        """All that there are; those that were put before are forgotten."""
        for mark in self.by_alert.pop(alert, ()):
            self._sources.get(mark.trace, {}).pop(alert, None)
        if alert.id is not None:
            self.changed.add(alert.id)
        elif not found:
            return
        self.by_alert[alert] = found
        for mark in found:
            if mark.is_source:
                self._sources.setdefault(mark.trace, {})[alert] = mark

    def sources(self, trace: Trace) -> Iterator[Mark]:
        """Those whose alerts are open."""
        return (mark for mark in self._sources.get(trace, {}).values() if mark.alert.state != "resolved")

    def __iter__(self) -> Iterator[Mark]:
        marks: Iterable[Collection[Mark]] = self.by_alert.values()
        return (mark for found in marks for mark in found)

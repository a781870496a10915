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
    moved: set[Trace] = field(default_factory=set)  # where a source has come or gone since it was put first
    _sources: dict[Trace, dict[AlertRow, Mark]] = field(default_factory=dict)

    def put(self, alert: AlertRow, found: Collection[Mark]) -> None:
        """All that there are; those that were put before are forgotten."""
        if (before := self.by_alert.get(alert)) is not None:
            for mark in before:
                self._sources.get(mark.trace, {}).pop(alert, None)
            self.moved |= _where_source(before) ^ _where_source(found)
        if alert.id is not None:
            self.changed.add(alert.id)
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


def _where_source(marks: Iterable[Mark]) -> set[Trace]:
    return {mark.trace for mark in marks if mark.is_source}

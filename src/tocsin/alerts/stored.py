"""What holds alerts back, as it is remembered from one batch to the next: inhibitions, flaps and the weather."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from tocsin.alerts import locking
from tocsin.alerts.fetching import Keyed, Moment, moment
from tocsin.alerts.gate import Gale, Gate
from tocsin.alerts.holding import Holding, Key
from tocsin.alerts.marks import Mark, Marks
from tocsin.alerts.models import Alert, AlertGroup, Flap, Trace, Weather
from tocsin.alerts.rows import AlertRow
from tocsin.alerts.rulebook import Rulebook
from tocsin.core import flapping, storms
from tocsin.core.holds import HoldKind
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import SEVERITIES, URGENCIES, Action, Image, Link, Severity, Signal, Urgency
from tocsin.core.suppression import Source
from tocsin.core.suppression import Trace as Where

_SAID = ("dedup_key", "summary", "source", "component", "details", "links", "images")
_FLAPS = Keyed(
    "alerts_flap", ("integration_id", "dedup_key", "changes", "since", "count", "is_paged"), moments=["since"]
)
_WHERE = ("alert_id", "rule", "values", "is_source", "is_target")
_SOURCE = ("alert_id", "alert__summary", "is_target", "alert__held", "alert__held_by")
_SOURCES = 20  # of one trace: the oldest inhibits, and some may be left out


class Store:
    """`gate.Stored`, in the transaction of a batch. Each thing is read once."""

    def __init__(self, holdings: dict[int, Holding]) -> None:
        self._holdings = holdings
        self._closed: set[int] = set()
        self._sources: dict[Where, Sequence[Source]] = {}
        self._inhibitors: dict[int, int] = {}
        self._said: dict[int, Signal] = {}

    def sources(self, trace: Where) -> Sequence[Source]:
        if trace not in self._sources:
            found = Trace.objects.filter(rule=trace[0], values=digest(trace), is_source=True, alert__resolved_at=None)
            rows = list(found.order_by("alert_id").values_list(*_SOURCE)[:_SOURCES])
            self._sources[trace] = [
                Source(id=pk, summary=text, is_target=is_target) for pk, text, is_target, *_ in rows
            ]
            self._inhibitors.update({pk: by if held == HoldKind.INHIBITION else 0 for pk, *_, held, by in rows})
        return self._sources[trace]

    def inhibitor(self, alert_id: int) -> int:
        if alert_id not in self._inhibitors:
            found = Alert.objects.filter(pk=alert_id, resolved_at=None, held=HoldKind.INHIBITION).order_by()
            self._inhibitors[alert_id] = found.values_list("held_by", flat=True).first() or 0
        return self._inhibitors[alert_id]

    def gale(self, service_id: int) -> Gale:
        row = Weather.objects.filter(pk=service_id).first()
        if row is None:
            return Gale()
        weather = storms.Weather(
            recent=_moments(row.recent), settles_at=row.settles_at, since=row.since, last_at=row.last_at,
            count=row.count,
        )  # fmt: skip
        return Gale(weather=weather, group_id=row.group_id, first=row.first)

    def holding(self, group_id: int) -> Holding | None:
        if group_id not in self._holdings and group_id not in self._closed:
            found = locking.hold([group_id])
            locking.count_open(found)
            self._holdings.update(found)
            self._closed |= {group_id} - found.keys()
        held = self._holdings.get(group_id)
        return held if held and held.row.state != GroupState.RESOLVED else None  # it may be so since this batch

    def waiting(self, service_id: int) -> Sequence[tuple[Severity, Urgency]]:
        found = _settling(service_id).order_by().values_list("severity", "urgency").distinct()
        return [(SEVERITIES[severity], URGENCIES[urgency]) for severity, urgency in found]

    def said(self, alert: AlertRow) -> Signal:
        """Where one is asked for, others of the batch will be: all in hand are read at once."""
        if alert.id not in self._said:
            in_hand = [a.id for holding in self._holdings.values() for a in holding.alerts.values() if a.id]
            found = Alert.objects.filter(pk__in=in_hand).order_by().values_list("pk", *_SAID)
            self._said = {row[0]: _signal(*row[1:]) for row in found}
        return self._said[alert.id or 0]

    def newest(self, service_id: int, key: str) -> Holding | None:
        groups = AlertGroup.objects.filter(service=service_id, key=key).order_by("-opened_at", "-id")
        newest = groups.values_list("pk", flat=True).first()
        return self.holding(newest) if newest else None


def _signal(
    key: str, summary: str, source: str, component: str, details: Mapping[str, object],
    links: Iterable[Mapping[str, str]], images: Iterable[Mapping[str, str]],
) -> Signal:  # fmt: skip
    """In the order of `_SAID`."""
    return Signal(
        action=Action.TRIGGER,
        dedup_key=key,
        summary=summary,
        source=source,
        component=component,
        details=details,
        links=tuple(Link(**link) for link in links),
        images=tuple(Image(**image) for image in images),
    )


def flaps(keys: Collection[Key]) -> dict[Key, flapping.Flap]:
    """Those that are known of these keys."""
    return {(row[0], row[1]): _known(*row[2:]) for row in _FLAPS.rows(keys)}


def _known(changes: str | list[str], since: Moment | None, count: int, is_paged: int) -> flapping.Flap:
    """SQLite has texts and numbers for them."""
    moments = json.loads(changes) if isinstance(changes, str) else changes
    return flapping.Flap(changes=_moments(moments), since=moment(since), count=count, is_paged=bool(is_paged))


def keep(gate: Gate) -> None:
    """After the batch's rows: they have their ids now."""
    _keep_flaps(gate)
    for service_id, gale in gate.gales.items():
        _keep_gale(service_id, gale, gate.rulebook)
    if gate.marks.by_alert:
        keep_marks(gate.marks)
    if gate.gone:
        let_go(Q(held=HoldKind.INHIBITION, held_by__in=gate.gone))


def let_go(held: Q) -> None:
    """Alerts that are held back by what is over are looked at again at the next turn."""
    Alert.objects.filter(held, held_by__gt=0, resolved_at=None).update(review_at=_AT_ONCE)


def keep_marks(marks: Marks) -> None:
    """Of new alerts, and anew of those that have changed. Whom they inhibit, or did, is looked at again."""
    before, now = _kept(marks.changed), {_where(row): row for row in map(_row, marks)}
    gone, come = before.keys() - now.keys(), now.keys() - before.keys()
    Trace.objects.filter(pk__in=[before[where] for where in gone]).delete()
    Trace.objects.bulk_create(now[where] for where in now if where in come)
    moved = {(trace[0], digest(trace)) for trace in marks.moved}
    for rule, values in moved | {(rule, values) for _, rule, values, is_source, _ in gone | come if is_source}:
        targets = Trace.objects.filter(rule=rule, values=values, is_target=True)
        Alert.objects.filter(pk__in=targets.values("alert"), resolved_at=None).update(review_at=_AT_ONCE)


def _kept(alerts: Collection[int]) -> dict[tuple[int, int, str, bool, bool], int]:
    """What is stored of them, and its ids."""
    if not alerts:
        return {}
    found = Trace.objects.filter(alert__in=alerts).values_list(*_WHERE, "pk")
    return {(alert, rule, values, source, target): pk for alert, rule, values, source, target, pk in found}


def _where(row: Trace) -> tuple[int, int, str, bool, bool]:
    return row.alert_id, row.rule, row.values, row.is_source, row.is_target


def digest(trace: Where) -> str:
    return hashlib.sha256(json.dumps(trace[1]).encode()).hexdigest()


def _row(mark: Mark) -> Trace:
    return Trace(
        alert_id=mark.alert.id or 0, rule=mark.trace[0], values=digest(mark.trace), is_source=mark.is_source,
        is_target=mark.is_target,
    )  # fmt: skip


def _keep_flaps(gate: Gate) -> None:
    rows = [_flap(key, gate.flaps[key]) for key in sorted(gate.flaps_seen)]
    if rows:
        Flap.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["integration", "dedup_key"],
            update_fields=["changes", "last_at", "since", "count", "is_paged"],
        )


def _flap(key: Key, flap: flapping.Flap) -> Flap:
    return Flap(
        integration_id=key[0], dedup_key=key[1], changes=_texts(flap.changes), last_at=flap.changes[-1],
        since=flap.since, count=flap.count, is_paged=flap.is_paged,
    )  # fmt: skip


def _keep_gale(service_id: int, gale: Gale, rulebook: Rulebook) -> None:
    weather = gale.weather
    group_id = gale.holding.row.id if gale.holding else gale.group_id
    Weather.objects.update_or_create(
        service_id=service_id,
        defaults={
            "group_id": group_id, "first": gale.first, "recent": _texts(weather.recent), "since": weather.since,
            "settles_at": weather.settles_at, "last_at": weather.last_at, "count": weather.count,
            "ends_at": storms.ends_at(rulebook.terms(service_id).shelter, weather),
        },
    )  # fmt: skip
    if gale.has_broken and group_id:
        _join(service_id, group_id)


def _join(service_id: int, group_id: int) -> None:
    """Those that waited since earlier batches are part of the storm."""
    hold = storms.part_of(group_id)
    _settling(service_id).update(
        held=hold.kind, held_reason=hold.reason, held_by=group_id, held_until=None, review_at=None
    )
    groups = AlertGroup.objects.filter(service=service_id, held=HoldKind.SETTLING).exclude(state="resolved")
    groups.update(held=hold.kind)


def _settling(service_id: int) -> QuerySet[Alert]:
    return Alert.objects.filter(held=HoldKind.SETTLING, resolved_at=None, group__service=service_id)


def _moments(texts: Iterable[str]) -> tuple[datetime, ...]:
    return tuple(map(datetime.fromisoformat, texts))


def _texts(moments: Iterable[datetime]) -> list[str]:
    return [moment.isoformat() for moment in moments]


_AT_ONCE = datetime.fromisoformat("2000-01-01T00:00:00+00:00")  # before any turn, whatever the clocks of the nodes say

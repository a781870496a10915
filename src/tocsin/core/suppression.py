"""Which silence, maintenance window or inhibition holds an alert back. A resolve is never asked about: it passes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from tocsin.core.holds import Hold, HoldKind, clock
from tocsin.core.matching import Fields, Matchers, matches
from tocsin.core.sane import is_sane
from tocsin.core.wall import DAY, Unloadable, instant, local, moment, place, time_of_day, zone_of

_MINUTE = 60_000_000
_NEVER = datetime.max.replace(tzinfo=UTC)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Silence:
    id: int
    matchers: Matchers
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    by: str = ""  # who made it, by name
    integration: int | None = None  # only alerts that come in there


@dataclass(frozen=True, kw_only=True)
class Weekly:
    """On a clock in the zone: a window that opens at 22:00 for 8 hours closes at 06:00, also when clocks change."""

    weekdays: frozenset[int]  # 0 Monday … 6 Sunday: the day on which it opens
    opens: time
    minutes: int  # up to a week
    zone: str


@dataclass(frozen=True, kw_only=True)
class Window:
    """Planned work. Of these services (by slug; none: of all) and matching alerts."""

    id: int
    name: str
    services: frozenset[str] = frozenset()
    matchers: Matchers = ()
    starts_at: datetime | None = None  # weekly: not before
    ends_at: datetime | None = None  # weekly: not after
    weekly: Weekly | None = None  # none: once, from start to end
    cut_at: datetime | None = None  # what was going on then was ended early


@dataclass(frozen=True, kw_only=True)
class Inhibition:
    """While a source alert is open, target alerts with the same values in the fields `equal` page nobody."""

    id: int
    name: str
    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = ()


Trace = tuple[int, tuple[str, ...]]
"""An inhibition rule and the values of its equal fields: where sources and targets meet."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """An open alert that may inhibit others."""

    id: int
    summary: str
    is_target: bool  # also a target of the same rule; two such alerts do not silence each other


def silenced(silences: Iterable[Silence], fields: Fields, integration: int, now: datetime) -> Hold | None:
    """By the silence that lasts longest."""
    held = [s for s in silences if _is_on(s, integration, now) and matches(s.matchers, fields)]
    if not held:
        return None
    longest = max(held, key=lambda s: (s.ends_at, s.id))
    by = f" by {longest.by}" if longest.by else ""
    why = f": {longest.reason}" if longest.reason else ""
    reason = f"Silenced{by} until {clock(longest.ends_at)}{why}".rstrip(".") + "."
    return Hold(kind=HoldKind.SILENCE, reason=reason, id=longest.id, until=longest.ends_at)


def _is_on(silence: Silence, integration: int, now: datetime) -> bool:
    return silence.starts_at <= now < silence.ends_at and silence.integration in (None, integration)


def maintained(windows: Iterable[Window], fields: Fields, now: datetime) -> Hold | None:
    """By the window that stays open longest."""
    found = [(span[1], w) for w in windows if _covers(w, fields) and (span := span_at(w, now))]
    if not found:
        return None
    until, window = max(found, key=lambda pair: (pair[0], pair[1].id))
    said = f" until {clock(until)}" if until < _NEVER else ""
    reason = f"Maintenance “{window.name}” goes on{said}."
    return Hold(kind=HoldKind.MAINTENANCE, reason=reason, id=window.id, until=until if until < _NEVER else None)


def _covers(window: Window, fields: Fields) -> bool:
    return (not window.services or fields.get("service") in window.services) and matches(window.matchers, fields)


def span_at(window: Window, now: datetime) -> Span | None:
    """The opening that goes on now; None when the window is closed."""
    return next((span for span in _spans(window, now) if span[0] <= now < span[1]), None)


def next_start(window: Window, after: datetime) -> datetime | None:
    """When it opens next, later than that."""
    return min((start for start, _ in _spans(window, after) if start > after), default=None)


def _spans(window: Window, around: datetime) -> Iterator[Span]:
    """The openings from a week before that day to eight days after it, or the next of one that begins later."""
    low, high = window.starts_at or _LONG_AGO, window.ends_at or _NEVER
    for start, end in _weekly_spans(window.weekly, max(around, low)) if window.weekly else [(low, high)]:
        span = max(start, low), min(end, high)
        if span[0] < span[1] and not (window.cut_at and span[0] <= window.cut_at):
            yield span
        elif window.cut_at and span[0] <= window.cut_at < span[1]:
            yield span[0], window.cut_at


def _weekly_spans(weekly: Weekly, around: datetime) -> Iterator[Span]:
    if not is_sane(around):
        return
    try:
        zone = zone_of(weekly.zone)
    except Unloadable:
        return  # who cannot tell the hour pages
    today = local(instant(around), zone) // DAY
    for day in range(today - 7, today + 9):
        if (day + _THURSDAY) % 7 in weekly.weekdays:
            opens = day * DAY + time_of_day(weekly.opens)
            yield moment(place(opens, zone)), moment(place(opens + weekly.minutes * _MINUTE, zone))


_THURSDAY = 3  # day 0 of `core.wall` is one


def sources_of(rules: Iterable[Inhibition], fields: Fields) -> list[tuple[Trace, bool]]:
    """Where the alert may inhibit others, and whether it is a target there too."""
    return [(trace(r, fields), matches(r.target, fields)) for r in rules if matches(r.source, fields)]


def targets_of(rules: Iterable[Inhibition], fields: Fields) -> list[Trace]:
    """Where the alert may be inhibited."""
    return [trace(r, fields) for r in rules if matches(r.target, fields)]


def trace(rule: Inhibition, fields: Fields) -> Trace:
    return rule.id, tuple(fields.get(name, "") for name in rule.equal)


def inhibited(
    rules: Sequence[Inhibition], fields: Fields, alert: int | None, sources: Mapping[Trace, Collection[Source]]
) -> Hold | None:
    """By the oldest source. An alert never inhibits itself, nor do two that are both source and target."""
    for rule in rules:
        if not matches(rule.target, fields):
            continue
        is_source = matches(rule.source, fields)
        others = (s for s in sources.get(trace(rule, fields), ()) if s.id != alert and not (is_source and s.is_target))
        if found := min(others, key=lambda s: s.id, default=None):
            reason = f"Inhibited by “{found.summary}”, which is open (rule “{rule.name}”)."
            return Hold(kind=HoldKind.INHIBITION, reason=reason, id=found.id)
    return None


def next_change(silences: Iterable[Silence], windows: Iterable[Window], after: datetime) -> datetime | None:
    """When the next silence or window begins: alerts that are open then have to be looked at."""
    starts = [s.starts_at for s in silences if s.starts_at > after]
    starts += [start for w in windows if (start := next_start(w, after))]
    return min(starts, default=None)

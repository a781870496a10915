"""Silences, maintenance windows and inhibitions."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.holds import HoldKind
from tocsin.core.matching import matches, parse
from tocsin.core.suppression import (
    Inhibition,
    Silence,
    Source,
    Weekly,
    Window,
    inhibited,
    maintained,
    next_change,
    next_start,
    silenced,
    sources_of,
    span_at,
    targets_of,
    trace,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
FIELDS = {"service": "checkout", "severity": "critical", "cluster": "eu"}
PROMETHEUS = 7


def silence(starts: float, ends: float, text: str = 'severity="critical"', **more: object) -> Silence:
    """From and to so many hours after noon."""
    return Silence(id=1, matchers=parse(text), starts_at=NOON + starts * HOUR, ends_at=NOON + ends * HOUR, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "held"),
    [
        (silence(-1, 1), True),
        (silence(0, 1), True),  # it begins with its first instant
        (silence(-1, 0), False),  # and is over with its last
        (silence(1, 2), False),
        (silence(-1, 1, 'severity="warning"'), False),
        (silence(-1, 1, integration=PROMETHEUS), True),
        (silence(-1, 1, integration=8), False),  # of another integration's alerts only
    ],
)
def test_silenced(made: Silence, held: bool) -> None:
    hold = silenced([made], FIELDS, PROMETHEUS, NOON)
    assert (hold is not None) is held
    if hold:
        assert (hold.kind, hold.id, hold.until) == (HoldKind.SILENCE, 1, made.ends_at)


def test_the_longest_silence_says_why() -> None:
    short, long = silence(-1, 1), silence(-1, 2, reason="Moving the database.", by="Ada")
    hold = silenced([long, short], FIELDS, PROMETHEUS, NOON)
    assert hold
    assert hold.reason == "Silenced by Ada until 2026-03-04 14:00 UTC: Moving the database."
    assert hold.until == NOON + 2 * HOUR


NIGHTS = Weekly(weekdays=frozenset({2}), opens=time(22), minutes=8 * 60, zone="Europe/Berlin")
SUNDAYS = Weekly(weekdays=frozenset({5}), opens=time(22), minutes=8 * 60, zone="Europe/Berlin")
GAP = Weekly(weekdays=frozenset({6}), opens=time(2, 30), minutes=60, zone="Europe/Berlin")


def once(starts: float, ends: float, **more: object) -> Window:
    return Window(id=3, name="Move", starts_at=NOON + starts * HOUR, ends_at=NOON + ends * HOUR, **more)  # type: ignore[arg-type]


def weekly(weekly: Weekly, **more: object) -> Window:
    return Window(id=3, name="Nights", weekly=weekly, **more)  # type: ignore[arg-type]


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "at", "is_open"),
    [
        (once(-1, 1), NOON, True),
        (once(-1, 0), NOON, False),
        (once(0, 1), NOON, True),
        (once(1, 2), NOON, False),
        (once(-1, 1, cut_at=NOON), NOON, False),  # ended early
        (once(-1, 1, cut_at=NOON), NOON - HOUR / 2, True),  # before that it was open
        (weekly(NIGHTS), utc(4, 20, 59), False),
        (weekly(NIGHTS), utc(4, 21), True),  # 22:00 in Berlin, in winter
        (weekly(NIGHTS), utc(5, 4, 59), True),  # it goes on over midnight
        (weekly(NIGHTS), utc(5, 5), False),
        (weekly(NIGHTS), utc(5, 21), False),  # Thursdays have none
        (weekly(NIGHTS), utc(11, 21), True),  # and it comes again
        (weekly(SUNDAYS), utc(29, 3, 59), True),  # the night in which clocks go forward has an hour less
        (weekly(SUNDAYS), utc(29, 4), False),
        (weekly(SUNDAYS), utc(25, 4, 59, month=10), True),  # and the one in which they go back an hour more
        (weekly(SUNDAYS), utc(25, 5, month=10), False),
        (weekly(GAP), utc(29, 0, 59), False),
        (weekly(GAP), utc(29, 1), True),  # 02:30 does not exist: it opens when the clocks have changed
        (weekly(NIGHTS, starts_at=utc(5, 0)), utc(4, 23), False),  # not before its first day
        (weekly(NIGHTS, ends_at=utc(5, 0)), utc(5, 1), False),  # nor after its last
        (weekly(NIGHTS, cut_at=utc(4, 22)), utc(4, 23), False),  # ended early
        (weekly(NIGHTS, cut_at=utc(4, 22)), utc(11, 23), True),  # but not the next one
        (weekly(Weekly(weekdays=frozenset({2}), opens=time(0), minutes=7 * 24 * 60, zone="UTC")), utc(10, 23), True),
        # who cannot tell the hour pages
        (weekly(Weekly(weekdays=frozenset(range(7)), opens=time(0), minutes=1440, zone="Mars/Base")), NOON, False),
    ],
)
def test_span_at(window: Window, at: datetime, is_open: bool) -> None:
    assert (span_at(window, at) is not None) is is_open


@pytest.mark.parametrize(
    ("window", "held"),
    [
        (once(-1, 1), True),  # everything
        (once(-1, 1, services=frozenset({"checkout"})), True),
        (once(-1, 1, services=frozenset({"search"})), False),
        (once(-1, 1, matchers=parse('cluster="eu"')), True),
        (once(-1, 1, services=frozenset({"checkout"}), matchers=parse('cluster="us"')), False),  # both have to hold
    ],
)
def test_maintained(window: Window, held: bool) -> None:
    hold = maintained([window], FIELDS, NOON)
    assert (hold is not None) is held
    if hold:
        assert hold.reason == "Maintenance “Move” goes on until 2026-03-04 13:00 UTC."
        assert (hold.kind, hold.id, hold.until) == (HoldKind.MAINTENANCE, 3, NOON + HOUR)


def test_when_the_next_silence_or_window_begins() -> None:
    windows = [weekly(NIGHTS), once(30, 40)]
    assert next_start(windows[0], utc(4, 21)) == utc(11, 21)
    assert next_change([silence(12, 13), silence(-1, 2)], windows, NOON) == NOON + 9 * HOUR
    assert next_change([silence(-1, 2)], [once(-1, 1)], NOON) is None


zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
times = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0))
weeklies = st.builds(
    Weekly, weekdays=st.frozensets(st.integers(0, 6), min_size=1), opens=times, minutes=st.integers(1, 1440), zone=zones
)


@given(weeklies, st.integers(0, 365 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes)))
def test_a_weekly_window_opens_at_its_wall_time_and_next_when_it_says(pattern: Weekly, at: datetime) -> None:
    window = weekly(pattern)
    start = next_start(window, at)
    assert start is not None
    assert at < start <= at + timedelta(days=8)
    assert span_at(window, start) is not None
    local = start.astimezone(ZoneInfo(pattern.zone))
    gap = timedelta(hours=1)
    assert local.replace(tzinfo=None) - datetime.combine(local.date(), pattern.opens) <= gap
    if pattern.minutes < 22 * 60:  # so that openings never meet
        assert span_at(window, start - timedelta(microseconds=1)) is None


OUTAGE = Inhibition(
    id=5,
    name="outage",
    source=parse('severity="critical"'),
    target=parse('severity=~"warning|info"'),
    equal=("cluster",),
)
SELF = Inhibition(id=6, name="all", source=parse("{}"), target=parse("{}"), equal=("cluster",))
WARNING = {"severity": "warning", "cluster": "eu"}
CRITICAL = {"severity": "critical", "cluster": "eu"}


def source(of: int = 1, *, is_target: bool = False) -> Source:
    return Source(id=of, summary=f"alert {of}", is_target=is_target)


@pytest.mark.parametrize(
    ("rule", "fields", "alert", "sources", "by"),
    [
        (OUTAGE, WARNING, 2, {(5, ("eu",)): [source()]}, 1),
        (OUTAGE, WARNING, None, {(5, ("eu",)): [source()]}, 1),  # a new alert has no number yet
        (OUTAGE, WARNING, 2, {(5, ("us",)): [source()]}, None),  # another cluster
        (OUTAGE, {"severity": "warning"}, 2, {(5, ("",)): [source()]}, 1),  # missing on both sides is equal
        (OUTAGE, CRITICAL, 2, {(5, ("eu",)): [source()]}, None),  # no target
        (OUTAGE, WARNING, 2, {(5, ("eu",)): [source(9), source(4)]}, 4),  # the oldest source
        (OUTAGE, WARNING, 2, {}, None),
        (SELF, WARNING, 1, {(6, ("eu",)): [source(1, is_target=True)]}, None),  # never itself
        (SELF, WARNING, 2, {(6, ("eu",)): [source(1, is_target=True)]}, None),  # nor each other
    ],
)
def test_inhibited(rule: Inhibition, fields: dict[str, str], alert: int | None, sources: dict, by: int | None) -> None:
    hold = inhibited([rule], fields, alert, sources)
    assert (hold.id if hold else None) == by
    if hold:
        assert hold.reason == f"Inhibited by “alert {by}”, which is open (rule “outage”)."
        assert hold.until is None


def test_sources_and_targets_meet_at_their_traces() -> None:
    assert sources_of([OUTAGE, SELF], CRITICAL) == [((5, ("eu",)), False), ((6, ("eu",)), True)]
    assert targets_of([OUTAGE, SELF], WARNING) == [(5, ("eu",)), (6, ("eu",))]
    assert targets_of([OUTAGE], CRITICAL) == []


severities = st.sampled_from(["critical", "warning", "info"])
some_fields = st.fixed_dictionaries({"severity": severities, "cluster": st.sampled_from(["eu", "us"])})


@given(st.lists(some_fields, max_size=6), st.sampled_from([OUTAGE, SELF]))
def test_whatever_inhibits_is_itself_free_of_that_rule(alerts: list[dict[str, str]], rule: Inhibition) -> None:
    sources: dict = {}
    for number, fields in enumerate(alerts):
        for where, is_target in sources_of([rule], fields):
            sources.setdefault(where, []).append(source(number, is_target=is_target))
    for number, fields in enumerate(alerts):
        if hold := inhibited([rule], fields, number, sources):
            assert hold.id != number
            assert matches(rule.source, alerts[hold.id])
            assert trace(rule, alerts[hold.id]) == trace(rule, fields)
            assert inhibited([rule], alerts[hold.id], hold.id, sources) is None

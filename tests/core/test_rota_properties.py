"""The final schedule, whatever the layers, the overrides and the zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core import rota
from tocsin.core.rota import Change, Layer, Override, Replacement, Rota, Segment
from tocsin.core.rotation import Restriction, Unit
from tocsin.core.wall import on_wall

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",  # the southern hemisphere; clocks change at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Australia/Adelaide",  # an offset of half an hour, and DST
    "Asia/Kathmandu",  # 5:45
    "Africa/Casablanca",  # clocks go back for Ramadan
    "America/St_Johns",
    "Pacific/Apia",  # without a 30 December 2011
    "Pacific/Chatham",  # 12:45, and DST
)
FIRST, LAST = datetime(2025, 12, 1, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)
PEOPLE = st.integers(1, 4)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
MOMENTS = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC))
SPANS = st.timedeltas(timedelta(minutes=1), timedelta(days=12))

restrictions = st.builds(Restriction, weekdays=st.frozensets(st.integers(0, 6), min_size=1), starts=TIMES, ends=TIMES)
layers = st.builds(
    Layer,
    name=st.sampled_from(("one", "two", "three")),
    unit=st.sampled_from(Unit),
    every=st.integers(1, 5),
    starts_on=st.dates(date(2025, 11, 1), date(2026, 12, 31)),
    handoff_at=TIMES,
    until=st.none() | MOMENTS,
    slots=st.lists(st.lists(PEOPLE, max_size=2, unique=True).map(tuple), max_size=4).map(tuple),
    restrictions=st.lists(restrictions, max_size=2).map(tuple),
    shadow=st.booleans(),
)


@st.composite
def overrides(draw: st.DrawFn) -> Override:
    starts = draw(MOMENTS)
    return Override(
        change=draw(st.sampled_from(Change)),
        person=draw(PEOPLE),
        instead_of=draw(st.none() | PEOPLE),
        starts_at=starts,
        ends_at=starts + draw(SPANS),
    )


@st.composite
def replacements(draw: st.DrawFn) -> Replacement:
    starts = draw(MOMENTS)
    inside = tuple(draw(st.lists(layers, max_size=2)))
    return Replacement(name="holidays", starts_at=starts, ends_at=starts + draw(SPANS), layers=inside)


rotas = st.builds(
    Rota,
    time_zone=st.sampled_from(ZONES),
    layers=st.lists(layers, min_size=1, max_size=3).map(tuple),
    overrides=st.lists(overrides(), max_size=3).map(tuple),
    replacements=st.lists(replacements(), max_size=1).map(tuple),
)


@st.composite
def windows(draw: st.DrawFn) -> tuple[datetime, datetime]:
    start = draw(MOMENTS)
    return start, start + draw(SPANS)


@given(the_rota=rotas, window=windows())
def test_the_segments_cover_the_window_exactly_once(the_rota: Rota, window: tuple[datetime, datetime]) -> None:
    segments = rota.final(the_rota, *window)
    assert (segments[0].starts_at, segments[-1].ends_at) == window
    assert all(segment.starts_at < segment.ends_at for segment in segments)
    for one, other in pairwise(segments):
        assert one.ends_at == other.starts_at
        assert says(one) != says(other)  # else they would be one


@given(the_rota=rotas, window=windows(), share=st.integers(0, 999))
def test_who_is_on_call_is_what_the_final_schedule_says(
    the_rota: Rota, window: tuple[datetime, datetime], share: int
) -> None:
    start, end = window
    segments = rota.final(the_rota, start, end)
    # somewhere in it, and on both sides of every edge
    instants = (
        {start + (end - start) * share // 1000} | {s.starts_at for s in segments} | {s.ends_at - TICK for s in segments}
    )
    for moment in instants:
        (segment,) = (s for s in segments if s.starts_at <= moment < s.ends_at)
        assert says(rota.on_call(the_rota, moment)) == says(segment)


@given(the_rota=rotas, window=windows(), cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_part_of_the_schedule_is_the_schedule_of_that_part(
    the_rota: Rota, window: tuple[datetime, datetime], cuts: tuple[float, float]
) -> None:
    start, end = window
    low, high = (start + cut * (end - start) for cut in sorted(cuts))
    whole = rota.final(the_rota, start, end)
    assert rota.final(the_rota, low, high) == tuple(clipped(whole, low, high))


@given(
    zone=st.sampled_from(ZONES),
    unit=st.sampled_from((Unit.DAY, Unit.WEEK, Unit.MONTH)),
    every=st.integers(1, 3),
    starts_on=st.dates(date(2025, 11, 1), date(2026, 6, 30)),
    handoff_at=TIMES,
)
@settings(max_examples=40)
def test_handoffs_fall_on_their_wall_time(zone: str, unit: Unit, every: int, starts_on: date, handoff_at: time) -> None:
    layer = Layer(
        name="L", unit=unit, every=every, starts_on=starts_on, handoff_at=handoff_at, slots=((1,), (2,), (3,))
    )
    segments = rota.final(Rota(time_zone=zone, layers=(layer,)), FIRST, LAST)
    handoffs = [segment.starts_at for segment in segments[1:]]
    assert handoffs
    for moment in handoffs:
        local = moment.astimezone(ZoneInfo(zone))
        # the wall time, or where that one does not exist on the day, the instant at which clocks have gone over it
        assert local.time() == handoff_at or moment == on_wall(local.date(), handoff_at, ZoneInfo(zone))


@given(the_rota=rotas, window=windows())
@settings(max_examples=30)
def test_gaps_are_the_segments_without_people(the_rota: Rota, window: tuple[datetime, datetime]) -> None:
    segments = rota.final(the_rota, *window)
    assert rota.gaps(the_rota, *window) == tuple(segment for segment in segments if not segment.people)


@given(the_rota=rotas, window=windows())
@settings(max_examples=30)
def test_nobody_is_named_twice_nor_comes_from_nowhere(the_rota: Rota, window: tuple[datetime, datetime]) -> None:
    for segment in rota.final(the_rota, *window):
        assert len(set(segment.people)) == len(segment.people)
        assert bool(segment.sources) or not segment.people


TICK = timedelta(microseconds=1)


def says(segment: Segment) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    return segment.people, segment.shadows, segment.sources


def clipped(segments: tuple[Segment, ...], low: datetime, high: datetime) -> Iterator[Segment]:
    for s in segments:
        starts, ends = max(s.starts_at, low), min(s.ends_at, high)
        if starts < ends:
            yield Segment(starts_at=starts, ends_at=ends, people=s.people, shadows=s.shadows, sources=s.sources)

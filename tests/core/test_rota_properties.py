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
FIRST, LENGTH = datetime(2025, 12, 1, tzinfo=UTC), timedelta(days=426)
ERAS = (
    *((zone, FIRST) for zone in ZONES),
    # countries that changed their rules
    ("America/Sao_Paulo", datetime(2018, 9, 1, tzinfo=UTC)),  # the last summer time of Brazil
    ("Europe/Istanbul", datetime(2015, 12, 1, tzinfo=UTC)),  # summer time for good
    ("Africa/Casablanca", datetime(2018, 4, 1, tzinfo=UTC)),  # from winter time with DST to the other way round
    ("Pacific/Apia", datetime(2011, 6, 1, tzinfo=UTC)),  # a day that was not, over the date line
    ("Asia/Pyongyang", datetime(2015, 6, 1, tzinfo=UTC)),  # half an hour back, at no change of summer time
    ("America/Caracas", datetime(2016, 1, 1, tzinfo=UTC)),  # half an hour forward
)
PEOPLE = st.integers(1, 4)
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
SPANS = st.timedeltas(timedelta(minutes=1), timedelta(days=12))

restrictions = st.builds(Restriction, weekdays=st.frozensets(st.integers(0, 6), min_size=1), starts=TIMES, ends=TIMES)


def moments(first: datetime = FIRST) -> st.SearchStrategy[datetime]:
    naive = first.replace(tzinfo=None)
    return st.datetimes(naive, naive + LENGTH, timezones=st.just(UTC))


def layers_in(first: datetime) -> st.SearchStrategy[Layer]:
    day = first.date()
    return st.builds(
        Layer,
        name=st.sampled_from(("one", "two", "three")),
        unit=st.sampled_from(Unit),
        every=st.integers(1, 5),
        starts_on=st.dates(day - timedelta(days=30), day + LENGTH - timedelta(days=30)),
        handoff_at=TIMES,
        until=st.none() | moments(first),
        slots=st.lists(st.lists(PEOPLE, max_size=2, unique=True).map(tuple), max_size=4).map(tuple),
        restrictions=st.lists(restrictions, max_size=2).map(tuple),
        shadow=st.booleans(),
    )


layers = layers_in(FIRST)


@st.composite
def overrides(draw: st.DrawFn, first: datetime = FIRST) -> Override:
    starts = draw(moments(first))
    return Override(
        change=draw(st.sampled_from(Change)),
        person=draw(PEOPLE),
        instead_of=draw(st.none() | PEOPLE),
        starts_at=starts,
        ends_at=starts + draw(SPANS),
    )


@st.composite
def replacements(draw: st.DrawFn, first: datetime) -> Replacement:
    starts = draw(moments(first))
    inside = tuple(draw(st.lists(layers_in(first), max_size=2)))
    return Replacement(name="holidays", starts_at=starts, ends_at=starts + draw(SPANS), layers=inside)


Window = tuple[datetime, datetime]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Rota, Window]:
    """A rota, and a window in the era of its zone."""
    zone, first = draw(st.sampled_from(ERAS))
    the_rota = Rota(
        time_zone=zone,
        layers=tuple(draw(st.lists(layers_in(first), min_size=1, max_size=3))),
        overrides=tuple(draw(st.lists(overrides(first), max_size=3))),
        replacements=tuple(draw(st.lists(replacements(first), max_size=1))),
    )
    start = draw(moments(first))
    return the_rota, (start, start + draw(SPANS))


@given(world=worlds())
def test_the_segments_cover_the_window_exactly_once(world: tuple[Rota, Window]) -> None:
    the_rota, window = world
    segments = rota.final(the_rota, *window)
    assert (segments[0].starts_at, segments[-1].ends_at) == window
    assert all(segment.starts_at < segment.ends_at for segment in segments)
    for one, other in pairwise(segments):
        assert one.ends_at == other.starts_at
        assert says(one) != says(other)  # else they would be one


@given(world=worlds(), share=st.integers(0, 999))
def test_who_is_on_call_is_what_the_final_schedule_says(world: tuple[Rota, Window], share: int) -> None:
    the_rota, (start, end) = world
    segments = rota.final(the_rota, start, end)
    # somewhere in it, and on both sides of every edge
    instants = (
        {start + (end - start) * share // 1000} | {s.starts_at for s in segments} | {s.ends_at - TICK for s in segments}
    )
    for moment in instants:
        (segment,) = (s for s in segments if s.starts_at <= moment < s.ends_at)
        assert says(rota.on_call(the_rota, moment)) == says(segment)


@given(world=worlds(), cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_part_of_the_schedule_is_the_schedule_of_that_part(
    world: tuple[Rota, Window], cuts: tuple[float, float]
) -> None:
    the_rota, (start, end) = world
    low, high = (start + cut * (end - start) for cut in sorted(cuts))
    whole = rota.final(the_rota, start, end)
    assert rota.final(the_rota, low, high) == tuple(clipped(whole, low, high))


@given(
    era=st.sampled_from(ERAS),
    unit=st.sampled_from((Unit.DAY, Unit.WEEK, Unit.MONTH)),
    every=st.integers(1, 3),
    late=st.timedeltas(timedelta(days=-30), timedelta(days=211)),
    handoff_at=TIMES,
)
@settings(max_examples=60)
def test_handoffs_fall_on_their_wall_time(
    era: tuple[str, datetime], unit: Unit, every: int, late: timedelta, handoff_at: time
) -> None:
    zone, first = era
    layer = Layer(
        name="L",
        unit=unit,
        every=every,
        starts_on=(first + late).date(),
        handoff_at=handoff_at,
        slots=((1,), (2,), (3,)),
    )
    segments = rota.final(Rota(time_zone=zone, layers=(layer,)), first, first + LENGTH)
    handoffs = [segment.starts_at for segment in segments[1:]]
    assert handoffs
    for moment in handoffs:
        local = moment.astimezone(ZoneInfo(zone))
        # the wall time, or where that one does not exist on the day, the instant at which clocks have gone over it
        is_over_a_gap = any(moment == on_wall(day, handoff_at, ZoneInfo(zone)) for day in (local.date(), before(local)))
        assert local.time() == handoff_at or is_over_a_gap


@given(
    era=st.sampled_from(ERAS),
    hours=st.sampled_from((1, 2, 3, 4, 6, 8, 12)),
    handoff_at=TIMES,
    late=st.timedeltas(timedelta(), timedelta(days=365)),
)
@settings(max_examples=40)
def test_hourly_handoffs_fall_on_the_same_hours_of_every_day(
    era: tuple[str, datetime], hours: int, handoff_at: time, late: timedelta
) -> None:
    zone, first = era
    layer = Layer(
        name="L",
        unit=Unit.HOUR,
        every=hours,
        starts_on=first.date(),
        handoff_at=handoff_at,
        slots=((1,), (2,), (3,)),
    )
    start = first + late
    segments = rota.final(Rota(time_zone=zone, layers=(layer,)), start, start + timedelta(days=60))
    walls = [s.starts_at.astimezone(ZoneInfo(zone)) for s in segments[2:]]
    off = [at for at in walls if (at.hour - handoff_at.hour) % hours or at.minute != handoff_at.minute]
    assert all(has_just_changed(at) for at in off)  # the hour of the handoff was not on the clock that day


@given(world=worlds())
@settings(max_examples=30)
def test_gaps_are_the_segments_without_people(world: tuple[Rota, Window]) -> None:
    the_rota, window = world
    segments = rota.final(the_rota, *window)
    assert rota.gaps(the_rota, *window) == tuple(segment for segment in segments if not segment.people)


@given(world=worlds())
@settings(max_examples=30)
def test_nobody_is_named_twice_nor_comes_from_nowhere(world: tuple[Rota, Window]) -> None:
    the_rota, window = world
    for segment in rota.final(the_rota, *window):
        assert len(set(segment.people)) == len(segment.people)
        assert bool(segment.sources) or not segment.people


TICK = timedelta(microseconds=1)


def before(at: datetime) -> date:
    return at.date() - timedelta(days=1)


def has_just_changed(at: datetime) -> bool:
    """Whether the clocks of its zone changed at this very instant."""
    earlier = (at.astimezone(UTC) - TICK).astimezone(at.tzinfo)
    return earlier.utcoffset() != at.utcoffset()


def says(segment: Segment) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    return segment.people, segment.shadows, segment.sources


def clipped(segments: tuple[Segment, ...], low: datetime, high: datetime) -> Iterator[Segment]:
    for s in segments:
        starts, ends = max(s.starts_at, low), min(s.ends_at, high)
        if starts < ends:
            yield Segment(starts_at=starts, ends_at=ends, people=s.people, shadows=s.shadows, sources=s.sources)

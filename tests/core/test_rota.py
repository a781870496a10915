"""The final schedule, feature by feature: tables, one comment a row."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tocsin.core import rota, wall
from tocsin.core.rota import Change, Fixed, Layer, Override, Replacement, Rota, Segment
from tocsin.core.rotation import Restriction, Unit

ADA, GRACE, LINUS, OLGA = 1, 2, 3, 4
MONDAY = date(2026, 3, 2)
WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
FOUR = ((ADA,), (GRACE,), (LINUS,), (OLGA,))
BY_WEEKDAY = ((ADA,), (GRACE,), (ADA,), (GRACE,), (ADA,), (LINUS,), (LINUS,))


def weekly(**changes: object) -> Layer:
    layer = Layer(
        name="Weekly",
        unit=Unit.WEEK,
        every=1,
        starts_on=MONDAY,
        handoff_at=time(9),
        slots=((ADA,), (GRACE,)),
    )
    return replace(layer, **changes)  # type: ignore[arg-type]


def only(*people: int, **changes: object) -> Layer:
    """A layer with one slot: always these people."""
    return weekly(slots=(people,), **changes)


def berlin(*layers: Layer | Fixed, overrides: tuple[Override, ...] = (), **more: object) -> Rota:
    return Rota(time_zone="Europe/Berlin", layers=layers, overrides=overrides, **more)  # type: ignore[arg-type]


def utc(day: int, hour: int = 0, minute: int = 0, month: int = 3, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def override(person: int, start: datetime, end: datetime, **more: object) -> Override:
    return Override(person=person, starts_at=start, ends_at=end, **more)  # type: ignore[arg-type]


def window(starts: time, ends: time, weekdays: frozenset[int] = EVERY_DAY) -> Restriction:
    return Restriction(weekdays=weekdays, starts=starts, ends=ends)


OFFICE = (window(time(9), time(17), WORKDAYS),)
NIGHT = (window(time(22), time(6)),)


@pytest.mark.parametrize(
    ("layer", "at", "people"),
    [
        # 09:00 in Berlin is 08:00 UTC in winter: the first shift begins exactly then
        (weekly(), utc(2, 8), (ADA,)),
        # a minute before the first handoff nobody is on call
        (weekly(), utc(2, 7, 59), ()),
        # the last minute of the week is still the first person's
        (weekly(), utc(9, 7, 59), (ADA,)),
        # the handoff is the second's
        (weekly(), utc(9, 8), (GRACE,)),
        # and round again in the third week
        (weekly(), utc(16, 8), (ADA,)),
        # after clocks went forward (29 March) 09:00 is 07:00 UTC
        (weekly(), utc(30, 7), (ADA,)),
        # and a minute before that the old shift runs on
        (weekly(), utc(30, 6, 59), (GRACE,)),
        # after clocks went back (25 October) 09:00 is 08:00 UTC again
        (weekly(), utc(26, 8, month=10), (ADA,)),
        # and a minute before that the long week runs on
        (weekly(), utc(26, 7, 59, month=10), (GRACE,)),
        # every two weeks
        (weekly(every=2), utc(15), (ADA,)),
        # the second fortnight is the second person's
        (weekly(every=2), utc(16, 8), (GRACE,)),
        # daily
        (weekly(unit=Unit.DAY), utc(3, 7, 59), (ADA,)),
        # at nine the next one
        (weekly(unit=Unit.DAY), utc(3, 8), (GRACE,)),
        # every third day
        (weekly(unit=Unit.DAY, every=3), utc(5, 7, 59), (ADA,)),
        # the handoff of every third day
        (weekly(unit=Unit.DAY, every=3), utc(5, 8), (GRACE,)),
        # every twelve hours
        (weekly(unit=Unit.HOUR, every=12), utc(2, 19, 59), (ADA,)),
        # and in the evening the other
        (weekly(unit=Unit.HOUR, every=12), utc(2, 20), (GRACE,)),
        # every hour
        (weekly(unit=Unit.HOUR), utc(2, 9), (GRACE,)),
        # the next hour is the first person's again
        (weekly(unit=Unit.HOUR), utc(2, 10), (ADA,)),
        # monthly
        (weekly(unit=Unit.MONTH), utc(2, 6, 59, month=4), (ADA,)),
        # the second month from its handoff on
        (weekly(unit=Unit.MONTH), utc(2, 7, month=4), (GRACE,)),
        # every quarter, into the next year
        (weekly(unit=Unit.MONTH, every=3), utc(2, 7, month=6), (GRACE,)),
        # a year later the first quarter's person again
        (weekly(unit=Unit.MONTH, every=3), utc(2, 8, month=3, year=2027), (ADA,)),
        # monthly on the 31st: the last day of a shorter month
        (weekly(unit=Unit.MONTH, starts_on=date(2026, 1, 31)), utc(28, 8, month=2), (GRACE,)),
        # a minute before it the old month runs on
        (weekly(unit=Unit.MONTH, starts_on=date(2026, 1, 31)), utc(28, 7, 59, month=2), (ADA,)),
        # and the 31st again where there is one
        (weekly(unit=Unit.MONTH, starts_on=date(2026, 1, 31)), utc(30, 12, month=3), (GRACE,)),
        # at the handoff on the 31st itself
        (weekly(unit=Unit.MONTH, starts_on=date(2026, 1, 31)), utc(31, 7, month=3), (ADA,)),
        # the 29th of February in a leap year
        (weekly(unit=Unit.MONTH, starts_on=date(2027, 12, 31)), utc(29, 8, month=2, year=2028), (ADA,)),
        # years after the start
        (weekly(), utc(4, 12, month=3, year=2030), (GRACE,)),
        # years before it
        (weekly(), utc(4, 12, month=3, year=2020), ()),
        # several people in a slot are all on call
        (weekly(slots=((ADA, GRACE), (LINUS,))), utc(3), (ADA, GRACE)),
        # the next slot has one alone
        (weekly(slots=((ADA, GRACE), (LINUS,))), utc(10), (LINUS,)),
        # an empty slot is a week without anybody of this layer
        (weekly(slots=((ADA,), ())), utc(10), ()),
        # a person in two slots has both turns
        (weekly(slots=((ADA,), (ADA,), (GRACE,))), utc(10), (ADA,)),
        # a layer with nobody
        (weekly(slots=()), utc(3), ()),
        # a layer that has ended
        (weekly(until=utc(5, 12)), utc(5, 11, 59), (ADA,)),
        # from its end on nobody is
        (weekly(until=utc(5, 12)), utc(5, 12), ()),
        # one that ended before it began
        (weekly(until=utc(1)), utc(3), ()),
        # seven slots by the day: a pattern by weekday; Tuesday and Thursday are Grace's
        (weekly(unit=Unit.DAY, slots=BY_WEEKDAY), utc(3, 12), (GRACE,)),
        # Saturday and Sunday are Linus'
        (weekly(unit=Unit.DAY, slots=BY_WEEKDAY), utc(14, 12), (LINUS,)),
        # the pattern is the same two weeks later
        (weekly(unit=Unit.DAY, slots=BY_WEEKDAY), utc(19, 12), (GRACE,)),
        # office hours: before they begin nobody
        (only(ADA, restrictions=OFFICE), utc(3, 7, 59), ()),
        # at the start
        (only(ADA, restrictions=OFFICE), utc(3, 8), (ADA,)),
        # until the last minute
        (only(ADA, restrictions=OFFICE), utc(3, 15, 59), (ADA,)),
        # the end is exclusive
        (only(ADA, restrictions=OFFICE), utc(3, 16), ()),
        # at the weekend not
        (only(ADA, restrictions=OFFICE), utc(7, 12), ()),
        # a window over midnight: the evening
        (only(ADA, restrictions=NIGHT), utc(3, 21), (ADA,)),
        # until the last minute before six
        (only(ADA, restrictions=NIGHT), utc(4, 4, 59), (ADA,)),
        # at six it is over
        (only(ADA, restrictions=NIGHT), utc(4, 5), ()),
        # a minute before it opens again, nobody
        (only(ADA, restrictions=NIGHT), utc(4, 20, 59), ()),
        # its weekday is the one on which it begins: Friday night runs into Saturday
        (only(ADA, restrictions=(window(time(22), time(6), frozenset({4})),)), utc(7, 4), (ADA,)),
        # and Thursday night does not run into Friday
        (only(ADA, restrictions=(window(time(22), time(6), frozenset({4})),)), utc(6, 4), ()),
        # from midnight to midnight is the whole day
        (only(ADA, restrictions=(window(time(0), time(0), frozenset({5, 6})),)), utc(7, 22, 59), (ADA,)),
        # and over at its second midnight
        (only(ADA, restrictions=(window(time(0), time(0), frozenset({5, 6})),)), utc(8, 23), ()),
        # two windows that overlap are one
        (only(ADA, restrictions=(window(time(8), time(12)), window(time(11), time(14)))), utc(3, 12, 30), (ADA,)),
        # two with a lunch break between
        (only(ADA, restrictions=(window(time(8), time(12)), window(time(13), time(17)))), utc(3, 11, 30), ()),
        # a rotation inside restrictions still changes hands on its own handoff
        (weekly(restrictions=OFFICE), utc(9, 8), (GRACE,)),
        # a restriction on no weekday never holds
        (only(ADA, restrictions=(window(time(8), time(12), frozenset()),)), utc(3, 9), ()),
    ],
)  # fmt: skip
def test_one_layer(layer: Layer, at: datetime, people: tuple[int, ...]) -> None:
    assert rota.on_call(berlin(layer), at).people == people


TOP = only(LINUS, name="Top")
CALENDAR = Fixed(
    name="Calendar", shifts=((utc(3), utc(5), (ADA,)), (utc(4), utc(6), (GRACE,)), (utc(9), utc(9), (OLGA,)))
)
HOLIDAYS = Replacement(name="Holidays", starts_at=utc(10), ends_at=utc(12), layers=(only(OLGA, name="Skeleton"),))


@pytest.mark.parametrize(
    ("the_rota", "at", "people", "sources"),
    [
        # the higher layer covers the lower
        (berlin(weekly(), TOP), utc(3), (LINUS,), ("layer Top",)),
        # where the higher has nobody yet, the lower shows through
        (berlin(weekly(), only(LINUS, name="Top", starts_on=date(2026, 3, 9))), utc(3), (ADA,), ("layer Weekly",)),
        # where the higher is restricted, too
        (berlin(weekly(), only(LINUS, name="Top", restrictions=OFFICE)), utc(3, 20), (ADA,), ("layer Weekly",)),
        # and inside its restriction the higher counts
        (berlin(weekly(), only(LINUS, name="Top", restrictions=OFFICE)), utc(3, 12), (LINUS,), ("layer Top",)),
        # where the higher's turn is an empty slot, too
        (berlin(weekly(), weekly(name="Top", slots=((), (LINUS,)))), utc(3), (ADA,), ("layer Weekly",)),
        # three layers: the highest that has somebody
        (berlin(weekly(), TOP, only(OLGA, name="Over", restrictions=NIGHT)), utc(3, 12), (LINUS,), ("layer Top",)),
        # follow the sun by restrictions: mornings one, afternoons another
        (
            berlin(
                only(ADA, name="East", restrictions=(window(time(0), time(12)),)),
                only(GRACE, name="West", restrictions=(window(time(12), time(0)),)),
            ),
            utc(3, 12),
            (GRACE,),
            ("layer West",),
        ),
        # no layer at all is a gap
        (berlin(), utc(3), (), ()),
        # an imported calendar is a layer like another
        (berlin(CALENDAR), utc(3, 12), (ADA,), ("layer Calendar",)),
        # where its events overlap, both are on call
        (berlin(CALENDAR), utc(4, 12), (ADA, GRACE), ("layer Calendar",)),
        # where it has none, the layer below shows through
        (berlin(weekly(), CALENDAR), utc(7), (ADA,), ("layer Weekly",)),
        # an event without length does nothing
        (berlin(CALENDAR), utc(9), (), ()),
        # an override covers every layer, from its start on …
        (berlin(weekly(), TOP, overrides=(override(OLGA, utc(3), utc(4)),)), utc(3), (OLGA,), ("override",)),
        # … and not at its end
        (berlin(weekly(), overrides=(override(OLGA, utc(3), utc(4)),)), utc(4), (ADA,), ("layer Weekly",)),
        # an override fills a gap
        (berlin(overrides=(override(OLGA, utc(3), utc(4)),)), utc(3, 1), (OLGA,), ("override",)),
        # one that replaces a single person leaves the others
        (
            berlin(only(ADA, GRACE), overrides=(override(OLGA, utc(3), utc(4), instead_of=ADA),)),
            utc(3, 1),
            (OLGA, GRACE),
            ("layer Weekly", "override"),
        ),
        # and does nothing where that person is not on call
        (
            berlin(weekly(), overrides=(override(OLGA, utc(9), utc(12), instead_of=ADA),)),
            utc(11),
            (GRACE,),
            ("layer Weekly",),
        ),
        # replacing a person by one who is on call already leaves that one once
        (
            berlin(only(ADA, GRACE), overrides=(override(GRACE, utc(3), utc(4), instead_of=ADA),)),
            utc(3, 1),
            (GRACE,),
            ("layer Weekly", "override"),
        ),
        # one that adds stands beside
        (
            berlin(weekly(), overrides=(override(OLGA, utc(3), utc(4), change=Change.ADD),)),
            utc(3, 1),
            (ADA, OLGA),
            ("layer Weekly", "override"),
        ),
        # adding whoever is there already changes nothing
        (
            berlin(weekly(), overrides=(override(ADA, utc(3), utc(4), change=Change.ADD),)),
            utc(3, 1),
            (ADA,),
            ("layer Weekly",),
        ),
        # adding over a gap fills it
        (berlin(overrides=(override(ADA, utc(3), utc(4), change=Change.ADD),)), utc(3, 1), (ADA,), ("override",)),
        # one that removes leaves a gap, and says where it comes from
        (
            berlin(weekly(), overrides=(override(ADA, utc(3), utc(4), change=Change.REMOVE),)),
            utc(3, 1),
            (),
            ("layer Weekly", "override"),
        ),
        # or the others of the slot
        (
            berlin(only(ADA, GRACE), overrides=(override(ADA, utc(3), utc(4), change=Change.REMOVE),)),
            utc(3, 1),
            (GRACE,),
            ("layer Weekly", "override"),
        ),
        # removing somebody who is not on call changes nothing
        (
            berlin(weekly(), overrides=(override(OLGA, utc(3), utc(4), change=Change.REMOVE),)),
            utc(3, 1),
            (ADA,),
            ("layer Weekly",),
        ),
        # an override on an override: the later made one counts
        (
            berlin(weekly(), overrides=(override(LINUS, utc(3), utc(5)), override(OLGA, utc(4), utc(6)))),
            utc(4, 12),
            (OLGA,),
            ("override",),
        ),
        # before the second begins the first holds
        (
            berlin(weekly(), overrides=(override(LINUS, utc(3), utc(5)), override(OLGA, utc(4), utc(6)))),
            utc(3, 12),
            (LINUS,),
            ("override",),
        ),
        # adding to an override
        (
            berlin(
                weekly(),
                overrides=(override(LINUS, utc(3), utc(5)), override(OLGA, utc(4), utc(6), change=Change.ADD)),
            ),
            utc(4, 12),
            (LINUS, OLGA),
            ("override", "override"),
        ),
        # replacing the person an earlier override brought in
        (
            berlin(
                weekly(), overrides=(override(LINUS, utc(3), utc(5)), override(OLGA, utc(4), utc(6), instead_of=LINUS))
            ),
            utc(4, 12),
            (OLGA,),
            ("override", "override"),
        ),
        # deleting the upper of two overrides: the lower holds again
        (berlin(weekly(), overrides=(override(LINUS, utc(3), utc(5)),)), utc(4, 12), (LINUS,), ("override",)),
        # a replacement puts other layers in place of all
        (berlin(weekly(), TOP, replacements=(HOLIDAYS,)), utc(11), (OLGA,), ("Holidays: layer Skeleton",)),
        # to the microsecond of its end
        (berlin(weekly(), TOP, replacements=(HOLIDAYS,)), utc(12), (LINUS,), ("layer Top",)),
        # what the layers would say does not show through its gaps
        (berlin(weekly(), replacements=(replace(HOLIDAYS, layers=()),)), utc(11), (), ()),
        # overrides lie over replacements
        (
            berlin(weekly(), replacements=(HOLIDAYS,), overrides=(override(ADA, utc(11), utc(12)),)),
            utc(11),
            (ADA,),
            ("override",),
        ),
        # of two replacements the later made one counts
        (
            berlin(weekly(), replacements=(HOLIDAYS, replace(HOLIDAYS, name="Strike", layers=(only(GRACE),)))),
            utc(11),
            (GRACE,),
            ("Strike: layer Weekly",),
        ),
    ],
)
def test_layers_replacements_and_overrides(
    the_rota: Rota, at: datetime, people: tuple[int, ...], sources: tuple[str, ...]
) -> None:
    segment = rota.on_call(the_rota, at)
    assert (segment.people, segment.sources) == (people, sources)


ADAS = (utc(2, 8), utc(9, 7))  # Ada's week but for its last hour
GRACES = (utc(9, 8), utc(16, 8))
SWAP = rota.swap(ADA, ADAS, GRACE, GRACES, ("Ada", "Grace"))


@pytest.mark.parametrize(
    ("the_rota", "at", "people", "shadows", "sources"),
    [
        # a shadow walks along and is not responsible
        (berlin(weekly(), only(OLGA, shadow=True)), utc(3), (ADA,), (OLGA,), ("layer Weekly",)),
        # a shadow alone leaves a gap
        (berlin(only(OLGA, shadow=True)), utc(3), (), (OLGA,), ()),
        # a shadow layer above covers nobody
        (berlin(weekly(), TOP, only(OLGA, shadow=True)), utc(3), (LINUS,), (OLGA,), ("layer Top",)),
        # shadows keep their own restrictions
        (berlin(weekly(), only(OLGA, shadow=True, restrictions=OFFICE)), utc(3, 20), (ADA,), (), ("layer Weekly",)),
        # two shadow layers
        (
            berlin(weekly(), only(OLGA, shadow=True), only(LINUS, shadow=True)),
            utc(3),
            (ADA,),
            (OLGA, LINUS),
            ("layer Weekly",),
        ),
        # overrides leave the shadow with the shift
        (
            berlin(weekly(), only(OLGA, shadow=True), overrides=(override(GRACE, utc(3), utc(4)),)),
            utc(3),
            (GRACE,),
            (OLGA,),
            ("override",),
        ),
        # a swap: each stands in for the other
        (berlin(weekly(), overrides=SWAP), utc(3), (GRACE,), (), ("layer Weekly", "swap with Ada")),
        # and the other way round in the other shift
        (berlin(weekly(), overrides=SWAP), utc(12), (ADA,), (), ("layer Weekly", "swap with Grace")),
        # outside the traded part the shift is the old one's
        (berlin(weekly(), overrides=SWAP), utc(9, 7, 30), (ADA,), (), ("layer Weekly",)),
        # a swap cancelled is a swap not given: nothing else to undo
        (berlin(weekly()), utc(3), (ADA,), (), ("layer Weekly",)),
        # a swap made before somebody else took the shift moves nothing of theirs
        (
            berlin(weekly(slots=((LINUS,), (GRACE,))), overrides=SWAP),
            utc(3),
            (LINUS,),
            (),
            ("layer Weekly",),
        ),
    ],
)
def test_shadows_and_swaps(
    the_rota: Rota, at: datetime, people: tuple[int, ...], shadows: tuple[int, ...], sources: tuple[str, ...]
) -> None:
    segment = rota.on_call(the_rota, at)
    assert (segment.people, segment.shadows, segment.sources) == (people, shadows, sources)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        # plain
        ("Europe/Berlin", date(2026, 3, 2), time(9), utc(2, 8)),
        # 02:30 does not exist on 29 March in Berlin: 03:00 summer time, the end of the gap
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), utc(29, 1)),
        # its first missing moment is the end of the gap too
        ("Europe/Berlin", date(2026, 3, 29), time(2), utc(29, 1)),
        # and the first that exists again is the same instant
        ("Europe/Berlin", date(2026, 3, 29), time(3), utc(29, 1)),
        # 02:30 exists twice on 25 October: the first
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), utc(25, 0, 30, month=10)),
        # 03:00 on that day exists once
        ("Europe/Berlin", date(2026, 10, 25), time(3), utc(25, 2, month=10)),
        # New York changes three weeks before Berlin
        ("America/New_York", date(2026, 3, 8), time(2, 30), utc(8, 7)),
        # half an hour's change on Lord Howe: 02:15 does not exist on 4 October
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), utc(3, 15, 30, month=10)),
        # half an hour back: 01:45 exists twice on 5 April, the first
        ("Australia/Lord_Howe", date(2026, 4, 5), time(1, 45), utc(4, 14, 45, month=4)),
        # the southern hemisphere
        ("Australia/Sydney", date(2026, 10, 4), time(2, 30), utc(3, 16, month=10)),
        # Samoa had no 30 December 2011: the end of the gap is midnight of the 31st
        ("Pacific/Apia", date(2011, 12, 30), time(9), utc(30, 10, month=12, year=2011)),
        # an offset of 5:45
        ("Asia/Kathmandu", date(2026, 3, 2), time(9), utc(2, 3, 15)),
        # Brazil gave up summer time in 2019: 00:30 on what would have been the day exists
        ("America/Sao_Paulo", date(2026, 11, 1), time(0, 30), utc(1, 3, 30, month=11)),
        # and did not in 2018, when clocks went forward at midnight
        ("America/Sao_Paulo", date(2018, 11, 4), time(0, 30), utc(4, 3, month=11, year=2018)),
    ],
)
def test_wall_times_are_placed_on_the_time_line(zone: str, day: date, at: time, expected: datetime) -> None:
    assert wall.on_wall(day, at, ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        # a zone that is not one
        (Rota(time_zone="Mars/Olympus", layers=(weekly(),)), "Mars/Olympus"),
        # a path instead of a zone
        (Rota(time_zone="../etc/passwd", layers=(weekly(),)), "passwd"),
        # no zone
        (Rota(time_zone="", layers=(weekly(),)), "time zone"),
        # a rotation of length zero would never end
        (berlin(weekly(every=0)), "at least one week"),
    ],
)
def test_a_broken_rota_is_unloadable_and_says_why(broken: Rota, sentence: str) -> None:
    for read in (lambda: rota.on_call(broken, utc(3)), lambda: rota.final(broken, utc(3), utc(4))):
        with pytest.raises(rota.Unloadable, match=sentence):
            read()


def test_the_final_schedule_names_its_sources_and_its_gaps() -> None:
    the_rota = berlin(weekly(), overrides=(override(LINUS, utc(3), utc(4)),))
    gap = Segment(starts_at=utc(2), ends_at=utc(2, 8), people=())
    assert rota.final(the_rota, utc(2), utc(10)) == (
        gap,
        Segment(starts_at=utc(2, 8), ends_at=utc(3), people=(ADA,), sources=("layer Weekly",)),
        Segment(starts_at=utc(3), ends_at=utc(4), people=(LINUS,), sources=("override",)),
        Segment(starts_at=utc(4), ends_at=utc(9, 8), people=(ADA,), sources=("layer Weekly",)),
        Segment(starts_at=utc(9, 8), ends_at=utc(10), people=(GRACE,), sources=("layer Weekly",)),
    )
    assert rota.gaps(the_rota, utc(2), utc(10)) == (gap,)


def test_an_empty_window_has_no_segments() -> None:
    assert rota.final(berlin(weekly()), utc(3), utc(3)) == ()
    assert rota.final(berlin(weekly()), utc(4), utc(3)) == ()


def _hours(the_rota: Rota, start: datetime, end: datetime) -> list[tuple[tuple[int, ...], float]]:
    return [(s.people, (s.ends_at - s.starts_at) / timedelta(hours=1)) for s in rota.final(the_rota, start, end)]


@pytest.mark.parametrize(
    ("layer", "start", "end", "hours"),
    [
        # the week in which clocks go forward is an hour short
        (weekly(), utc(23, 8), utc(30, 7), [((GRACE,), 167.0)]),
        # the one in which they go back an hour long
        (weekly(), utc(19, 7, month=10), utc(26, 8, month=10), [((GRACE,), 169.0)]),
        # a day shift on the day of the change has 23 hours, those around it 24
        (
            weekly(unit=Unit.DAY),
            utc(27, 8),
            utc(30, 7),
            [((GRACE,), 24.0), ((ADA,), 23.0), ((GRACE,), 24.0)],
        ),
        # every twelve hours hands off at 09:00 and 21:00 on that day too
        (weekly(unit=Unit.HOUR, every=12), utc(28, 8), utc(29, 19), [((ADA,), 12.0), ((GRACE,), 11.0), ((ADA,), 12.0)]),
        # a night shift over the change forward is an hour short
        (only(ADA, restrictions=NIGHT), utc(28, 21), utc(29, 4), [((ADA,), 7.0)]),
        # over the change back an hour long
        (only(ADA, restrictions=NIGHT), utc(24, 20, month=10), utc(25, 5, month=10), [((ADA,), 9.0)]),
        # a window that opens inside the missing hour opens when the clocks have changed
        (
            only(ADA, restrictions=(window(time(2, 30), time(4)),)),
            utc(29, 0),
            utc(29, 2),
            [((), 1.0), ((ADA,), 1.0)],
        ),
        # a window that lies wholly inside it does not open on that day
        (only(ADA, restrictions=(window(time(2, 10), time(2, 50)),)), utc(29, 0), utc(29, 2), [((), 2.0)]),
        # an hourly rotation skips the turn of the hour that does not exist
        (
            weekly(unit=Unit.HOUR, starts_on=date(2026, 3, 29), handoff_at=time(0), slots=FOUR),
            utc(28, 23),
            utc(29, 2),
            [((ADA,), 1.0), ((GRACE,), 1.0), ((OLGA,), 1.0)],
        ),
        # and has a turn of two hours where one comes twice
        (
            weekly(unit=Unit.HOUR, starts_on=date(2026, 10, 25), handoff_at=time(0), slots=FOUR),
            utc(24, 22, month=10),
            utc(25, 3, month=10),
            [((ADA,), 1.0), ((GRACE,), 1.0), ((LINUS,), 2.0), ((OLGA,), 1.0)],
        ),
    ],
)  # fmt: skip
def test_shifts_over_a_change_of_clocks(
    layer: Layer, start: datetime, end: datetime, hours: list[tuple[tuple[int, ...], float]]
) -> None:
    assert _hours(berlin(layer), start, end) == hours

"""The cases that on-call tools get wrong in public: each by its name.

They stand here once more although tables and properties meet most of them too: so that one can look each of them up.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.apps.test_ical import BERLIN, calendar, event, found
from tests.core.test_rota import ADA, GRACE, LINUS, OLGA, berlin, only, override, utc, weekly, window
from tocsin.core import rota
from tocsin.core.rota import Change, Rota, Segment
from tocsin.core.rotation import Unit

HOUR = timedelta(hours=1)


def who(the_rota: Rota, start: datetime, end: datetime) -> list[tuple[tuple[int, ...], float]]:
    """People, and for how many hours."""
    return [(s.people, (s.ends_at - s.starts_at) / HOUR) for s in rota.final(the_rota, start, end)]


def test_shifts_in_seconds_across_dst() -> None:
    # a week counted as 604,800 seconds hands off at 10:00 from the change of clocks on, and at 08:00 after the next
    handoffs = [s.starts_at for s in rota.final(berlin(weekly()), utc(2, 8), utc(1, month=12))]
    assert {at.astimezone(ZoneInfo("Europe/Berlin")).time() for at in handoffs} == {time(9)}
    assert who(berlin(weekly()), utc(23, 8), utc(30, 7)) == [((GRACE,), 167)]
    assert who(berlin(weekly()), utc(19, 7, month=10), utc(26, 8, month=10)) == [((GRACE,), 169)]


def test_a_daily_shift_across_dst_in_the_southern_hemisphere() -> None:
    # clocks go back in Sydney on 5 April, when they have just gone forward in Berlin
    layer = weekly(unit=Unit.DAY, starts_on=date(2026, 4, 1))
    the_rota = Rota(time_zone="Australia/Sydney", layers=(layer,))
    assert who(the_rota, utc(3, 22, month=4), utc(5, 23, month=4)) == [((GRACE,), 25), ((ADA,), 24)]


def test_override_splitting() -> None:
    # an override in the middle of a shift leaves both of its ends, with their people and their edges
    the_rota = berlin(only(ADA), overrides=(override(GRACE, utc(4), utc(4, 2)),))
    assert rota.final(the_rota, utc(3), utc(5)) == (
        Segment(starts_at=utc(3), ends_at=utc(4), people=(ADA,), sources=("layer Weekly",)),
        Segment(starts_at=utc(4), ends_at=utc(4, 2), people=(GRACE,), sources=("override",)),
        Segment(starts_at=utc(4, 2), ends_at=utc(5), people=(ADA,), sources=("layer Weekly",)),
    )


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        # over a handoff: the rest of one shift and the beginning of the next
        (utc(8, 8), utc(9, 20), [((ADA,), 24.0), ((GRACE,), 36.0), ((GRACE,), 12.0)]),
        # from exactly a handoff to exactly the next: no sliver on either side
        (utc(9, 8), utc(16, 8), [((ADA,), 48.0), ((LINUS,), 24.0)]),
    ],
)
def test_override_over_a_handoff(
    starts: datetime, ends: datetime, expected: list[tuple[tuple[int, ...], float]]
) -> None:
    person = GRACE if starts == utc(8, 8) else LINUS
    the_rota = berlin(weekly(), overrides=(override(person, starts, ends),))
    assert who(the_rota, utc(7, 8), utc(10, 8)) == expected


ADAS, GRACES = (utc(2, 8), utc(9, 8)), (utc(9, 8), utc(16, 8))
SWAPPED = berlin(weekly(), overrides=rota.swap(ADA, ADAS, GRACE, GRACES, ("Ada", "Grace")))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # the window ends inside the first shift of the swap
        (utc(2, 8), utc(5), [((GRACE,), 64.0)]),
        # it begins inside the second
        (utc(12), utc(16, 8), [((ADA,), 104.0)]),
        # it lies over the seam between both
        (utc(9, 7), utc(9, 9), [((GRACE,), 1.0), ((ADA,), 1.0)]),
        # it lies after the swap
        (utc(16, 8), utc(17, 8), [((ADA,), 24.0)]),
    ],
)
def test_swap_split_across_a_window_edge(
    start: datetime, end: datetime, expected: list[tuple[tuple[int, ...], float]]
) -> None:
    assert who(SWAPPED, start, end) == expected


@pytest.mark.parametrize(
    "until",
    [
        "20260324T080000Z",  # in UTC, as the standard wants it
        "20260324T090000",  # a wall time: against the standard, and what Outlook writes
        "20260324",  # a day: the shift of that day included
    ],
)
def test_until_not_in_utc(until: str) -> None:
    text = calendar(event(f"{BERLIN}20260323T090000", "DURATION:PT8H", f"RRULE:FREQ=DAILY;UNTIL={until}"))
    assert found(text) == ["03-23 08:00+8h 3", "03-24 08:00+8h 3"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # the night in which clocks go forward: 22:00 to 06:00 is seven hours, and the day after it 16
        (utc(28, 21), utc(29, 20), [((ADA,), 7.0), ((), 16.0)]),
        # the night in which they go back: nine hours
        (utc(24, 20, month=10), utc(25, 21, month=10), [((ADA,), 9.0), ((), 16.0)]),
    ],
)
def test_cross_midnight_restriction_on_the_change_day(
    start: datetime, end: datetime, expected: list[tuple[tuple[int, ...], float]]
) -> None:
    assert who(berlin(only(ADA, restrictions=(window(time(22), time(6)),))), start, end) == expected


def test_cross_midnight_restriction_belongs_to_the_day_on_which_it_begins() -> None:
    # “Friday 22:00 to 06:00” covers Saturday morning, and not Friday morning
    friday = only(ADA, restrictions=(window(time(22), time(6), frozenset({4})),))
    assert rota.on_call(berlin(friday), utc(7, 3)).people == (ADA,)
    assert rota.on_call(berlin(friday), utc(6, 3)).people == ()


def test_monthly_on_the_31st() -> None:
    # not every month has one: the last day stands in, and the 31st comes back after it
    layer = weekly(unit=Unit.MONTH, starts_on=date(2026, 1, 31))
    handoffs = [s.starts_at for s in rota.final(berlin(layer), datetime(2026, 1, 31, 8, tzinfo=UTC), utc(1, month=7))]
    days = [f"{at.astimezone(ZoneInfo('Europe/Berlin')):%m-%d %H:%M}" for at in handoffs]
    assert days == ["01-31 09:00", "02-28 09:00", "03-31 09:00", "04-30 09:00", "05-31 09:00", "06-30 09:00"]


def test_layer_priority_with_restriction() -> None:
    # outside its hours the higher layer must not blank the lower one, inside it must win
    top = only(LINUS, name="Top", restrictions=(window(time(9), time(17)),))
    assert who(berlin(weekly(), top), utc(3, 7), utc(3, 18)) == [((ADA,), 1), ((LINUS,), 8), ((ADA,), 2)]


def test_layer_priority_with_restriction_over_a_handoff_of_the_lower() -> None:
    # the lower layer hands off while it is covered: it comes back as the next person
    top = only(LINUS, name="Top", restrictions=(window(time(8), time(10)),))
    assert who(berlin(weekly(), top), utc(9, 6), utc(9, 10)) == [((ADA,), 1), ((LINUS,), 2), ((GRACE,), 1)]


def test_override_on_an_override() -> None:
    # the later made one counts, and where it ends the earlier one comes back, not the layer
    first, second = override(LINUS, utc(3), utc(6)), override(OLGA, utc(4), utc(5))
    assert who(berlin(weekly(), overrides=(first, second)), utc(3), utc(7)) == [
        ((LINUS,), 24),
        ((OLGA,), 24),
        ((LINUS,), 24),
        ((ADA,), 24),
    ]


def test_deleting_an_override() -> None:
    # deleting the upper leaves the lower as it was; deleting the lower leaves the upper
    first, second = override(LINUS, utc(3), utc(6)), override(OLGA, utc(4), utc(5))
    assert who(berlin(weekly(), overrides=(first,)), utc(3), utc(6)) == [((LINUS,), 72)]
    assert who(berlin(weekly(), overrides=(second,)), utc(3), utc(6)) == [((ADA,), 24), ((OLGA,), 24), ((ADA,), 24)]


def test_deleting_an_override_under_one_that_named_its_person() -> None:
    # the second replaced Linus, who was there by the first only: without the first it does nothing
    first, second = override(LINUS, utc(3), utc(6)), override(OLGA, utc(4), utc(5), instead_of=LINUS)
    assert (OLGA,) in {s.people for s in rota.final(berlin(weekly(), overrides=(first, second)), utc(3), utc(6))}
    assert who(berlin(weekly(), overrides=(second,)), utc(3), utc(6)) == [((ADA,), 72)]


def test_a_country_that_gave_its_summer_time_up() -> None:
    # Brazil had one until 2019: a rota from 2018 hands off at 09:00 on the wall to this day
    layer = weekly(starts_on=date(2018, 10, 1))
    the_rota = Rota(time_zone="America/Sao_Paulo", layers=(layer,))
    starts = [s.starts_at for s in rota.final(the_rota, utc(1, 12, month=10, year=2018), utc(1, month=3, year=2020))]
    assert {at.astimezone(ZoneInfo("America/Sao_Paulo")).time() for at in starts} == {time(9)}
    assert {at.hour for at in starts} == {11, 12}


def test_half_an_hour_of_summer_time() -> None:
    # clocks go back by 30 minutes on Lord Howe on 5 April
    layer = weekly(unit=Unit.DAY, starts_on=date(2026, 4, 1))
    the_rota = Rota(time_zone="Australia/Lord_Howe", layers=(layer,))
    (_, long, *_) = who(the_rota, utc(2, 22, month=4), utc(6, month=4))
    assert long[1] == 24.5


def test_removing_somebody_from_a_pair_leaves_the_other() -> None:
    the_rota = berlin(only(ADA, GRACE), overrides=(override(ADA, utc(3), utc(4), change=Change.REMOVE),))
    assert rota.on_call(the_rota, utc(3)).people == (GRACE,)

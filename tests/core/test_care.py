"""What being on call costs, to the minute, on both sides of a change of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_rota_properties import ZONES
from tocsin.core import care
from tocsin.core.care import Calendar, Kind, Page, Rates, Shift
from tocsin.core.wall import on_wall, zone_of

BERLIN = "Europe/Berlin"
W, OFF, E, H = Kind.WORKING, Kind.OFF_HOURS, Kind.WEEKEND, Kind.HOLIDAY
GOOD_FRIDAY = date(2026, 4, 3)


def at(text: str, zone: str = BERLIN) -> datetime:
    """A wall time such as “2026-03-02 09:00”."""
    wall = datetime.fromisoformat(text)
    return on_wall(wall.date(), wall.time(), zone_of(zone))


def shift(starts: str, ends: str, zone: str = BERLIN) -> Shift:
    return Shift(starts_at=at(starts, zone), ends_at=at(ends, zone))


@pytest.mark.parametrize(
    ("shifts", "zone", "hours"),
    [
        # nobody is on call
        ([], BERLIN, {}),
        # a working day
        ([("2026-03-02 09:00", "2026-03-02 17:00")], BERLIN, {W: 8}),
        # from Monday to Tuesday, 09:00
        ([("2026-03-02 09:00", "2026-03-03 09:00")], BERLIN, {W: 8, OFF: 16}),
        # an ordinary week: 5 working days of 8 h, 5 nights less the weekend, two whole days
        ([("2026-03-02 09:00", "2026-03-09 09:00")], BERLIN, {W: 40, E: 48, OFF: 80}),
        # the week in which clocks go forward: the Sunday has 23 hours
        ([("2026-03-23 09:00", "2026-03-30 09:00")], BERLIN, {W: 40, E: 47, OFF: 80}),
        # the week in which they go back: the Sunday has 25
        ([("2026-10-19 09:00", "2026-10-26 09:00")], BERLIN, {W: 40, E: 49, OFF: 80}),
        # Lord Howe changes by half an hour, on a Sunday in April
        ([("2026-04-05 00:00", "2026-04-06 00:00")], "Australia/Lord_Howe", {E: 24.5}),
        # Santiago goes forward at midnight: 6 September 2026 begins at 01:00 and is a Sunday
        ([("2026-09-05 12:00", "2026-09-07 00:00")], "America/Santiago", {E: 35}),
        # a holiday counts from midnight to midnight, working hours or not
        ([("2026-04-02 17:00", "2026-04-04 00:00")], BERLIN, {OFF: 7, H: 24}),
        # two schedules at once are one time on call
        ([("2026-03-02 09:00", "2026-03-02 17:00"), ("2026-03-02 12:00", "2026-03-02 18:00")], BERLIN, {W: 8, OFF: 1}),
        # the same shift cut in two by an override that was taken back
        ([("2026-03-02 09:00", "2026-03-02 12:00"), ("2026-03-02 12:00", "2026-03-02 17:00")], BERLIN, {W: 8}),
        # one inside the other
        ([("2026-03-02 09:00", "2026-03-02 17:00"), ("2026-03-02 10:00", "2026-03-02 11:00")], BERLIN, {W: 8}),
        # an override in the middle of the night leaves its hole
        ([("2026-03-02 17:00", "2026-03-03 02:00"), ("2026-03-03 04:00", "2026-03-03 09:00")], BERLIN, {OFF: 14}),
        # Kathmandu is 5:45 ahead, and its weekend is by its own wall
        ([("2026-03-07 00:00", "2026-03-09 00:00")], "Asia/Kathmandu", {E: 48}),
    ],
)
def test_minutes_by_kind(shifts: list[tuple[str, str]], zone: str, hours: dict[Kind, float]) -> None:
    found = care.minutes(
        [shift(*pair, zone) for pair in shifts], Calendar(zone=zone, holidays=frozenset({GOOD_FRIDAY}))
    )
    assert {kind: count / 60 for kind, count in found.items() if count} == hours


def test_a_team_may_have_no_working_hours() -> None:
    calendar = Calendar(zone=BERLIN, works_from=time(0), works_until=time(0))
    assert care.minutes([shift("2026-03-02 09:00", "2026-03-02 17:00")], calendar)[OFF] == 480


@pytest.mark.parametrize(
    ("times", "woken"),
    [
        # by day nobody is woken
        (["2026-03-02 12:00"], {}),
        # 21:59 is evening, 22:00 is night
        (["2026-03-02 21:59", "2026-03-02 22:00"], {"2026-03-02": 1}),
        # 07:59 is night, 08:00 is morning
        (["2026-03-03 07:59", "2026-03-03 08:00"], {"2026-03-02": 1}),
        # three methods at once, and a second page ten minutes later, wake once
        (["2026-03-03 03:00", "2026-03-03 03:00", "2026-03-03 03:10"], {"2026-03-02": 1}),
        # half an hour later one had gone back to sleep
        (["2026-03-03 03:00", "2026-03-03 03:30"], {"2026-03-02": 2}),
        # a storm all night is a wake-up each half hour, not a single one
        (["2026-03-03 03:00", "2026-03-03 03:20", "2026-03-03 03:40"], {"2026-03-02": 2}),
        # the night from Sunday to Monday belongs to the week that ends
        (["2026-03-09 03:00"], {"2026-03-02": 1}),
        # Monday evening to the one that begins
        (["2026-03-09 23:00"], {"2026-03-09": 1}),
        # the hour that comes twice: 02:30 in summer time and, an hour later, 02:30 again
        (["2026-10-25 02:30", "2026-10-25 03:30"], {"2026-10-19": 2}),
    ],
)
def test_wake_ups(times: list[str], woken: dict[str, int]) -> None:
    assert care.wake_ups(map(at, times), BERLIN) == {date.fromisoformat(week): n for week, n in woken.items()}


def test_night_is_in_the_own_zone() -> None:
    three_in_berlin = [at("2026-03-03 03:00")]
    assert care.wake_ups(three_in_berlin, BERLIN)
    assert not care.wake_ups(three_in_berlin, "Asia/Tokyo")  # 11:00


def _load(pages: list[tuple[str, int]], *shifts: tuple[str, str]) -> care.Load:
    return care.load(
        [shift(*pair) for pair in shifts],
        [Page(at=at(when), subject=subject) for when, subject in pages],
        Calendar(zone=BERLIN),
        at("2026-03-01 00:00"),
        at("2026-04-01 00:00"),
    )


def test_pages_are_counted_by_shift() -> None:
    week, next_week = ("2026-03-02 09:00", "2026-03-09 09:00"), ("2026-03-09 09:00", "2026-03-16 09:00")
    pages = [
        ("2026-03-02 10:00", 1),
        ("2026-03-02 10:05", 1),  # the same alert again
        ("2026-03-09 08:59", 2),
        ("2026-03-09 09:00", 3),  # the next shift's
        ("2026-03-20 09:00", 4),  # on no shift: asked for by an escalation to the whole team
        ("2026-04-20 09:00", 5),  # not in the period
    ]
    found = _load(pages, week, next_week)
    assert (found.shifts, found.pages, found.pages_on_shift, found.busiest, found.busy_shifts) == (2, 4, 3, 2, 1)
    assert found.pages_a_shift == 1.5


def test_shift_is_cut_at_the_edges_of_the_period() -> None:
    found = _load([], ("2026-02-28 00:00", "2026-03-02 00:00"), ("2026-03-31 23:00", "2026-04-02 09:00"))
    assert (found.shifts, found.on_call) == (2, 25 * 60)


def test_without_shifts_there_is_no_mean() -> None:
    assert _load([]).pages_a_shift is None


def test_more_than_two_wake_ups_in_a_week_are_flagged() -> None:
    nights = ["2026-03-03 03:00", "2026-03-04 03:00", "2026-03-10 03:00", "2026-03-11 03:00", "2026-03-12 03:00"]
    found = _load([(night, n) for n, night in enumerate(nights)])
    assert (found.woken, found.flagged) == (5, (date(2026, 3, 9),))


def test_pay_is_rounded_by_kind_and_adds_up() -> None:
    found = _load([("2026-03-03 03:00", 1)], ("2026-03-02 16:40", "2026-03-03 03:00"))
    rates = Rates(an_hour={W: Decimal("1.00"), OFF: Decimal("2.50")}, minutes_a_wake_up=90)
    due = care.due(found, rates)
    assert due.money == {W: Decimal("0.33"), OFF: Decimal("25.00"), E: Decimal("0.00"), H: Decimal("0.00")}
    assert (due.total, due.minutes_off) == (Decimal("25.33"), 90)


@pytest.mark.parametrize(
    ("burdens", "index"),
    [
        # nobody in the team
        ([], None),
        # nothing to share
        ([0, 0], None),
        # all the same
        ([5, 5, 5], 1),
        # one bears all
        ([9, 0, 0], 1 / 3),
        # in between
        ([2, 1], 0.9),
    ],
)
def test_fairness(burdens: list[float], index: float | None) -> None:
    assert care.fairness(burdens) == pytest.approx(index)


FROM = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = st.integers(0, 400 * 24 * 60)
SHIFTS = st.lists(
    st.tuples(MINUTES, st.integers(1, 20_000)).map(
        lambda p: Shift(starts_at=FROM + timedelta(minutes=p[0]), ends_at=FROM + timedelta(minutes=p[0] + p[1]))
    ),
    max_size=6,
)


@given(shifts=SHIFTS, zone=st.sampled_from(ZONES))
def test_kinds_cover_the_time_once(shifts: list[Shift], zone: str) -> None:
    found = care.minutes(shifts, Calendar(zone=zone, holidays=frozenset({GOOD_FRIDAY})))
    assert sum(found.values()) * 60 == sum((s.ends_at - s.starts_at).total_seconds() for s in care.merged(shifts))


@given(shifts=SHIFTS, cut=MINUTES, zone=st.sampled_from(ZONES))
def test_two_periods_that_touch_add_up(shifts: list[Shift], cut: int, zone: str) -> None:
    calendar, edge, end = Calendar(zone=zone), FROM + timedelta(minutes=cut), FROM + timedelta(days=500)
    loads = [care.load(shifts, [], calendar, *period) for period in ((FROM, end), (FROM, edge), (edge, end))]
    whole, first, second = (dict(load.minutes) for load in loads)
    assert whole == {kind: first[kind] + second[kind] for kind in Kind}


@given(burdens=st.lists(st.integers(0, 10_000), min_size=1, max_size=12), factor=st.integers(1, 50))
def test_fairness_has_no_unit_and_knows_its_bounds(burdens: list[int], factor: int) -> None:
    index = care.fairness(burdens)
    assert index == pytest.approx(care.fairness([factor * burden for burden in reversed(burdens)]))
    assert index is None or 1 / len(burdens) - 1e-9 <= index <= 1 + 1e-9

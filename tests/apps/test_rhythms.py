"""When a job of a crontab is expected next, also on days on which clocks change."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import NOON
from tocsin.checks import rhythms
from tocsin.checks.configs import HeartbeatConfig, Rhythm

BERLIN = "Europe/Berlin"  # forward on 29 March 2026 at 02:00, back on 25 October 2026 at 03:00


def cron(expression: str, zone: str = "UTC") -> HeartbeatConfig:
    return HeartbeatConfig(rhythm=Rhythm.CRON, expression=expression, time_zone=zone)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_plain_period_counts_from_the_last_success() -> None:
    assert rhythms.after(HeartbeatConfig(period=90), NOON) == NOON + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("expression", "zone", "at", "expected"),
    [
        ("0 3 * * *", "UTC", "2026-03-04T12:00", "2026-03-05T03:00"),
        # at the very minute: the next one
        ("0 12 * * *", "UTC", "2026-03-04T12:00", "2026-03-05T12:00"),
        ("*/10 * * * *", "UTC", "2026-03-04T12:01", "2026-03-04T12:10"),
        # wall time: the same hour in winter and in summer
        ("0 3 * * *", BERLIN, "2026-03-27T12:00", "2026-03-28T02:00"),
        ("0 3 * * *", BERLIN, "2026-03-29T12:00", "2026-03-30T01:00"),
        # 02:30 does not exist on that day: it runs when the hour is over
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", "2026-03-29T01:00"),
        # 02:30 exists twice: it runs once, and after its second time not again that day
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", "2026-10-25T00:30"),
        ("30 2 * * *", BERLIN, "2026-10-25T00:30", "2026-10-26T01:30"),
        ("30 2 * * *", BERLIN, "2026-10-25T01:10", "2026-10-26T01:30"),
        # every hour is every hour
        ("0 * * * *", BERLIN, "2026-10-25T00:00", "2026-10-25T01:00"),
        ("0 * * * *", BERLIN, "2026-03-29T00:00", "2026-03-29T01:00"),
        # the last day of a month, a weekday
        ("0 6 L * *", "UTC", "2026-02-01T00:00", "2026-02-28T06:00"),
        ("0 6 * * 1", "UTC", "2026-03-04T12:00", "2026-03-09T06:00"),
    ],
)
def test_cron(expression: str, zone: str, at: str, expected: str) -> None:
    assert rhythms.after(cron(expression, zone), utc(at)) == utc(expected)


def test_times_only_grow_all_through_a_day_of_change() -> None:
    config, at = cron("*/30 * * * *", BERLIN), utc("2026-10-24T22:00")
    times = [at]
    while times[-1] < utc("2026-10-25T04:00"):
        times.append(rhythms.after(config, times[-1]))
    assert times == [at + timedelta(minutes=30) * n for n in range(len(times))]


@pytest.mark.parametrize("expression", ["", "every day", "61 * * * *", "0 3 * *", "0 0 31 2 *"])
def test_what_is_no_cron_expression_is_refused(expression: str) -> None:
    with pytest.raises(rhythms.BadExpression):
        rhythms.check(cron(expression), NOON)


def test_the_next_times_are_shown_for_cron_only() -> None:
    assert rhythms.ahead(cron("0 3 * * *"), NOON, 2) == [utc("2026-03-05T03:00"), utc("2026-03-06T03:00")]
    assert rhythms.ahead(HeartbeatConfig(), NOON, 2) == []

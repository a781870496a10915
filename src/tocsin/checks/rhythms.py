"""When the next success of a job is expected."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from tocsin.checks.configs import HeartbeatConfig, Rhythm
from tocsin.core.wall import zone_of


class BadExpression(ValueError):
    """Cron would not understand it, or it never comes; the text says which."""


def after(config: HeartbeatConfig, at: datetime) -> datetime:
    """The first time after `at`. On days on which clocks change as Debian's cron has it: a job of the hour that does
    not exist runs right after it, one of the hour that exists twice runs once, and one of every hour every hour."""
    if config.rhythm is Rhythm.EVERY:
        return at + timedelta(seconds=config.period)
    return next(_times(config, at))


def ahead(config: HeartbeatConfig, at: datetime, count: int) -> list[datetime]:
    """The next times, for people to look at. Of a plain period there are none before a ping has come."""
    if config.rhythm is Rhythm.EVERY:
        return []
    times = _times(config, at)
    return [next(times) for _ in range(count)]


def check(config: HeartbeatConfig, at: datetime) -> None:
    """`BadExpression`."""
    if config.rhythm is Rhythm.CRON:
        next(_times(config, at))


def _times(config: HeartbeatConfig, at: datetime) -> Iterator[datetime]:
    try:
        found = CronSim(config.expression, at.astimezone(zone_of(config.time_zone)))
    except CronSimError as error:
        raise BadExpression(f"“{config.expression}” is not a cron expression: {error}.") from error
    # in an hour that exists twice the simulation steps back to its first half
    yield from (utc for time in found if (utc := time.astimezone(UTC)) > at)
    raise BadExpression(f"“{config.expression}” never comes.")

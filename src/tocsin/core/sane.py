"""Times that are taken from outside.

Near the ends of the calendar there is no midnight in every zone, and no day after; PostgreSQL keeps times there that
cannot be read again.
"""

from datetime import UTC, date, datetime

FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
FIRST_DAY, LAST_DAY = FIRST.date(), LAST.date()


def is_sane(at: datetime) -> bool:
    return FIRST <= at <= LAST


def is_sane_day(day: date) -> bool:
    return FIRST_DAY <= day <= LAST_DAY

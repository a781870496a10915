"""Days that forms take: near the ends of the calendar there is no midnight in every zone, and no day after."""

from datetime import UTC, date, datetime

from django.core.validators import MaxValueValidator, MinValueValidator

FIRST, LAST = date(1970, 1, 2), date(2999, 12, 31)
SANE_DAY = (MinValueValidator(FIRST), MaxValueValidator(LAST))
SANE_TIME = (MinValueValidator(datetime(1970, 1, 2, tzinfo=UTC)), MaxValueValidator(datetime(2999, 12, 31, tzinfo=UTC)))

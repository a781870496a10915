"""Days and times that forms take."""

from django.core.validators import MaxValueValidator, MinValueValidator

from tocsin.core import sane

FIRST, LAST = sane.FIRST_DAY, sane.LAST_DAY
SANE_DAY = (MinValueValidator(FIRST), MaxValueValidator(LAST))
SANE_TIME = (MinValueValidator(sane.FIRST), MaxValueValidator(sane.LAST))

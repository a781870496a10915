"""Which edition of the rules holds: a number that whoever keeps them in memory can compare cheaply."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F

from tocsin.health import wakeups
from tocsin.rules.models import Edition

_ONLY = 1


def number() -> int:
    """Of what is committed. Read it before the rules: then what is kept is never newer than its number says."""
    return Edition.objects.filter(pk=_ONLY).values_list("number", flat=True).first() or 0


@contextmanager
def edited() -> Iterator[None]:
    """A transaction in which rules change: one at a time, and all who keep them read them again after it."""
    with transaction.atomic():
        Edition.objects.get_or_create(pk=_ONLY)
        Edition.objects.filter(pk=_ONLY).update(number=F("number") + 1)
        yield
        wakeups.notify()

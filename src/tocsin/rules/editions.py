"""Which edition of the rules holds: a mark that whoever keeps them in memory can compare cheaply."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from tocsin.health import wakeups
from tocsin.rules.models import Edition

_ONLY = 1


def mark() -> str:
    """Of what is committed; empty before the first rule. Read it before the rules: then what is kept is never older
    than its mark says."""
    return Edition.objects.filter(pk=_ONLY).values_list("mark", flat=True).first() or ""


@contextmanager
def edited() -> Iterator[None]:
    """A transaction in which rules change: one at a time, and all who keep them read them again after it."""
    with transaction.atomic():
        Edition.objects.update_or_create(pk=_ONLY, defaults={"mark": uuid.uuid4().hex})
        yield
        wakeups.notify()

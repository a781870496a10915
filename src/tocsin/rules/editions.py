"""Which edition of the rules holds: a mark that whoever keeps them in memory can compare cheaply."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from tocsin.health import wakeups
from tocsin.health.prepared import Prepared
from tocsin.rules.models import Edition

_ONLY = 1


def mark() -> str:
    """Of what is committed; empty before the first rule. Read it before the rules: then what is kept is never older
    than its mark says."""
    found = _MARK.rows(None)
    return str(found[0][0]) if found else ""


_MARK = Prepared(lambda _: Edition.objects.filter(pk=_ONLY).values_list("mark"))


@contextmanager
def edited() -> Iterator[None]:
    """A transaction in which rules change: one at a time, and all who keep them read them again after it."""
    with transaction.atomic():
        Edition.objects.update_or_create(pk=_ONLY, defaults={"mark": uuid.uuid4().hex})
        yield
        wakeups.notify()

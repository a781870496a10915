"""Telling people something that is no page: by their methods for low urgency, the first of them."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from tocsin import sealing
from tocsin.channels.contract import Content
from tocsin.core.reach import Method
from tocsin.core.signals import Urgency
from tocsin.outbox.actions import Draft, put
from tocsin.people.models import ContactMethod
from tocsin.people.reaching import methods_of

_IN_APP = "inapp"  # an open tab rings for pages only; what is told here is to be seen on Home too


def tell(user_ids: Iterable[int], content: Content, key: str, now: datetime) -> int:
    """How many messages are on their way. The same key tells nobody twice."""
    found = methods_of(user_ids, Urgency.LOW)
    first = [method.id for methods in found.values() for method in _first(methods)]
    rows = sealing.readable(ContactMethod.objects.all(), sorted(first))
    return len(put([_draft(row, content, key) for _, row in sorted(rows.items())], now))


def _first(methods: Iterable[Method]) -> list[Method]:
    outside = [method for method in methods if method.kind != _IN_APP]
    soonest = min((method.delay for method in outside), default=None)
    return [method for method in outside if method.delay == soonest]


def _draft(row: ContactMethod, content: Content, key: str) -> Draft:
    # keys are short in the outbox, and what they are made of is not
    short = hashlib.sha256(f"{key} {row.pk}".encode()).hexdigest()[:40]
    return Draft(
        kind=row.kind,
        purpose=content.purpose,
        target=row.address,
        secret=row.secret,
        content=content,
        key=f"notice-{short}",
    )

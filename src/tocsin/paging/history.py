"""Lines in the histories of alert groups, many at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.alerts.models import Entry
from tocsin.paging.models import Escalation


@dataclass(frozen=True, kw_only=True)
class Line:
    escalation: Escalation
    kind: str  # paged, skipped, catch_all, timed_out, failed …
    text: str


def write(lines: Iterable[Line], now: datetime) -> None:
    """A test of a pager has no group, and no history."""
    Entry.objects.bulk_create(
        Entry(group_id=line.escalation.group_id, at=now, kind=line.kind, text=line.text, via="engine")
        for line in lines
        if line.escalation.group_id is not None
    )


def listed(names: Iterable[str]) -> str:
    """“Ada, Grace and Linus”."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last

"""Lines in the histories of alert groups, many at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.alerts.models import Entry
from tocsin.health import bulk
from tocsin.paging.models import Escalation

_NEW = ("group_id", "at", "kind", "text", "via")


@dataclass(frozen=True, kw_only=True)
class Line:
    escalation: Escalation
    kind: str  # paged, skipped, catch_all, timed_out, failed …
    text: str


def write(lines: Iterable[Line], now: datetime) -> None:
    """A test of a pager has no group, and no history."""
    of_groups = ((line, line.escalation.group_id) for line in lines)
    rows = [(group_id, now, line.kind, line.text, "engine") for line, group_id in of_groups if group_id is not None]
    if rows:
        bulk.insert(Entry, _NEW, rows)


def listed(names: Iterable[str]) -> str:
    """“Ada, Grace and Linus”."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last

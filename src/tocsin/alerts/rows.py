"""Rows of the hot tables, without what a model brings along: absorbing holds thousands of them at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from tocsin.alerts.models import AlertGroup
from tocsin.core.signals import Signal


class EventRow(NamedTuple):
    """A raw event that waits to be read."""

    id: int
    integration_id: int
    kind: str
    body: bytes
    received_at: datetime


@dataclass(slots=True, eq=False, kw_only=True)
class GroupRow:
    id: int | None = None  # none until it is written
    service_id: int
    title: str
    severity: str
    urgency: str
    state: str
    opened_at: datetime
    last_event_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by_id: int | None = None
    resolved_at: datetime | None = None
    resolved_by_id: int | None = None
    alert_count: int = 0
    event_count: int = 0
    version: int = 0
    key: str = ""
    policy_id: int | None = None
    held: str = ""


GROUP_COLUMNS = tuple(GroupRow.__dataclass_fields__)


def as_row(group: AlertGroup) -> GroupRow:
    return GroupRow(**{name: getattr(group, name) for name in GROUP_COLUMNS})


def as_model(row: GroupRow) -> AlertGroup:
    return AlertGroup(**{name: getattr(row, name) for name in GROUP_COLUMNS})


@dataclass(slots=True, eq=False, kw_only=True)
class AlertRow:
    id: int | None = None
    integration_id: int
    dedup_key: str
    uid: str | None = None  # how its tool calls it: a UUID
    group: GroupRow
    state: str
    severity: str = ""
    summary: str = ""
    event_count: int = 1
    opened_at: datetime
    last_event_at: datetime
    ends_at: datetime | None = None
    said_at: datetime | None = None
    resolved_at: datetime | None = None
    urgency: str = "none"
    held: str = ""  # a core.holds.HoldKind; empty: it is not held back
    held_reason: str = ""
    held_by: int = 0
    held_until: datetime | None = None
    review_at: datetime | None = None
    holder: "AlertRow | GroupRow | None" = None  # what holds it back, when that may have no id yet
    said: Signal | None = None  # what its source said last, when that was in this batch
    digest: int | None = None  # of what it said last before
    before: tuple[object, ...] = ()  # its standing in the database


class OutcomeRow(NamedTuple):
    event_id: int
    position: int
    dedup_key: str
    action: str
    reason: str
    alert: AlertRow | None
    why: str = ""


class EntryRow(NamedTuple):
    group: GroupRow
    at: datetime
    kind: str
    text: str

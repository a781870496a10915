"""What absorbing tells those who page, and those who keep changes and heartbeats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tocsin.alerts.models import AlertGroup, Event
from tocsin.alerts.rows import GroupRow, as_model
from tocsin.core.signals import Beat, Change, Subscription
from tocsin.services.models import Integration


class ChangeKind(StrEnum):
    OPENED = "opened"
    REOPENED = "reopened"  # a new alert joined an acknowledged group, which is triggered again
    WORSENED = "worsened"  # its severity rose; the group is triggered, whatever it was before
    HELD = "held"  # all its open alerts are held back: paging stops
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


STARTS = (ChangeKind.OPENED, ChangeKind.REOPENED, ChangeKind.WORSENED)  # paging begins, where there is urgency


class GroupChange(NamedTuple):
    """In the order in which they happened; a group that changed twice in one batch comes twice.

    `row` is the saved row as it stands when the batch is over, so the last change of a group agrees with it.
    A group of urgency "none" changes like any other; nobody is paged for it.
    """

    row: GroupRow
    kind: ChangeKind

    @property
    def group_id(self) -> int:
        """Those who are told are told after the row was written."""
        assert self.row.id is not None  # noqa: S101 - a contract
        return self.row.id

    @property
    def group(self) -> AlertGroup:
        """The row as a model, made anew each time: for the few who need one."""
        return as_model(self.row)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A change, a beat or a subscription that was heard."""

    event: Event
    integration: Integration
    what: Change | Beat | Subscription


Listener = Callable[[Sequence[Told], datetime], None]  # in the transaction of the batch


def nobody(told: Sequence[Told], now: datetime) -> None:
    """Nobody listens."""


@dataclass(frozen=True, kw_only=True)
class Listeners:
    changes: Listener = nobody
    beats: Listener = nobody
    subscriptions: Listener = nobody


NOBODY = Listeners()

"""What absorbing tells those who page."""

from dataclasses import dataclass
from enum import StrEnum

from tocsin.alerts.models import AlertGroup


class ChangeKind(StrEnum):
    OPENED = "opened"
    REOPENED = "reopened"  # a new alert joined an acknowledged group, which is triggered again
    WORSENED = "worsened"  # its severity rose; the group is triggered, whatever it was before
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class GroupChange:
    """In the order in which they happened; a group that changed twice in one batch comes twice.

    `group` is the saved row as it stands when the batch is over, so the last change of a group agrees with it.
    A group of urgency "none" changes like any other; nobody is paged for it.
    """

    group: AlertGroup
    kind: ChangeKind

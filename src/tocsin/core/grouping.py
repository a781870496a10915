"""Which alert group a new alert goes to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# a service that never falls silent would otherwise collect one group for ever
LONGEST = timedelta(hours=24)


class Reason(StrEnum):
    ALONE = "every alert of the service is a group of its own"
    FIRST = "the service had no open group"
    QUIET = "the open group had been quiet for longer than the service's window"
    FULL = "the open group had been collecting for 24 hours"
    JOINED = "it came within the service's window"


@dataclass(frozen=True, kw_only=True)
class OpenGroup:
    """The newest group of the service, if it is not resolved."""

    opened_at: datetime
    last_event_at: datetime


def place(window: timedelta, newest: OpenGroup | None, at: datetime) -> Reason:
    """`JOINED`: into the newest open group. Every other reason: into a new one.

    The window rolls: each event of the group starts it anew, until the group is `LONGEST` old.
    """
    if window <= timedelta(0):
        return Reason.ALONE
    if newest is None:
        return Reason.FIRST
    if at - newest.last_event_at > window:
        return Reason.QUIET
    return Reason.FULL if at - newest.opened_at > LONGEST else Reason.JOINED

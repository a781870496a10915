"""What became of a signal, and why: the words that receipts and histories use."""

import uuid
from datetime import UTC, datetime, timedelta
from enum import StrEnum

_TIMED = 7  # the version of UUIDs that begin with their time, in milliseconds (RFC 9562)


def around(receipt: uuid.UUID) -> tuple[datetime, datetime] | None:
    """Between which moments an event with this receipt was received; none when the receipt does not tell."""
    if receipt.version != _TIMED:
        return None
    try:
        moment = datetime.fromtimestamp((receipt.int >> 80) / 1000, UTC)
    except (ValueError, OverflowError):  # a year that there will not be
        return None
    return moment - timedelta(seconds=1), moment + timedelta(seconds=1)


class Reason(StrEnum):
    OPENED = "opened"
    RECORDED = "recorded"
    SILENCED = "silenced"
    MAINTAINED = "in maintenance"
    INHIBITED = "inhibited"
    PAUSED = "paused"
    FLAPPING = "flapping"
    SETTLING = "waiting for a storm"
    IN_STORM = "part of a storm"
    JOINED = "joined"
    REOPENED = "reopened"
    DEDUPLICATED = "deduplicated"
    RAISED = "severity raised"
    LOWERED = "severity lowered"
    ACKNOWLEDGED = "acknowledged by source"
    ALREADY_ACKNOWLEDGED = "already acknowledged"
    UNACKNOWLEDGED = "unacknowledged by source"
    NOT_ACKNOWLEDGED = "not acknowledged"
    RESOLVED = "resolved"
    OUTDATED = "older than what is known"
    NOTED = "noted"
    AMENDED = "changed"
    NOTHING_OPEN = "nothing open"
    EXPIRED = "expired"
    SWITCHED_OFF = "integration switched off"
    EMPTY = "no alerts inside"
    CHANGE = "recorded as a change"
    BEAT = "heard as a ping"
    NO_HEARTBEAT = "no such heartbeat"
    SUBSCRIBED = "subscription confirmed"
    DISCARDED = "discarded"
    STILL_UNREADABLE = "others are still in quarantine"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]

    @property
    def is_opening(self) -> bool:
        """Whether the signal opened an alert."""
        return self in _OPENING

    @property
    def may_page(self) -> bool:
        """Whether somebody may be paged for it, now or when nothing holds it back any more."""
        return self in _OPENING or self in _PAGING


_OPENING = frozenset(
    {
        Reason.OPENED, Reason.RECORDED, Reason.SILENCED, Reason.MAINTAINED, Reason.INHIBITED, Reason.PAUSED,
        Reason.FLAPPING, Reason.SETTLING, Reason.IN_STORM, Reason.JOINED, Reason.REOPENED,
    }
)  # fmt: skip
_PAGING = frozenset({Reason.RAISED, Reason.UNACKNOWLEDGED})

_SENTENCES = {
    Reason.OPENED: "Opened a new alert and a new alert group, which is paged.",
    Reason.RECORDED: "Recorded as a new alert. It has no urgency, so nobody is paged.",
    Reason.SILENCED: "Recorded as a new alert. A silence holds it back, and nobody is paged.",
    Reason.MAINTAINED: "Recorded as a new alert. Maintenance goes on, and nobody is paged.",
    Reason.INHIBITED: "Recorded as a new alert. A worse one is open, and nobody is paged for this one.",
    Reason.PAUSED: "Recorded as a new alert, which pages if it does not resolve by itself soon.",
    Reason.FLAPPING: "Recorded as a new alert. It flaps, was paged once, and is only counted until it calms down.",
    Reason.SETTLING: "Recorded as a new alert, which waits a few seconds to see whether a storm comes.",
    Reason.IN_STORM: "Opened a new alert in the alert group of the storm, which is paged as one.",
    Reason.JOINED: "Opened a new alert in the service's open alert group.",
    Reason.REOPENED: "Opened a new alert in an acknowledged alert group, which is paged again.",
    Reason.DEDUPLICATED: "An alert with this key was open already. It was updated and counted.",
    Reason.RAISED: "An alert with this key was open already. Its severity was raised.",
    Reason.LOWERED: "An alert with this key was open already. Its severity was lowered.",
    Reason.ACKNOWLEDGED: "The source acknowledged the alert, and with it its alert group.",
    Reason.ALREADY_ACKNOWLEDGED: "The alert was acknowledged already. Nothing changed.",
    Reason.UNACKNOWLEDGED: "The source took its acknowledgement back. The alert group is paged again.",
    Reason.NOT_ACKNOWLEDGED: "The alert was not acknowledged. Nothing changed.",
    Reason.NOTED: "The note is in the history of the alert group.",
    Reason.AMENDED: "The source changed what the alert says.",
    Reason.RESOLVED: "The source resolved the alert.",
    Reason.OUTDATED: "It came late: the alert was reported again after this, and stays open.",
    Reason.NOTHING_OPEN: "No alert with this key was open. Nothing changed.",
    Reason.EXPIRED: "The time until which the source had announced the alert passed without news.",
    Reason.SWITCHED_OFF: "The integration was switched off before this was read. It was kept and not acted on.",
    Reason.EMPTY: "The message was read and has no alerts in it.",
    Reason.CHANGE: "Recorded as a change.",
    Reason.BEAT: "Heard as the ping of a heartbeat.",
    Reason.NO_HEARTBEAT: (
        "No heartbeat of this integration has the name that was pinged, so nobody is paged when the job stays away."
    ),
    Reason.DISCARDED: "It could not be read and was discarded. Nothing came of it.",
    Reason.STILL_UNREADABLE: "Messages of the integration are in quarantine again. Its alert stays open.",
    Reason.SUBSCRIBED: "A topic asked whether its messages are wanted here. Tocsin says yes by opening its address.",
}

"""What became of a signal, and why: the words that receipts and histories use."""

from enum import StrEnum


class Reason(StrEnum):
    OPENED = "opened"
    RECORDED = "recorded"
    JOINED = "joined"
    REOPENED = "reopened"
    DEDUPLICATED = "deduplicated"
    RAISED = "severity raised"
    LOWERED = "severity lowered"
    ACKNOWLEDGED = "acknowledged by source"
    ALREADY_ACKNOWLEDGED = "already acknowledged"
    RESOLVED = "resolved"
    NOTHING_OPEN = "nothing open"
    EXPIRED = "expired"
    SWITCHED_OFF = "integration switched off"
    EMPTY = "no alerts inside"
    CHANGE = "recorded as a change"
    BEAT = "heard as a ping"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Reason.OPENED: "Opened a new alert and a new alert group, which is paged.",
    Reason.RECORDED: "Recorded as a new alert. Its severity is info, and info is never paged.",
    Reason.JOINED: "Opened a new alert in the service's open alert group.",
    Reason.REOPENED: "Opened a new alert in an acknowledged alert group, which is paged again.",
    Reason.DEDUPLICATED: "An alert with this key was open already. It was updated and counted.",
    Reason.RAISED: "An alert with this key was open already. Its severity was raised.",
    Reason.LOWERED: "An alert with this key was open already. Its severity was lowered.",
    Reason.ACKNOWLEDGED: "The source acknowledged the alert, and with it its alert group.",
    Reason.ALREADY_ACKNOWLEDGED: "The alert was acknowledged already. Nothing changed.",
    Reason.RESOLVED: "The source resolved the alert.",
    Reason.NOTHING_OPEN: "No alert with this key was open. Nothing changed.",
    Reason.EXPIRED: "The time until which the source had announced the alert passed without news.",
    Reason.SWITCHED_OFF: "The integration was switched off before this was read. It was kept and not acted on.",
    Reason.EMPTY: "The message was read and has no alerts in it.",
    Reason.CHANGE: "Recorded as a change.",
    Reason.BEAT: "Heard as the ping of a heartbeat.",
}

"""What each state is called, and the shape and tone it is shown in."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Look:
    word: str
    tone: str  # red, amber, green, blue, grey
    mark: str  # of icons.MARKS


def _looks(*rows: tuple[str, str, str, str]) -> dict[str, Look]:
    return {value: Look(word=word, tone=tone, mark=mark) for value, word, tone, mark in rows}


STATES = _looks(
    # alerts and alert groups
    ("triggered", "Triggered", "red", "full"),
    ("acknowledged", "Acknowledged", "amber", "half"),
    ("resolved", "Resolved", "green", "tick"),
    ("suppressed", "Suppressed", "grey", "ring"),
    ("maintenance", "Maintenance", "blue", "diamond"),
    # escalations
    ("running", "Paging", "red", "full"),
    ("ended", "Ended", "grey", "ring"),
    # messages and notifications
    ("waiting", "Waiting", "grey", "ring"),
    ("queued", "Queued", "grey", "ring"),
    ("pending", "Pending", "amber", "half"),
    ("sending", "Sending", "amber", "half"),
    ("sent", "Sent", "green", "tick"),
    ("delivered", "Delivered", "green", "tick"),
    ("failed", "Failed", "red", "cross"),
    ("unknown", "Unknown", "amber", "half"),
    ("cancelled", "Cancelled", "grey", "bar"),
    ("retry", "Tried again later", "amber", "half"),
    # events
    ("new", "New", "amber", "half"),
    ("absorbed", "Read", "green", "tick"),
    ("quarantined", "Quarantined", "red", "cross"),
    # changes
    ("under way", "Under way", "amber", "half"),
    ("done", "Done", "green", "tick"),
    ("stopped", "Stopped", "grey", "bar"),
    # own checks
    ("up", "Up", "green", "tick"),
    ("late", "Late", "amber", "half"),
    ("failing", "Failing", "amber", "half"),
    ("down", "Down", "red", "full"),
    ("blocked", "Cannot run", "amber", "bar"),
    ("paused", "Paused", "grey", "bar"),
    ("success", "Success", "green", "tick"),
    ("start", "Start", "blue", "ring"),
    ("fail", "Failure", "red", "cross"),
    ("log", "Log", "grey", "ring"),
    # what is set up
    ("active", "Active", "green", "tick"),
    ("inactive", "Inactive", "grey", "bar"),
    ("enabled", "Enabled", "green", "tick"),
    ("disabled", "Disabled", "grey", "bar"),
    ("verified", "Verified", "green", "tick"),
    ("unverified", "Not verified", "amber", "half"),
    ("invited", "Invited", "amber", "half"),
    ("expired", "Expired", "grey", "bar"),
    ("revoked", "Revoked", "grey", "bar"),
    # swaps
    ("open", "Open", "amber", "half"),
    ("accepted", "Accepted", "green", "tick"),
    ("declined", "Declined", "grey", "cross"),
    ("withdrawn", "Withdrawn", "grey", "bar"),
    ("on call", "On call", "green", "full"),
    ("gap", "Nobody on call", "red", "cross"),
    ("defect", "Defect", "amber", "up"),
    ("ok", "OK", "green", "tick"),
)

SEVERITIES = _looks(
    ("critical", "Critical", "red", "up"),
    ("error", "Error", "red", "full"),
    ("warning", "Warning", "amber", "half"),
    ("info", "Info", "grey", "ring"),
)


def look_of(looks: dict[str, Look], value: object) -> Look:
    """How a value is shown; one nobody has heard of in grey, by its own name."""
    name = str(value)
    return looks.get(name) or Look(word=name.replace("_", " ").capitalize(), tone="grey", mark="ring")

"""Auto-pause: an alert that often resolves by itself is given the time to do so before it pages."""

from datetime import datetime, timedelta

from tocsin.core.holds import Hold, HoldKind, clock


def paused(pause: timedelta, opened_at: datetime, now: datetime) -> Hold | None:
    """Until the alert has been open for that long. No pause at all: None."""
    until = opened_at + pause
    if now >= until:
        return None
    reason = f"It waits until {clock(until)}, whether it resolves by itself; it pages then if it has not."
    return Hold(kind=HoldKind.PAUSE, reason=reason, id=0, until=until)

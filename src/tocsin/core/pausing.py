"""Auto-pause: an alert that often resolves by itself is given the time to do so before it pages."""

from datetime import datetime, timedelta

from tocsin.core.holds import Hold, HoldKind, clock

_SKEW = timedelta(minutes=1)  # between the clocks of machines


def paused(pause: timedelta, opened_at: datetime, now: datetime) -> Hold | None:
    """Until the alert has been open for that long. None: no pause, or one by a clock that was set back."""
    until = opened_at + pause
    if now >= until or now < opened_at - _SKEW:
        return None
    reason = f"It waits until {clock(until)}, whether it resolves by itself; it pages then if it has not."
    return Hold(kind=HoldKind.PAUSE, reason=reason, id=0, until=until)

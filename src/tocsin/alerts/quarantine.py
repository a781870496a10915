"""Events that could not be absorbed: kept, shown, and tried again when somebody asks for it."""

from collections.abc import Mapping
from datetime import datetime

from tocsin.alerts.models import Event
from tocsin.health import problems

KEY = "quarantined events"
_PAGE = "/events/quarantined/"  # not reversed: what saves a broken event must not depend on all views importing
_DETAIL = (
    "{count} could not be turned into alerts and nobody was paged for what they say. They are kept as they came. "
    "Look at each, put right what it complains about, and try it again. The latest: {error}"
)


def quarantine(errors: Mapping[int, str], now: datetime) -> int:
    """Sets events aside by id, each with what is wrong with it; how many still were new."""
    count = 0
    for event_id, error in errors.items():
        count += Event.objects.filter(pk=event_id, state="new").update(state="quarantined", error=error[:4000])
    if count:
        note_quarantine(now, error)
    return count


def note_quarantine(now: datetime, error: str = "") -> None:
    """The banner says how many there are; without any it is over."""
    waiting = Event.objects.filter(state="quarantined").order_by("-id")
    count = waiting.count()
    if not count:
        problems.over(KEY, now)
        return
    latest = error or waiting.values_list("error", flat=True)[0]
    said = "1 message from a monitoring tool" if count == 1 else f"{count} messages from monitoring tools"
    problems.report(KEY, "Some messages could not be read", _DETAIL.format(count=said, error=latest[:300]), _PAGE, now)

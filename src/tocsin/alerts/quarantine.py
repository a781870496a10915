"""Events that could not be absorbed: kept, shown, and tried again when somebody asks for it."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.alerts.models import Quarantine
from tocsin.alerts.rows import EventRow
from tocsin.core import storable
from tocsin.health import problems

KEY = "quarantined events"
_PAGE = "/events/quarantined/"  # not reversed: what saves a broken event must not depend on all views importing
_DETAIL = (
    "{count} could not be turned into alerts and nobody was paged for what they say. They are kept as they came. "
    "Look at each, put right what it complains about, and try it again. The latest: {error}"
)


def quarantine(errors: Sequence[tuple[EventRow, str]], now: datetime) -> None:
    """Sets events aside that were taken out of the queue, each with what is wrong with it."""
    if not errors:
        return
    Quarantine.objects.bulk_create(
        Quarantine(event_id=event.id, received_at=event.received_at, error=storable.text(error)[:4000], at=now)
        for event, error in errors
    )
    note_quarantine(now, errors[-1][1])


def note_quarantine(now: datetime, error: str = "") -> None:
    """The banner says how many there are; without any it is over."""
    waiting = Quarantine.objects.order_by("-pk")
    count = waiting.count()
    if not count:
        problems.over(KEY, now)
        return
    latest = error or waiting.values_list("error", flat=True)[0]
    said = "1 message from a monitoring tool" if count == 1 else f"{count} messages from monitoring tools"
    problems.report(KEY, "Some messages could not be read", _DETAIL.format(count=said, error=latest[:300]), _PAGE, now)

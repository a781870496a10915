"""Events that could not be absorbed: kept, shown, and tried again when somebody asks for it.

Nobody looks at a banner at night, so each integration has an alert while messages of it are in quarantine. It comes in
as a message of Tocsin's own checks: silences, routes and urgency are asked about it as about any other.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings

from tocsin.alerts.models import Quarantine
from tocsin.alerts.posting import post
from tocsin.alerts.rows import EventRow
from tocsin.core import storable
from tocsin.core.signals import Action, Severity
from tocsin.health import problems
from tocsin.services.models import Integration

KEY = "quarantined events"
ALERT = "tocsin: messages that cannot be read"  # the dedup key, of each integration
KIND = "checks"
_PAGE = "/events/quarantined/"  # not reversed: what saves a broken event must not depend on all views importing
_DETAIL = (
    "{count} could not be turned into alerts. They are kept as they came, and whoever is on call is told that there "
    "are some. Look at each, put right what it complains about, and try it again, or discard it. The latest: {error}"
)


def quarantine(errors: Sequence[tuple[EventRow, str]], now: datetime) -> None:
    """Sets events aside that were taken out of the queue, each with what is wrong with it."""
    if not errors:
        return
    Quarantine.objects.bulk_create(
        Quarantine(event_id=event.id, received_at=event.received_at, error=storable.text(error)[:4000], at=now)
        for event, error in errors
    )
    _open_alerts({event.integration_id: error for event, error in errors if not _is_ours(event)}, now)
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


def end_alert(integration_id: int, now: datetime) -> None:
    """When none of its messages is left. Whether that is still so is seen when this is heard: see `unread`."""
    if not unread([integration_id]):
        post(integration_id, KIND, json.dumps({"check": ALERT, "action": Action.RESOLVE, "name": ""}).encode(), now)


def unread(integration_ids: Collection[int]) -> set[int]:
    """Those of which messages are in quarantine."""
    found = Quarantine.objects.filter(event__integration__in=integration_ids).order_by()
    return set(found.values_list("event__integration", flat=True))


def is_end(event: EventRow) -> bool:
    """Whether it resolves the alert of its integration."""
    return event.kind == KIND and _is_ours(event) and f'"{Action.RESOLVE}"'.encode() in event.body


def _is_ours(event: EventRow) -> bool:
    """What cannot be said of messages that cannot be read is not said again and again."""
    return event.kind == KIND and ALERT.encode() in event.body


def _open_alerts(errors: dict[int, str], now: datetime) -> None:
    for pk, name in Integration.objects.filter(pk__in=errors).values_list("pk", "name"):
        said = {
            "check": ALERT,
            "action": Action.TRIGGER,
            "name": name,
            "summary": f"Messages from {name} cannot be read",
            "severity": Severity.ERROR,
            "source": "Tocsin",
            "url": f"{settings.PUBLIC_URL}{_PAGE}",
            "link": "The messages",
            "details": {"what is wrong": storable.text(errors[pk])[:500]},
        }
        post(pk, KIND, json.dumps(said).encode(), now)

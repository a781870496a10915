"""Recording changes by hand and by script."""

from datetime import UTC, datetime

from django.db import transaction

from tocsin.changes import storing
from tocsin.changes.models import Change
from tocsin.core import signals
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people import writing
from tocsin.services.models import Service


def record(actor: Actor, what: signals.Change, service: Service | None, now: datetime) -> Change:
    """A change with a key that was recorded before gets its news: a deploy begins, and later it has ended."""
    require(actor, Verb.RESPOND)
    at = (what.at or now).astimezone(UTC)
    with transaction.atomic():
        row = _known(what.key) if what.key else None
        if row is None:
            times = {"at": at, "said_at": at, "received_at": now}
            return writing.create(actor, Change(service=service, **times, **storing.fields_of(what)), now)
        return writing.change(actor, row, now, storing.news(row, what, at) | _moved(row, service))


def _known(key: str) -> Change | None:
    return Change.objects.select_for_update().filter(integration=None, key=key).first()


def _moved(row: Change, service: Service | None) -> dict[str, object]:
    return {} if service is None or row.service_id == service.pk else {"service": service}

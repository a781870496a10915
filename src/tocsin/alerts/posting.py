"""Messages of Tocsin's own, or that it has fetched, put where those of other tools are put."""

import uuid
from datetime import datetime

from tocsin.alerts.models import Event
from tocsin.health import wakeups


def post(integration_id: int, kind: str, body: bytes, now: datetime, receipt: uuid.UUID | None = None) -> uuid.UUID:
    """In the caller's transaction: what it tells of and its telling are kept together, or neither. The receipt."""
    receipt = receipt or uuid.uuid4()
    Event.objects.create(receipt=receipt, integration_id=integration_id, kind=kind, body=body, received_at=now)
    wakeups.notify()
    return receipt

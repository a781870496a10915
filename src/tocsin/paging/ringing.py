"""Pages for which no tab was open yet."""

from collections.abc import Collection
from datetime import datetime

from tocsin.outbox.actions import hasten as hasten_messages
from tocsin.paging.models import Notification
from tocsin.paging.notifying import QUEUED


def hasten(user_ids: Collection[int], now: datetime) -> int:
    """These people have a tab open now: what waits to ring there is due at once. How many messages that were."""
    waiting = Notification.objects.filter(user__in=user_ids, kind="inapp", state=QUEUED, message__due_at__gt=now)
    ids = list(waiting.values_list("message_id", flat=True))
    return hasten_messages(ids, now) if ids else 0

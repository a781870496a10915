"""Notifications that had to wait for their rule's delay."""

from collections.abc import Collection
from datetime import datetime
from operator import attrgetter

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from tocsin.core.escalation import Status
from tocsin.health import bulk, wakeups
from tocsin.health.edges import contained
from tocsin.health.prepared import Prepared
from tocsin.paging import notifying, rows, settling
from tocsin.paging.models import Notification
from tocsin.paging.notifying import WAITING

_WRITTEN = ("state", "message_id", "token_hash", "due_at", "settled_at", "error")
_values = attrgetter(*_WRITTEN, "pk")

GONE = "the contact method was removed or cannot be opened with this secret key, or the account is no longer active."

log = structlog.get_logger(__name__)


def release_due(now: datetime, limit: int = 500) -> int:
    """Put those whose time has come into the outbox. How many: call again at once while it is not 0."""
    if not _DUE.any(now):  # mostly; so that an idle tick takes no write lock
        return 0
    batch = contained(lambda: _release(_due(now)[:limit], now), "a batch of notifications failed; they go one by one")
    if batch.value is None:
        return sum(_release_alone(pk, now) for pk in list(_due(now).values_list("pk", flat=True)[:limit]))
    released, unable = batch.value
    for pk, error in unable:
        settling.fail_alone(pk, error, now)
    return released


def gone(message_ids: Collection[int]) -> set[int]:
    """Of messages that are about to be sent: the pages whose method was removed, or whose person is not active any
    more, since they were put into the outbox."""
    pages = Notification.objects.filter(message__in=message_ids).order_by()
    found = pages.filter(Q(method=None) | Q(user__is_active=False)).values_list("message_id", flat=True)
    return {pk for pk in found if pk is not None}


def _newest(found: list[Notification]) -> list[Notification]:
    """After quiet hours every round of the night falls due at once; one message about one alert is enough."""
    newest = {(n.escalation_id, n.method_id or -n.pk): n for n in sorted(found, key=lambda n: n.pk)}
    return list(newest.values())


def _due(now: datetime) -> QuerySet[Notification]:
    due = Notification.objects.filter(state=WAITING, due_at__lte=now)
    return due.select_related("escalation__group").order_by("due_at", "pk")


_DUE = Prepared(lambda now: _due(now).select_related(None).values_list("pk")[:1])


def _release_alone(pk: int, now: datetime) -> int:
    """A page that cannot be made has failed, and the next method comes."""
    alone = _due(now).filter(pk=pk)
    done = contained(lambda: _release(alone, now), "a notification cannot be released", notification=pk)
    if isinstance(done.error, rows.LOST):  # it stays due
        return 0
    reason = f"It could not be made: {type(done.error).__name__}: {done.error}."
    _, unable = done.value or (0, [(pk, reason)])
    for failed, text in unable:
        settling.fail_alone(failed, text, now)
    return 1


def _release(due: QuerySet[Notification], now: datetime) -> tuple[int, list[tuple[int, str]]]:
    """How many, and those that reach nobody any more: they fail afterwards, as that locks their escalations."""
    with transaction.atomic():
        found = list(rows.locked(due, skip=True))
        if not found:
            return 0, []
        wanted = _newest([n for n in found if n.escalation.status == Status.RUNNING])
        unable, wanted_ids = notifying.queue(wanted, now), {n.pk for n in wanted}
        for notification in found:
            if notification.pk not in wanted_ids:  # answered in between, or said by a later one
                notification.state, notification.due_at, notification.settled_at = notifying.CANCELLED, None, now
        written = [n for n in found if n not in unable]
        bulk.update(Notification, _WRITTEN, map(_values, written))
        wakeups.notify()
    return len(found), [(n.pk, GONE) for n in unable]

"""Forgetting what nobody needs any more, a little at a time."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet

from tocsin.alerts import flaps, retention
from tocsin.alerts.models import KnownReceipt
from tocsin.audit.models import Answered
from tocsin.changes import hearing
from tocsin.checks import clearing as checks
from tocsin.health import beats, presence
from tocsin.health import retention as keeping
from tocsin.health.models import Problem
from tocsin.mailboxes import pulling
from tocsin.outbox.models import Message, State
from tocsin.paging.models import Notification

LIMIT = 2000  # rows of a kind at once, so that nobody waits long for a lock
AT_MOST = 100  # times in one pass: what comes in within the ten minutes to the next must not outrun it
COPIES = timedelta(days=730)  # for which a copy of a signed message is known after its event is forgotten
ENDED = (State.SENT, State.DELIVERED, State.FAILED, State.CANCELLED)


def clear(now: datetime) -> dict[str, int]:
    """How many rows of each kind are gone. What is alive or waits is never touched, however old it is."""
    return {
        "messages": _delete(Message.objects.filter(state__in=ENDED, finished_at__lt=_since("keep_messages_days", now))),
        "addresses": _forget_addresses(),
        "events": retention.forget(_since("keep_events_days", now), now),
        "receipts": _delete(KnownReceipt.objects.filter(at__lt=_since("keep_events_days", now) - COPIES)),
        "problems": _delete(Problem.objects.filter(over_at__lt=_since("keep_problems_days", now))),
        "answers": _delete(Answered.objects.filter(at__lt=now - Answered.KEPT)),
        "sessions": _delete(Session.objects.filter(expire_date__lt=now)),
        "deliveries": hearing.forget(now),
        "tabs": presence.clear(now),
        "checks": checks.clear(now),
        "beats": beats.clear(now),
        "flaps": flaps.clear(now),
        "mailboxes": pulling.forget(now),
    }


def _forget_addresses() -> int:
    """Of contact methods that were removed: that something was sent there stays in the history, and where does not."""
    ended = Notification.objects.filter(method=None, message__state__in=ENDED).exclude(message__target="")
    ids = list(ended.values_list("message_id", flat=True)[:LIMIT])
    return Message.objects.filter(pk__in=ids).update(target="", secret="") if ids else 0


def _since(name: str, now: datetime) -> datetime:
    return now - timedelta(days=keeping.days(name))


def _delete(rows: QuerySet[Model]) -> int:
    done = 0
    for _ in range(AT_MOST):
        done += (some := _delete_some(rows))
        if some < LIMIT:
            break
    return done


def _delete_some(rows: QuerySet[Model]) -> int:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:LIMIT])
    if ids:
        rows.model._default_manager.filter(pk__in=ids).delete()
    return len(ids)

"""The clock was set back: what waits for a time must not wait so much longer.

Steps of escalations, retries and holds are due at instants. By a clock that was wrong and is put right they would come
late by as much as it was wrong, and nobody would know. The newest time that any engine has seen is kept; where the
clock falls behind it, what waits is brought forward by as much. What was due at an hour of the day may come early then:
rather early than late.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from tocsin.alerts.models import Alert, Applied
from tocsin.checks.models import Site
from tocsin.core.escalation import Status
from tocsin.core.lifecycle import AlertState
from tocsin.core.signals import Urgency
from tocsin.health import problems, wakeups
from tocsin.health.models import Beat
from tocsin.mailboxes.models import Mailbox
from tocsin.outbox.actions import READY
from tocsin.outbox.models import Message, State
from tocsin.paging import notifying, rows
from tocsin.paging.models import Escalation, Notification

LEAST = timedelta(seconds=15)  # less is the difference between two clocks, and no harm
SET_BACK = "clock set back"  # the key of a problem
_ALL, _ROLE = "all nodes", "clock"  # the row of the newest time


def watch(now: datetime) -> timedelta:
    """Asked every few seconds. By how much the clock was set back since; then everything was brought forward."""
    with transaction.atomic():
        Beat.objects.get_or_create(node=_ALL, role=_ROLE, defaults={"at": now})
        newest = rows.locked(Beat.objects.filter(node=_ALL, role=_ROLE)).get()  # of several nodes one brings forward
        back = newest.at - now
        if timedelta() <= back < LEAST:
            return timedelta()
        Beat.objects.filter(pk=newest.pk).update(at=now)
        if back < LEAST:
            return timedelta()
        _bring_forward(back, now)
        _tell(back, now)
        wakeups.notify()
    return back


def _bring_forward(by: timedelta, now: datetime) -> None:
    running = Escalation.objects.filter(status__in=(Status.RUNNING, Status.ACKNOWLEDGED), next_due__gt=now)
    running.update(next_due=F("next_due") - by, version=F("version") + 1)
    # what has low urgency may wait for the end of somebody's night, and goes on waiting for it
    urgent = Escalation.objects.exclude(urgency=Urgency.LOW).values("pk")
    waiting = Notification.objects.filter(state=notifying.WAITING, due_at__gt=now, escalation__in=urgent)
    waiting.update(due_at=F("due_at") - by)
    Message.objects.filter(state__in=READY, due_at__gt=now).update(due_at=F("due_at") - by)
    Message.objects.filter(state=State.SENDING, lease_until__gt=now).update(lease_until=F("lease_until") - by)
    # looked at anew, they find out themselves how long they have to wait
    Alert.objects.filter(review_at__gt=now).exclude(state=AlertState.RESOLVED).update(review_at=now)
    Applied.objects.filter(at__gt=now).update(at=now)
    Site.objects.filter(next_due__gt=now).update(next_due=now)
    Mailbox.objects.filter(next_due__gt=now).update(next_due=now)


def _tell(by: timedelta, now: datetime) -> None:
    detail = (
        f"It went back by {_span(by)}. Pages, retries and holds under way were brought forward by as much, so "
        "that none comes late; some may come early. Let the machine keep its time (NTP), and see that it is right now."
    )
    problems.report(SET_BACK, "The clock was set back", detail, "", now)


def _span(by: timedelta) -> str:
    seconds = round(by.total_seconds())
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"  # noqa: PLR2004

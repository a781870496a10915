"""Looks for what should have happened and has not; repairs it, counts it, says so."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, QuerySet

from tocsin.alerts.models import AlertGroup, Quarantine, Waiting
from tocsin.alerts.quarantine import note_quarantine
from tocsin.channels.contract import Delivered, Failed, Result, Sent
from tocsin.core.escalation import Status
from tocsin.core.lifecycle import GroupState
from tocsin.core.signals import Urgency
from tocsin.engine import clocks
from tocsin.engine.tick import BROKEN
from tocsin.health import counters, problems, wakeups
from tocsin.health.edges import contained
from tocsin.health.models import Problem
from tocsin.outbox import claims
from tocsin.outbox.actions import READY
from tocsin.outbox.models import Message, State
from tocsin.paging import following, notifying, rows, settling
from tocsin.paging.models import Escalation, Notification

EVERY = timedelta(seconds=30)
LATE = timedelta(seconds=60)
RECENTLY = timedelta(hours=1)
LIMIT = 500  # repairs of a kind in one audit
REPAIRED = "repaired: "  # begins the name of a counter
UNREPAIRED = "unrepaired: "  # begins the key of a problem
WAS_HUNG = "engine hung"  # the key of a problem
_HUNG = {WAS_HUNG: RECENTLY, problems.WEB_WAS_HUNG: RECENTLY}
# how a key begins → over when it was not seen for so long
FADING = {BROKEN: LATE, "expiring ": LATE, "reviewing ": LATE, clocks.SET_BACK: RECENTLY, **_HUNG}
FAILED_DELIVERIES = "failed deliveries"

T = TypeVar("T")

log = structlog.get_logger(__name__)


def audit(now: datetime) -> dict[str, int]:
    """What was found, by name; what is not named was in order. One check that fails stops no other."""
    found = {name: _checked(name, check, now) for name, check in CHECKS.items()}
    return {name: count for name, count in found.items() if count}


def _checked(name: str, check: Callable[[datetime], int], now: datetime) -> int:
    count = contained(lambda: check(now), "a check of the auditor failed", check=name).value or 0
    if count:
        log.warning("the auditor found something", check=name, count=count)
    return count


def _repaired(what: str, found: Iterable[T], repair: Callable[[T], bool], now: datetime) -> int:
    """One that cannot be repaired stops no other, and is shown."""
    done = [contained(partial(repair, one), "a repair of the auditor failed", of=what) for one in found]
    failed = [d.error for d in done if d.error is not None and not d.is_mood]
    detail = f"{failed[-1]!r}. It is tried again every half minute; the log has the rest." if failed else ""
    _told(f"{UNREPAIRED}{what}", len(failed), f"Tocsin cannot repair {what}", detail, "", now)
    return _counted(what, sum(bool(d.value) for d in done))


def _counted(what: str, count: int) -> int:
    counters.add(f"{REPAIRED}{what}", count)
    if count:
        wakeups.notify()
    return count


def _escalations_without_a_time(now: datetime) -> int:
    """A running escalation always has a next step ahead of it."""
    stuck = Escalation.objects.filter(status=Status.RUNNING, next_due=None)
    count = stuck.update(next_due=now, version=F("version") + 1) if stuck.exists() else 0
    return _counted("escalations without a due time", count)


def _groups_nobody_is_paged_for(now: datetime) -> int:
    ids = list(_unpaged().values_list("pk", flat=True)[:LIMIT])
    return _repaired("alerts without an escalation", ids, lambda pk: _page_for(pk, now), now)


def _unpaged() -> QuerySet[AlertGroup]:
    live = Escalation.objects.filter(kind=rows.ALERT, group=OuterRef("pk"), status__in=rows.LIVE)
    triggered = AlertGroup.objects.filter(state=GroupState.TRIGGERED).exclude(urgency=Urgency.NONE)
    return triggered.filter(~Exists(live)).order_by("pk")


def _page_for(group_id: int, now: datetime) -> bool:
    with transaction.atomic():
        group = rows.locked(_unpaged().filter(pk=group_id)).first()
        if group is None:  # somebody was faster
            return False
        following.begin(group, now)
    return True


def _escalations_of_what_is_over(now: datetime) -> int:
    """Nobody is paged for what is resolved."""
    ids = list(_haunting().values_list("pk", "group_id")[:LIMIT])
    return _repaired("escalations of resolved alerts", ids, lambda found: _end(*found, now), now)


def _haunting() -> QuerySet[Escalation]:
    return Escalation.objects.filter(status__in=rows.LIVE, group__state=GroupState.RESOLVED).order_by("pk")


def _end(pk: int, group_id: int | None, now: datetime) -> bool:
    with transaction.atomic():
        list(rows.locked(AlertGroup.objects.filter(pk=group_id or 0)))
        ended = _haunting().filter(pk=pk).exists() and Escalation.objects.filter(pk=pk).update(
            status=Status.ENDED, next_due=None, ended_at=now, version=F("version") + 1
        )
        if ended:
            notifying.cancel_pages([pk], now)
    return bool(ended)


def _unsettled_notifications(now: datetime) -> int:
    """The message has come to its end, its notification does not know."""
    ended = Message.objects.filter(finished_at__lt=now - LATE, notification__state=notifying.QUEUED)
    messages = list(ended.defer("target", "secret", "payload").order_by("pk")[:LIMIT])
    return _repaired("notifications without a result", messages, lambda message: _settle(message, now), now)


def _settle(message: Message, now: datetime) -> bool:
    if message.state == State.CANCELLED:
        queued = Notification.objects.filter(message=message, state=notifying.QUEUED)
        return bool(queued.update(state=notifying.CANCELLED, settled_at=now))
    results: dict[str, Result] = {State.SENT: Sent(), State.DELIVERED: Delivered()}
    settling.settle(message, results.get(message.state, Failed(error=message.error)), now)
    return True


def _messages_of_no_channel(now: datetime) -> int:
    return _repaired("messages of no channel", claims.strangers(now), lambda message: _fail(message, now), now)


def _fail(message: Message, now: datetime) -> bool:
    error = f"There is no channel called “{message.kind}”."
    with transaction.atomic():
        waiting = Message.objects.filter(pk=message.pk, state__in=READY)
        done = waiting.update(state=State.FAILED, error=error, due_at=None, finished_at=now)
        message.state, message.error = State.FAILED, error
        if done:
            settling.settle(message, Failed(error=error), now)
    return bool(done)


def _quarantined_events(now: datetime) -> int:
    count = Quarantine.objects.count()
    if count or Problem.objects.filter(key="quarantined events", over_at=None).exists():
        note_quarantine(now)
    return count


def _failed_deliveries(now: datetime) -> int:
    since = now - RECENTLY
    failed = Message.objects.filter(state=State.FAILED, finished_at__gt=since)
    count = failed.exclude(kind="inapp").count()  # nobody had a tab open: no fault that somebody could mend
    return _told(
        FAILED_DELIVERIES,
        count,
        "Some messages could not be delivered",
        f"{_number(count, 'message')} failed in the last hour. Where a page fails, the person's next method and the "
        "next step come at once. Look at what the providers answered, put it right, and try them again.",
        "/deliveries/?state=failed",
        now,
    )


def _late_events(now: datetime) -> int:
    late = Waiting.objects.filter(received_at__lt=now - LATE)
    return _told_late("events", "Messages from monitoring wait to be read", "/alerts/", late, now)


def _late_escalations(now: datetime) -> int:
    late = Escalation.objects.filter(next_due__lt=now - LATE)
    return _told_late("escalations", "Escalations wait for their next step", "/alerts/", late, now)


def _late_notifications(now: datetime) -> int:
    late = Notification.objects.filter(state=notifying.WAITING, due_at__lt=now - LATE)
    return _told_late("notifications", "Pages wait to be put into the outbox", "/deliveries/", late, now)


def _late_messages(now: datetime) -> int:
    late = Message.objects.filter(state__in=READY, due_at__lt=now - LATE)
    return _told_late("messages", "Messages wait to be sent", "/deliveries/", late, now)


def _told_late(what: str, title: str, url: str, late: QuerySet[Model], now: datetime) -> int:
    count = late.count()
    detail = (
        f"{_number(count, what.removesuffix('s'))} should have been handled more than a minute ago. Nothing is lost; "
        "it comes late. When this stays, the machine is too small or the engine is stuck: look at its log."
    )
    if count:
        wakeups.notify()
    return _told(f"late {what}", count, title, detail, url, now)


def _told(key: str, count: int, title: str, detail: str, url: str, now: datetime) -> int:
    """A problem while there is something to count."""
    if count:
        problems.report(key, title, detail, url, now)
    elif Problem.objects.filter(key=key, over_at=None).exists():  # a read, so that looking takes no write lock
        problems.over(key, now)
    return count


def _problems_that_are_not_seen_any_more(now: datetime) -> int:
    """What fails at every turn says so at every turn."""
    for prefix, quiet in FADING.items():
        silent = Problem.objects.filter(key__startswith=prefix, over_at=None, last_seen__lt=now - quiet)
        if silent.exists():
            silent.update(over_at=now)
    return 0


def _problems_whose_cause_is_over(now: datetime) -> int:
    """Those that are about one row, where it ended without anybody who would have said so."""
    for kind, is_over in (("escalation", _ended), ("message", _settled)):
        about = Problem.objects.filter(key__regex=rf"^{kind} [0-9]+$", over_at=None)
        for key in list(about.values_list("key", flat=True)):
            if is_over(int(key.removeprefix(f"{kind} "))):
                problems.over(key, now)
    return 0


def _ended(escalation_id: int) -> bool:
    return not Escalation.objects.filter(pk=escalation_id, status__in=rows.LIVE).exists()


def _settled(message_id: int) -> bool:
    return not Notification.objects.filter(message=message_id, state=notifying.QUEUED).exists()


def _number(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


CHECKS: dict[str, Callable[[datetime], int]] = {
    "leases that ran out": settling.recover,
    "escalations without a due time": _escalations_without_a_time,
    "alerts without an escalation": _groups_nobody_is_paged_for,
    "escalations of resolved alerts": _escalations_of_what_is_over,
    "notifications without a result": _unsettled_notifications,
    "messages of no channel": _messages_of_no_channel,
    "quarantined events": _quarantined_events,
    "failed deliveries": _failed_deliveries,
    "late events": _late_events,
    "late escalations": _late_escalations,
    "late notifications": _late_notifications,
    "late messages": _late_messages,
    "problems whose cause is over": _problems_whose_cause_is_over,
    "problems that are not seen any more": _problems_that_are_not_seen_any_more,
}

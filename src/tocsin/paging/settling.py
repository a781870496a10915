"""What became of a notification, and what follows from it."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tocsin.channels.contract import Delivered, Failed, Result, Retry, Sent
from tocsin.core import escalation as core
from tocsin.core.escalation import Reason, Status
from tocsin.core.signals import Urgency
from tocsin.health import wakeups
from tocsin.health.edges import contained
from tocsin.outbox import actions as outbox
from tocsin.outbox import claims
from tocsin.outbox.models import Message, State
from tocsin.paging import alarms, history, notifying, rows
from tocsin.paging.history import Line
from tocsin.paging.models import Escalation, Notification
from tocsin.paging.notifying import CANCELLED, DELIVERED, FAILED, QUEUED, SENT, WAITING
from tocsin.people.reaching import heard_from


def settle(message: Message, result: Result, now: datetime) -> None:
    """After `outbox.claims.record`, in its transaction. A message that is no page is none of our business."""
    found = Notification.objects.filter(message=message).values_list("pk", "escalation_id").first()
    if found is None:
        return
    pk, escalation_id = found
    if message.state == State.FAILED or isinstance(result, Failed):
        fail(pk, message.error, now)
    elif isinstance(result, Retry):
        _still_wanted(pk, escalation_id, message, now)
    elif isinstance(result, Sent | Delivered):
        state = SENT if isinstance(result, Sent) else DELIVERED
        Notification.objects.filter(pk=pk).update(state=state, settled_at=now, error="")


def recover(now: datetime) -> int:
    """Messages whose sender was lost are sent again, but for pages that were answered meanwhile. How many were lost."""
    return claims.recover(now, _forget_answered)


def recover_dead(now: datetime) -> int:
    """The same at the start of a process, for those of processes that are surely no more."""
    return claims.recover_dead(now, _forget_answered)


def recover_silent(now: datetime) -> int:
    """The same for those of nodes that give no sign of life."""
    return claims.recover_silent(now, _forget_answered)


def _forget_answered(message_ids: Collection[int], now: datetime) -> None:
    """The lock waits for an answer that is being written."""
    found = Notification.objects.filter(message__in=message_ids).values_list("escalation_id", "message_id")
    by_message = {message_id: escalation_id for escalation_id, message_id in found if message_id}
    asked = Escalation.objects.filter(pk__in=set(by_message.values())).order_by("pk")
    over = {pk for pk, status in rows.locked(asked).values_list("pk", "status") if status != Status.RUNNING}
    taken = outbox.cancel([message for message, escalation in by_message.items() if escalation in over], now)
    Notification.objects.filter(message__in=taken, state=QUEUED).update(state=CANCELLED, settled_at=now)


def fail(notification_id: int, error: str, now: datetime) -> None:
    """The person's next method comes at once; with all pages of the step failed, the next step does."""
    with transaction.atomic():
        notification = Notification.objects.select_related("user").get(pk=notification_id)
        row = rows.locked(Escalation.objects.filter(pk=notification.escalation_id)).get()
        open_one = Notification.objects.filter(pk=notification_id).exclude(state=FAILED)
        if not open_one.update(state=FAILED, due_at=None, settled_at=now, error=error):
            return
        if notification.kind != "inapp":  # to have no tab open is nothing unusual, and the history is for what is
            text = f"{notifying.label(notification.kind).capitalize()} to {notification.user} failed: {error}"
            history.write([Line(escalation=row, kind="failed", text=text)], now)
        if row.status == Status.RUNNING and not _bring_forward(row, notification, now):
            _hurry(row, notification, now)


def fail_alone(notification_id: int, error: str, now: datetime) -> None:
    """In a loop: one that cannot be followed up has failed all the same, and its escalation goes on by its delay."""
    done = contained(lambda: fail(notification_id, error, now), "a failure is not followed up", page=notification_id)
    if done.error is not None and not isinstance(done.error, rows.LOST):
        open_one = Notification.objects.filter(pk=notification_id).exclude(state=FAILED)
        open_one.update(state=FAILED, due_at=None, settled_at=now, error=error)


def _still_wanted(pk: int, escalation_id: int, message: Message, now: datetime) -> None:
    """It will be tried again, unless it was answered meanwhile. The lock waits for an answer that is being written."""
    row = rows.locked(Escalation.objects.filter(pk=escalation_id)).get()
    if row.status != Status.RUNNING and message.pk in outbox.cancel([message.pk], now):
        Notification.objects.filter(pk=pk, state=QUEUED).update(state=CANCELLED, settled_at=now)


def _page_of(notification: Notification) -> QuerySet[Notification]:
    return Notification.objects.filter(
        escalation=notification.escalation_id, step=notification.step, round=notification.round
    )


def _bring_forward(row: Escalation, failed: Notification, now: datetime) -> bool:
    """The person's next method need not wait for its delay, but waits for the end of their quiet hours."""
    waiting = _page_of(failed).filter(user=failed.user_id, state=WAITING).order_by("due_at", "pk")
    following = waiting.first()
    if following is None:
        return False
    at = heard_from(failed.user_id, now) if rows.urgency_of(row) is Urgency.LOW else now
    if following.due_at is not None and following.due_at < at:
        at = now  # it was asked for by hand, and quiet hours do not hold it back
    Notification.objects.filter(pk=following.pk, state=WAITING, due_at__gt=at).update(due_at=at)
    wakeups.notify()
    return True


def _hurry(row: Escalation, failed: Notification, now: datetime) -> None:
    """Not when a later page is under way, nor while one of this page may still arrive."""
    last = Notification.objects.filter(escalation=row).order_by("-pk").values_list("step", "round").first()
    if last != (failed.step, failed.round) or _page_of(failed).exclude(state=FAILED).exists():
        return
    decision = core.hurry(rows.policies_of([row])[row.pk], rows.state_of(row), failed.step, now)
    if decision.reason is Reason.NOT_DUE:
        return
    rows.put_state(row, decision, now)
    rows.save([row])
    text = "Every page of this step has failed: the next step comes at once."
    if decision.reason is Reason.CATCH_ALL_WIDENED:
        text = "Every page to the catch-all has failed. Every owner and admin is paged with it, at once."
    if decision.reason is Reason.CATCH_ALL_FAILED:
        text = "Every page to the catch-all has failed. Tocsin pages it again within a minute."
    history.write([Line(escalation=row, kind="failed", text=text)], now)
    alarms.sound([decision.reason], now)
    wakeups.notify()

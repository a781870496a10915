"""Reading who is paged, by what, and who is next."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from tocsin.alerts.models import AlertGroup
from tocsin.core.escalation import Status
from tocsin.core.permissions import Actor, Verb, require
from tocsin.paging import beside, messages, notifying, rows
from tocsin.paging.foreseeing import foreseen
from tocsin.paging.models import Escalation, Notification
from tocsin.people.queries import names_of

_RINGS = 20  # a tab that rings for more shows the count of the rest on the alerts page


@dataclass(frozen=True, kw_only=True)
class Ring:
    """What an open tab rings for."""

    id: int  # the notification's
    title: str
    severity: str
    group_url: str
    count: int  # alerts in the group
    escalation_id: int
    is_test: bool


@dataclass(frozen=True, kw_only=True)
class NextUp:
    """What happens to an alert group if nobody does anything."""

    status: Status
    at: datetime | None  # none: nothing more will happen by itself
    people: tuple[str, ...]  # who is paged then, as things stand
    why: str
    step: int | None  # from 1; none: the catch-all


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """What to show of the deliveries; empty: all."""

    state: str = ""
    kind: str = ""
    user_id: int | None = None


def ringing(user_id: int) -> list[Ring]:
    """For the live stream of that very person: it has checked who they are."""
    rung = Notification.objects.filter(user=user_id, kind="inapp", state=notifying.SENT)
    unanswered = rung.filter(escalation__status=Status.RUNNING).select_related("escalation__group__service")
    newest: dict[int, Notification] = {}
    for notification in unanswered.order_by("-pk")[: _RINGS * 2]:
        if not _has_answered(notification.escalation, user_id):
            newest.setdefault(notification.escalation_id, notification)
    return [_ring(n) for n in list(newest.values())[:_RINGS]]


def my_pages(actor: Actor) -> QuerySet[AlertGroup]:
    """Groups for which the actor was paged and that nobody has answered, newest first."""
    require(actor, Verb.VIEW)
    mine = Notification.objects.filter(user=actor.user_id).exclude(state=notifying.CANCELLED)
    running = mine.filter(escalation__status=Status.RUNNING, escalation__group__isnull=False)
    groups = AlertGroup.objects.select_related("service")
    return groups.filter(pk__in=running.values("escalation__group_id")).order_by("-pk")


def pages_of(actor: Actor, group: AlertGroup) -> QuerySet[Notification]:
    """Who was paged by what, newest first, with what became of it."""
    require(actor, Verb.VIEW)
    found = Notification.objects.select_related("user", "method", "escalation").defer(
        "method__address", "method__secret"
    )
    return found.filter(escalation__group=group).order_by("-pk")


def escalation_of(actor: Actor, group: AlertGroup) -> Escalation | None:
    """The newest."""
    require(actor, Verb.VIEW)
    return (
        group.escalations.filter(kind=rows.ALERT)
        .select_related("acknowledged_by", "snapshot__policy")
        .order_by("-pk")
        .first()
    )


def next_up(actor: Actor, group: AlertGroup, now: datetime) -> NextUp | None:
    """None when no escalation is live. Who is paged then is decided for that moment as the engine will decide it."""
    require(actor, Verb.VIEW)
    row = rows.live([group.pk]).select_related("group").first()
    if row is None:
        return None
    status, at = Status(row.status), row.next_due
    if at is None:
        return NextUp(status=status, at=None, people=(), why="", step=None)
    found = foreseen(row, max(at, now))
    names = names_of(found.people)
    return NextUp(
        status=status,
        at=at,
        people=tuple(names.get(person, "somebody") for person in found.people),
        why=found.why,
        step=None if found.step is None else found.step + 1,
    )


def is_asked(actor: Actor, group: AlertGroup) -> bool:
    """Whether the actor is asked to help, and has not answered."""
    require(actor, Verb.VIEW)
    return beside.is_asked(group.pk, actor.user_id)


def tests_of(actor: Actor, user_id: int) -> QuerySet[Escalation]:
    """A person's pager tests, newest first."""
    if actor.user_id != user_id:
        require(actor, Verb.MANAGE_PEOPLE)
    tests = Escalation.objects.filter(kind=rows.TEST, snapshot__digest=rows.digest_of_test(user_id))
    return tests.prefetch_related("notifications").order_by("-pk")


def deliveries(actor: Actor, filters: Deliveries = Deliveries()) -> QuerySet[Notification]:
    """Every notification, newest first."""
    require(actor, Verb.VIEW)
    asked = {"state": filters.state, "kind": filters.kind, "user_id": filters.user_id}
    found = Notification.objects.select_related("user", "escalation__group__service", "message")
    found = found.defer("message__target", "message__secret", "message__payload")
    return found.filter(**{name: value for name, value in asked.items() if value}).order_by("-pk")


def _has_answered(row: Escalation, user_id: int) -> bool:
    """As one of several who have to, and others are missing still."""
    return user_id in row.answered and len(row.answered) < row.answers_needed


def _ring(notification: Notification) -> Ring:
    group = notification.escalation.group
    return Ring(
        id=notification.pk,
        title=f"{group.service.name}: {group.title}" if group else "Test of your pager",
        severity=group.severity if group else "",
        group_url=_path(notification),
        count=group.alert_count if group else 1,
        escalation_id=notification.escalation_id,
        is_test=group is None,
    )


def _path(notification: Notification) -> str:
    group_id, test_id = notification.escalation.group_id, notification.escalation_id
    return messages.GROUP_PATH.format(pk=group_id) if group_id else messages.TEST_PATH.format(pk=test_id)

"""Reading alerts, alert groups and what became of events."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from tocsin.alerts.filters import OPEN, GroupFilters
from tocsin.alerts.models import Alert, AlertGroup, Entry, Event, Outcome, Quarantine
from tocsin.core import grouping
from tocsin.core.lifecycle import GroupState
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.receipts import Reason, around
from tocsin.services.models import Integration

_SAMPLES = 15  # of each kind
NOTIFIED = 10  # lines about who was paged, of one group; its page has them all
_NOTIFIED = ("paged", "unreachable")
_QUEUES = ("waiting", "quarantine")  # which say in what state an event is


def groups(actor: Actor, filters: GroupFilters, now: datetime) -> QuerySet[AlertGroup]:
    """Newest first, by id: pages continue after the last id seen."""
    require(actor, Verb.VIEW)
    found = _groups().filter(_matching(filters, now))
    if filters.states == OPEN:
        found = found.exclude(state="resolved")  # in these words there is an index: few of many are open
    elif len(filters.states) < len(GroupState):
        found = found.filter(state__in=[s.value for s in filters.states])
    if filters.are_held is not None:
        found = found.exclude(held="") if filters.are_held else found.filter(held="")
    return found.filter(_saying(filters.text)) if filters.text else found


def group(actor: Actor, pk: int) -> AlertGroup:
    """`DoesNotExist` when there is none."""
    require(actor, Verb.VIEW)
    return _groups().get(pk=pk)


def _groups() -> QuerySet[AlertGroup]:
    people = "acknowledged_by", "resolved_by"
    return AlertGroup.objects.select_related("service__team", "service__policy", *people).order_by("-id")


def _matching(filters: GroupFilters, now: datetime) -> Q:
    wanted = {
        "urgency": filters.urgency,
        "severity": filters.severity,
        "service__slug": filters.service,
        "service__team__slug": filters.team,
        "last_event_at__gte": filters.since_at(now),
    }
    return Q(**{name: value for name, value in wanted.items() if value})


def _saying(text: str) -> Q:
    alerts = Alert.objects.filter(group=OuterRef("pk"))
    said = Q(summary__icontains=text) | Q(dedup_key__icontains=text) | Q(source__icontains=text)
    return Q(title__icontains=text) | Q(service__name__icontains=text) | Q(Exists(alerts.filter(said)))


def alerts_of(actor: Actor, group: AlertGroup) -> QuerySet[Alert]:
    require(actor, Verb.VIEW)
    return Alert.objects.filter(group=group).select_related("integration").order_by("-id")


def entries_of(actor: Actor, group: AlertGroup) -> QuerySet[Entry]:
    """The history, oldest first."""
    require(actor, Verb.VIEW)
    return Entry.objects.filter(group=group).select_related("user").order_by("id")


def events_of(actor: Actor, group: AlertGroup) -> QuerySet[Event]:
    """The events that this group is made of, newest first. Events past their retention are gone."""
    require(actor, Verb.VIEW)
    ids = Outcome.objects.filter(alert__group=group).values("event_id")
    return Event.objects.filter(pk__in=ids).select_related("integration__service", *_QUEUES).order_by("-id")


def recent_events(actor: Actor, integration: Integration) -> QuerySet[Event]:
    require(actor, Verb.VIEW)
    found = Event.objects.filter(integration=integration).select_related(*_QUEUES)
    return found.prefetch_related("outcomes").order_by("-id")


def quarantined(actor: Actor) -> QuerySet[Event]:
    require(actor, Verb.VIEW)
    found = Event.objects.filter(pk__in=Quarantine.objects.values("pk"))
    return found.select_related("integration__service", *_QUEUES).order_by("-id")


def samples(actor: Actor, integration: Integration) -> list[Event]:
    """Messages of the integration's tool to try a mapping on: its last ones, those in quarantine before the others."""
    require(actor, Verb.CONFIGURE)
    found = _sent(integration)
    bad = found.filter(pk__in=Quarantine.objects.values("pk")).order_by("-id")[:_SAMPLES]
    return list({each.pk: each for each in [*bad, *found.order_by("-id")[:_SAMPLES]]}.values())


def sample(actor: Actor, integration: Integration, receipt: str) -> Event:
    """`DoesNotExist` when it is no message of the integration's tool."""
    require(actor, Verb.CONFIGURE)
    try:
        return by_receipt(_sent(integration), uuid.UUID(receipt))
    except ValueError as error:
        raise Event.DoesNotExist from error


def _sent(integration: Integration) -> QuerySet[Event]:
    """By the tool itself, not by Tocsin about it."""
    return Event.objects.filter(integration=integration, kind=integration.kind).select_related(*_QUEUES)


def event(actor: Actor, receipt: uuid.UUID) -> Event:
    require(actor, Verb.VIEW)
    return by_receipt(Event.objects.select_related("integration__service", *_QUEUES), receipt)


def by_receipt(events: QuerySet[Event], receipt: uuid.UUID) -> Event:
    """`DoesNotExist`. Where the receipt tells its time, PostgreSQL looks into its week first."""
    named = events.filter(receipt=receipt)
    found = named.filter(received_at__range=span).first() if (span := around(receipt)) else None
    return found or named.get()


@dataclass(frozen=True, kw_only=True)
class SignalReceipt:
    """What became of one signal of an event."""

    dedup_key: str
    action: str  # trigger, acknowledge, resolve; empty when the event said nothing
    reason: str
    sentence: str
    alert: Alert | None
    group: AlertGroup | None
    grouping: str  # a sentence: why it is in that group; empty: it opened no alert
    may_page: bool  # for it, or for what it changed
    notified: tuple[Entry, ...]  # lines of the group's history: who was paged, by which step


@dataclass(frozen=True, kw_only=True)
class Receipt:
    event: Event
    sentence: str  # of the event as a whole
    read_at: datetime | None  # none: it was not absorbed
    signals: tuple[SignalReceipt, ...]

    @property
    def groups(self) -> tuple[AlertGroup, ...]:
        """Each once, in the order of the signals."""
        return tuple({s.group.pk: s.group for s in self.signals if s.group}.values())


_EVENT_SENTENCES = {
    "new": "It is on disk and waits for its turn.",
    "absorbed": "It was read and acted on.",
    "quarantined": "It could not be read. It is kept, and whoever is on call is told of it.",
}


def receipt(actor: Actor, receipt_id: uuid.UUID) -> Receipt:
    """`DoesNotExist` when nothing was accepted under this id, or its retention is over."""
    found = event(actor, receipt_id)
    outcomes = list(found.outcomes.select_related("alert__group__service").order_by("position"))
    told = _told({outcome.alert.group_id for outcome in outcomes if outcome.alert})
    return Receipt(
        event=found,
        sentence=_EVENT_SENTENCES.get(found.state, found.state),
        read_at=outcomes[0].at if outcomes else None,
        signals=tuple(_signal(outcome, told) for outcome in outcomes),
    )


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the histories of some groups say, by group."""

    opened: Mapping[int, str]  # why there is the group
    firsts: Mapping[int, int]  # its first alert
    notified: Mapping[int, Sequence[Entry]]


def _told(groups: Collection[int]) -> _Told:
    entries = Entry.objects.filter(group__in=groups, kind__in=("opened", *_NOTIFIED)).order_by("id")
    opened, notified = dict[int, str](), defaultdict[int, list[Entry]](list)
    for entry in entries:
        if entry.kind == "opened":
            opened.setdefault(entry.group_id, grouping.told_in(entry.text))
        elif len(notified[entry.group_id]) < NOTIFIED:
            notified[entry.group_id].append(entry)
    firsts = Alert.objects.filter(group__in=groups).order_by().values("group_id").annotate(first=Min("pk"))
    return _Told(opened=opened, firsts=dict(firsts.values_list("group_id", "first")), notified=notified)


def _signal(outcome: Outcome, told: _Told) -> SignalReceipt:
    reason, alert = Reason(outcome.reason), outcome.alert
    return SignalReceipt(
        dedup_key=outcome.dedup_key,
        action=outcome.action,
        reason=outcome.reason,
        sentence=f"{reason.sentence} {outcome.why}".rstrip(),
        alert=alert,
        group=alert.group if alert else None,
        grouping=_grouping(reason, alert, told) if alert else "",
        may_page=reason.may_page,
        notified=tuple(told.notified.get(alert.group_id, ())) if alert and reason.may_page else (),
    )


def _grouping(reason: Reason, alert: Alert, told: _Told) -> str:
    """Who joins a storm has been told so; others that are not the first of their group came within its window."""
    if not reason.is_opening or reason is Reason.IN_STORM:
        return ""
    is_first = told.firsts.get(alert.group_id) == alert.pk
    return told.opened.get(alert.group_id, "") if is_first else grouping.in_words(grouping.Reason.JOINED)


@dataclass(frozen=True, kw_only=True)
class Similar:
    """An earlier group of the same service about the same, and how it ended."""

    group: AlertGroup
    lasted: timedelta | None  # none: it is still open
    ended: str  # a sentence
    last_note: str  # empty: nobody wrote one


def similar(actor: Actor, group: AlertGroup, limit: int = 5) -> Sequence[Similar]:
    """Newest first. The same dedup key of the same integration, or the same title."""
    require(actor, Verb.VIEW)
    own = Alert.objects.filter(group=group)
    twin = Alert.objects.filter(
        group=OuterRef("pk"), dedup_key__in=own.values("dedup_key"), integration_id__in=own.values("integration_id")
    )
    same = Q(title=group.title) | Q(Exists(twin))
    found = _groups().filter(same, service_id=group.service_id, pk__lt=group.pk)[:limit]
    notes = dict(
        Entry.objects.filter(group__in=[g.pk for g in found], kind="note")
        .order_by("id")
        .values_list("group_id", "text")
    )
    return [_similar(g, notes.get(g.pk, "")) for g in found]


def _similar(group: AlertGroup, note: str) -> Similar:
    if group.resolved_at is None:
        return Similar(group=group, lasted=None, ended="It is still open.", last_note=note)
    ended = f"{group.resolved_by} resolved it." if group.resolved_by else "It resolved when its alerts did."
    return Similar(group=group, lasted=group.resolved_at - group.opened_at, ended=ended, last_note=note)


@dataclass(frozen=True, kw_only=True)
class Counts:
    triggered: int  # and not held back: somebody is paged for them
    suppressed: int
    acknowledged: int
    quarantined: int  # events

    @property
    def open(self) -> int:
        return self.triggered + self.suppressed + self.acknowledged


def counts(actor: Actor) -> Counts:
    require(actor, Verb.VIEW)
    triggered = AlertGroup.objects.filter(state=GroupState.TRIGGERED)
    return Counts(
        triggered=triggered.filter(held="").count(),
        suppressed=triggered.exclude(held="").count(),
        acknowledged=AlertGroup.objects.filter(state=GroupState.ACKNOWLEDGED).count(),
        quarantined=Quarantine.objects.count(),
    )

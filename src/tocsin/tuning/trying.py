"""Trying rules on what came in: what an edited rulebook would have made of the last messages. Nothing is written.

Silences and inhibitions are taken as if they held now; windows and hours at the time of each message, and a window
that is there once as if it were open: the question is what it would mean, not whether it is time.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model

from tocsin.alerts import queries as alerts
from tocsin.alerts.models import Event
from tocsin.core import matching, routing, suppression, urgency
from tocsin.core.holds import Hold
from tocsin.core.matching import Fields, Matchers
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.signals import Action, Signal
from tocsin.people.problems import Refused
from tocsin.policies.models import EscalationPolicy
from tocsin.rules import models, rulebook
from tocsin.rules.doubts import doubts
from tocsin.rules.inhibitions import inhibition_as_if
from tocsin.rules.maintenance import maintenance_as_if
from tocsin.rules.routing import route_as_if
from tocsin.rules.rulebook import Rulebook
from tocsin.rules.urgency import urgency_rule_as_if
from tocsin.services.models import Integration, Service
from tocsin.sources.contract import Unreadable
from tocsin.sources.registry import SOURCES

Rule = TypeVar("Rule", suppression.Silence, suppression.Window, suppression.Inhibition)
EVENTS = 500
MOST_SIGNALS = 5000  # one message can carry thousands
SHOWN = 20
_LONG = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What rules say about one alert."""

    hold: str = ""  # a sentence; empty: it pages
    kind: str = ""  # of the hold
    service: int | None = None
    policy: int | None = None
    urgency: str = ""


@dataclass(frozen=True, kw_only=True)
class Difference:
    at: datetime
    summary: str
    words: tuple[str, ...]  # what would be different about it


@dataclass(frozen=True, kw_only=True)
class Trial:
    events: int  # that were looked at
    alerts: int  # that were triggered in them
    counts: Mapping[str, int]  # words → how many alerts
    differences: Sequence[Difference]  # the newest
    unreadable: int  # events
    doubts: Sequence[str] = ()  # sentences: matchers that ask for what nothing has

    @property
    def is_same(self) -> bool:
        return not self.counts


def of_silence(actor: Actor, row: models.Silence | None, matchers: Matchers, now: datetime) -> Trial:
    integration = row.integration_id if row else None
    edited = suppression.Silence(
        id=0, matchers=matchers, starts_at=now, ends_at=now + _LONG, reason="this silence", integration=integration
    )
    return _tried(actor, now, lambda book: replace(book, silences=(*_without(book.silences, row), edited)))


def of_maintenance(
    actor: Actor,
    row: models.Maintenance | None,
    services: Sequence[Service],
    fields: Mapping[str, Any],
    now: datetime,
) -> Trial:
    """`fields`: what `create_maintenance` takes."""
    edited = maintenance_as_if(actor, row, services, now, **fields)
    if not edited.weekdays:
        edited.starts_at = edited.ends_at = edited.cut_at = None
    window = rulebook.window_value(edited, [service.slug for service in services])
    return _tried(
        actor, now, lambda book: replace(book, windows=(*_without(book.windows, row), window)), edited.matchers
    )


def of_inhibition(actor: Actor, row: models.Inhibition | None, fields: Mapping[str, Any], now: datetime) -> Trial:
    """`fields`: what `save_inhibition` takes."""
    edited = inhibition_as_if(actor, row, **fields)
    added = (rulebook.inhibition_value(edited),) if edited.is_enabled else ()
    return _tried(
        actor,
        now,
        lambda book: replace(book, inhibitions=(*_without(book.inhibitions, row), *added)),
        edited.source,
        edited.target,
    )


def of_route(actor: Actor, row: models.Route | None, fields: Mapping[str, Any], now: datetime) -> Trial:
    """`fields`: what `save_route` takes."""
    edited = route_as_if(actor, row, **fields)
    others = [other for other in models.Route.objects.all() if row is None or other.pk != row.pk]
    routes = rulebook.tree(sorted([*others, edited], key=lambda route: (route.position, route.pk or 0)))
    return _tried(actor, now, lambda book: replace(book, routes=routes), edited.matchers)


def of_urgency_rule(actor: Actor, row: models.UrgencyRule | None, fields: Mapping[str, Any], now: datetime) -> Trial:
    """`fields`: what `save_urgency_rule` takes."""
    made = urgency_rule_as_if(actor, row, **fields)
    edited = rulebook.urgency_value(made)

    def change(book: Rulebook) -> Rulebook:
        rules = [edited if row and rule.id == row.pk else rule for rule in book.urgency_rules]
        return replace(book, urgency_rules=tuple(rules if row else [*rules, edited]))

    return _tried(actor, now, change, made.matchers)


def fields_of_event(actor: Actor, receipt: uuid.UUID) -> dict[str, str]:
    """What matchers see of the first alert in a stored message; `Refused` when there is none in it."""
    event = alerts.event(actor, receipt)
    integration = event.integration
    try:
        heard = SOURCES[event.kind].parse(bytes(event.body), integration.mapping, event.received_at)
    except Unreadable as error:
        raise Refused(f"The message cannot be read: {error}") from error
    signal = next((each for each in heard if isinstance(each, Signal)), None)
    if signal is None:
        raise Refused("There is no alert in this message.")
    return matching.fields_of(signal, integration.service.slug, integration.name, integration.kind)


def _without(rules: Iterable[Rule], row: Model | None) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if row is None or rule.id != row.pk)


def _tried(actor: Actor, now: datetime, edit: Callable[[Rulebook], Rulebook], *matchers: str) -> Trial:
    """`matchers`: as they would be kept."""
    require(actor, Verb.VIEW)
    today = rulebook.rulebook(now)
    slugs = dict(Service.objects.values_list("pk", "slug"))
    runs = _Run(today, now, slugs), _Run(edit(today), now, slugs)
    heard, unreadable = _heard()
    names = _Names()
    differences = []
    for event, signal in heard:
        before, after = (run.verdict(event.integration, signal, event.received_at) for run in runs)
        if signal.action is Action.TRIGGER and (words := names.changes(before, after)):
            differences.append(Difference(at=event.received_at, summary=signal.summary, words=words))
    return Trial(
        events=len({event.pk for event, _ in heard}) + unreadable,
        alerts=sum(signal.action is Action.TRIGGER for _, signal in heard),
        counts=dict(Counter(word for difference in differences for word in difference.words).most_common()),
        differences=differences[::-1][:SHOWN],
        unreadable=unreadable,
        doubts=doubts(*matchers),
    )


def _heard() -> tuple[list[tuple[Event, Signal]], int]:
    """What the last stored messages say, in the order in which they came; and how many cannot be read."""
    events = Event.objects.select_related("integration__service").order_by("-id")[:EVENTS]
    found: list[tuple[Event, Signal]] = []
    unreadable = 0
    for event in reversed(events):
        try:
            heard = SOURCES[event.kind].parse(bytes(event.body), event.integration.mapping, event.received_at)
        except (Unreadable, KeyError):
            unreadable += 1
        else:
            found += [(event, signal) for signal in heard if isinstance(signal, Signal)]
    return found[-MOST_SIGNALS:], unreadable


@dataclass(slots=True)
class _Run:
    """One rulebook, and the alerts that would be open under it so far."""

    book: Rulebook
    now: datetime
    slugs: Mapping[int, str]  # of all services
    sources: dict[suppression.Trace, dict[int, suppression.Source]] = field(
        default_factory=lambda: defaultdict[suppression.Trace, dict[int, suppression.Source]](dict)
    )
    numbers: dict[tuple[int, str], int] = field(default_factory=dict)  # of the alerts, as if they had ids

    def verdict(self, integration: Integration, signal: Signal, at: datetime) -> Verdict:
        number = self.numbers.setdefault((integration.pk, signal.dedup_key), len(self.numbers) + 1)
        if signal.action is Action.RESOLVE:
            for open_ones in self.sources.values():
                open_ones.pop(number, None)
        if signal.action is not Action.TRIGGER:
            return Verdict()
        fields = matching.fields_of(signal, integration.service.slug, integration.name, integration.kind)
        goes = routing.destination(self.book.routes, fields) if integration.is_routed else routing.NOWHERE
        if goes.service is not None:
            fields["service"] = self.slugs.get(goes.service, "")  # silences and windows are about where it goes
        judged = goes.urgency or urgency.judge(self.book.urgency_rules, fields, signal.severity, at).urgency
        hold = self._hold(fields, integration, number, at)
        self._open(fields, number, signal.summary)
        kind, reason = (hold.kind.value, hold.reason) if hold else ("", "")
        service, policy = goes.service or integration.service_id, goes.policy
        return Verdict(hold=reason, kind=kind, service=service, policy=policy, urgency=judged.value)

    def _hold(self, fields: Fields, integration: Integration, number: int, at: datetime) -> Hold | None:
        sources = {trace: list(found.values()) for trace, found in self.sources.items()}
        return (
            suppression.silenced(self.book.silences, fields, integration.pk, self.now)
            or suppression.maintained(self.book.windows, fields, at)
            or suppression.inhibited(self.book.inhibitions, fields, number, sources)
        )

    def _open(self, fields: Fields, number: int, summary: str) -> None:
        for trace, is_target in suppression.sources_of(self.book.inhibitions, fields):
            self.sources[trace][number] = suppression.Source(id=number, summary=summary, is_target=is_target)


_HELD = {"silence": "would be silenced", "maintenance": "would be in maintenance", "inhibition": "would be inhibited"}


class _Names:
    """Differences in words. Services and policies are asked for once."""

    def __init__(self) -> None:
        self._services = dict(Service.objects.values_list("pk", "name"))
        self._policies = dict(EscalationPolicy.objects.values_list("pk", "name"))

    def changes(self, before: Verdict, after: Verdict) -> tuple[str, ...]:
        return tuple(filter(None, (self._held(before, after), self._goes(before, after), self._pages(before, after),
                                   _urgency(before, after))))  # fmt: skip

    def _held(self, before: Verdict, after: Verdict) -> str:
        if before.kind == after.kind:
            return ""
        return _HELD[after.kind] if after.kind else "would page"

    def _goes(self, before: Verdict, after: Verdict) -> str:
        if before.service == after.service:
            return ""
        return f"would go to {self._services.get(after.service or 0, 'another service')}"

    def _pages(self, before: Verdict, after: Verdict) -> str:
        if before.policy == after.policy:
            return ""
        return f"would page by {self._policies.get(after.policy or 0, 'its service’s own policy')}"


def _urgency(before: Verdict, after: Verdict) -> str:
    return "" if before.urgency == after.urgency else f"would have {after.urgency} urgency"

"""Trying rules on what came in: the last messages go through the ledger again, by today's rules and by edited ones.

Nothing is written. Silences are taken as if they had always been on; windows and hours at the time of each message, and
a window that is there once as if it were open: the question is what it would mean, not whether it is time.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q

from tocsin.alerts import naming
from tocsin.alerts import queries as alerts
from tocsin.alerts import rulebook as rulebooks
from tocsin.alerts.absorbing import Read, read_all
from tocsin.alerts.models import Event
from tocsin.alerts.rows import EventRow
from tocsin.alerts.rulebook import Rulebook as Book
from tocsin.core import matching, suppression
from tocsin.core.matching import Matchers
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.signals import Signal
from tocsin.people.problems import Refused
from tocsin.policies.models import EscalationPolicy
from tocsin.rules import models, rulebook
from tocsin.rules.doubts import doubts
from tocsin.rules.inhibitions import inhibition_as_if
from tocsin.rules.maintenance import maintenance_as_if
from tocsin.rules.routing import route_as_if
from tocsin.rules.rulebook import Rulebook
from tocsin.rules.urgency import urgency_rule_as_if
from tocsin.services.models import Service
from tocsin.sources.contract import Unreadable
from tocsin.sources.registry import SOURCES
from tocsin.tuning.comparing import Difference, Names, Tally, counted, differences, tally
from tocsin.tuning.replaying import replay

Rule = TypeVar("Rule", suppression.Silence, suppression.Window, suppression.Inhibition)
EVENTS = 500
MOST_BYTES = 16 * 1024 * 1024  # of messages, and one more
MOST_SIGNALS = 5000  # one message can carry thousands
SHOWN = 20
_LONG = timedelta(days=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_STORED = ("id", "integration_id", "kind", "body", "received_at", "receipt")
_COUNTED = {
    "alerts": "Alerts",
    "groups": "Alert groups",
    "held": "Alerts held back",
    "pages": "Times paging began",
}


@dataclass(frozen=True, kw_only=True)
class Trial:
    events: int  # that were looked at
    since: datetime | None  # when the first of them came
    before: Tally  # what comes of them by today's rules
    after: Tally
    counts: Mapping[str, int]  # words → how many alerts
    differences: Sequence[tuple[uuid.UUID, Difference]]  # the newest, each with the receipt of its message
    unreadable: int  # events
    is_cut: bool  # there was more than is looked at
    doubts: Sequence[str] = ()  # sentences: matchers that ask for what nothing has

    @property
    def is_same(self) -> bool:
        return not self.counts and self.before == self.after

    @property
    def tallies(self) -> list[tuple[str, int, int]]:
        """What is counted, by today's rules and by those that are tried."""
        return [(words, getattr(self.before, name), getattr(self.after, name)) for name, words in _COUNTED.items()]


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


def of_noise(actor: Actor, service: Service, fields: Mapping[str, Any], now: datetime) -> Trial:
    """`fields`: of `services.noise.NOISE_FIELDS`, those that would be saved. Of messages that may be the service's."""
    require(actor, Verb.CONFIGURE)
    edited = copy(service)
    for name, value in fields.items():
        setattr(edited, name, value)
    terms = rulebooks.terms_of(edited)

    def change(book: Book) -> Book:
        speakers = {
            pk: replace(speaker, terms=terms) if speaker.terms.service_id == service.pk else speaker
            for pk, speaker in book.integrations.items()
        }
        return replace(book, integrations=speakers, services={**book.services, service.pk: terms}, usual={})

    return _compared(actor, now, change, Q(integration__service=service) | Q(integration__is_routed=True))


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
    """`edit`: what is tried about the rules; `matchers`: as they would be kept."""
    return _compared(actor, now, lambda book: replace(book, rules=edit(book.rules)), Q(), matchers)


def _compared(
    actor: Actor, now: datetime, edit: Callable[[Book], Book], among: Q, matchers: Sequence[str] = ()
) -> Trial:
    """`among`: which messages are taken."""
    require(actor, Verb.VIEW)
    stored, is_large = _stored(among)
    rows = [EventRow(pk, integration, kind, bytes(body), at) for pk, integration, kind, body, at, _ in stored]
    book = rulebooks.load({row.integration_id for row in rows}, now)
    read, errors = read_all(rows, book)
    taken = _newest(read)
    called = naming.by_key([(r.integration.id, signal) for r in taken for signal in r.signals], is_past=True)
    before, after = (replay(taken, called, _held_now(each, now), now) for each in (book, edit(book)))
    found = differences(before, after, _names())
    receipts = {row[0]: row[-1] for row in stored}
    return Trial(
        events=len(taken) + len(errors),
        since=rows[0].received_at if rows else None,
        before=tally(before),
        after=tally(after),
        counts=counted(found),
        differences=[(receipts[each.event], each) for each in found[::-1][:SHOWN]],
        unreadable=len(errors),
        is_cut=is_large or len(taken) < len(read) or before.is_cut or after.is_cut,
        doubts=doubts(*matchers),
    )


def _stored(among: Q) -> tuple[list[tuple[Any, ...]], bool]:
    """The newest messages, the last of them at the end; and whether there are fewer because they are large."""
    found: list[tuple[Any, ...]] = []
    size = 0
    newest = Event.objects.filter(among).order_by("-id").values_list(*_STORED)[:EVENTS]
    for row in newest.iterator(chunk_size=20):
        if size > MOST_BYTES:
            return found[::-1], True
        found.append(row)
        size += len(row[3])
    return found[::-1], False


def _newest(read: Sequence[Read]) -> list[Read]:
    """Messages with as many signals as are taken; of a single one with more, its first."""
    taken: list[Read] = []
    room = MOST_SIGNALS
    for each in reversed(read):
        if taken and len(each.signals) > room:
            break
        taken.append(replace(each, signals=each.signals[:room]))
        room -= len(each.signals)
    return taken[::-1]


def _held_now(book: Book, now: datetime) -> Book:
    """A silence that is on is taken as if it always had been; what it means is the question, not whether it is time."""
    silences = [replace(s, starts_at=_LONG_AGO) if s.starts_at <= now else s for s in book.rules.silences]
    return replace(book, rules=replace(book.rules, silences=tuple(silences)))


def _names() -> Names:
    return Names(
        services=dict(Service.objects.values_list("pk", "name")),
        policies=dict(EscalationPolicy.objects.values_list("pk", "name")),
    )

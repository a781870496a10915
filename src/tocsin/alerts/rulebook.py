"""What a batch of events is judged by: read once a batch, before its transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tocsin.core import matching
from tocsin.core.flapping import Tolerance
from tocsin.core.grouping import key_of
from tocsin.core.matching import Fields
from tocsin.core.routing import NOWHERE, destination
from tocsin.core.signals import Severity, Signal, Urgency
from tocsin.core.storms import Shelter
from tocsin.core.urgency import by_severity, judge
from tocsin.rules import rulebook as rules
from tocsin.services.models import Integration, Service

_FIELDS = (
    "pk", "slug", "name", "group_minutes", "group_hours", "group_by", "pause_minutes", "resolve_minutes",
    "calms_flapping", "storm_threshold",
)  # fmt: skip
_OFF = Tolerance(changes=0)
_USUAL = Tolerance()


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a service wants done with its alerts."""

    service_id: int
    slug: str
    name: str
    window: timedelta  # in which its alerts come together; zero: each alone
    longest: timedelta  # that a group collects
    group_by: tuple[str, ...]
    pause: timedelta  # zero: none
    silence: timedelta  # without news, until an alert resolves by itself; zero: never
    tolerance: Tolerance
    shelter: Shelter


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """An integration that was heard in this batch."""

    id: int
    name: str
    kind: str
    is_enabled: bool
    is_routed: bool
    mapping: Mapping[str, object]
    terms: Terms


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a signal goes, and how urgent it is there."""

    terms: Terms
    urgency: Urgency
    policy_id: int | None = None  # none: its service's own
    key: str = ""  # what it shares with the alerts of its group
    fields: Fields = field(default_factory=dict)  # empty where no rule asks for any
    why: str = ""  # sentences: what rules said
    usual: str = ""  # a sentence: why it is as urgent as it is, where its severity says it


@dataclass(frozen=True, kw_only=True, slots=True)
class Rulebook:
    integrations: Mapping[int, Speaker]
    rules: rules.Rulebook
    services: dict[int, Terms] = field(default_factory=dict)
    usual: dict[tuple[int, Severity], Destination] = field(default_factory=dict)  # where no rule asks: by service
    trouble: str = ""  # a sentence: why there are no rules in it although there are some

    def place(self, integration: Speaker, signal: Signal, at: datetime) -> Destination:
        """Asked for every new alert and where an open one changes; repeats that say nothing new are not asked about."""
        terms = integration.terms
        if not (integration.terms.group_by or self.asks(integration)):
            return self._usual(terms, signal.severity)
        fields = matching.fields_of(signal, terms.slug, integration.name, integration.kind)
        to = destination(self.rules.routes, fields) if integration.is_routed else NOWHERE
        if to.service is not None:
            terms = self.terms(to.service)
            fields = fields | {"service": terms.slug}
        judged = judge(self.rules.urgency_rules, fields, signal.severity, at)
        urgency_by = "" if to.urgency else judged.reason
        said = (to.reason if to.path or to.passed else "", urgency_by if judged.rule is not None else "")
        return Destination(
            terms=terms,
            urgency=to.urgency or judged.urgency,
            policy_id=to.policy,
            key=key_of(terms.group_by, fields),
            fields=fields,
            why=" ".join(filter(None, said)),
            usual=urgency_by if judged.rule is None else "",
        )

    def _usual(self, terms: Terms, severity: Severity) -> Destination:
        found = self.usual.get((terms.service_id, severity))
        if found is None:
            judged = by_severity(severity)
            found = Destination(terms=terms, urgency=judged.urgency, usual=judged.reason)
            self.usual[terms.service_id, severity] = found
        return found

    def current(self, now: datetime) -> "Rulebook":
        """Read again if a rule has changed since; asked under the absorbing lock, so that no change passes it by."""
        return self if self.trouble else replace(self, rules=rules.rulebook(now))

    def terms(self, service_id: int) -> Terms:
        """Of any service; those of the integrations that were heard are at hand."""
        if service_id not in self.services:
            self.services.update(_terms([service_id]))
        return self.services[service_id]

    def asks(self, integration: Speaker) -> bool:
        """Whether rules depend on what its signals say beside their severity."""
        known = self.rules
        suppressing = known.silences or known.windows or known.inhibitions
        routing = integration.is_routed and known.routes
        return bool(suppressing or routing or known.urgency_rules)


def load(integration_ids: Collection[int], now: datetime, trouble: str = "") -> Rulebook:
    """`trouble`: why it is to have no rules."""
    found = Integration.objects.filter(pk__in=integration_ids).order_by()
    rows = list(found.values_list("pk", "name", "kind", "is_enabled", "is_routed", "mapping", "service_id"))
    services = _terms({row[6] for row in rows})
    speakers = {row[0]: _speaker(*row[:6], terms=services[row[6]]) for row in rows}
    known = rules.NONE if trouble else rules.rulebook(now)
    return Rulebook(integrations=speakers, rules=known, services=services, trouble=trouble)


def _terms(service_ids: Collection[int]) -> dict[int, Terms]:
    rows = Service.objects.filter(pk__in=service_ids).order_by().values_list(*_FIELDS)
    return {row[0]: _terms_of(*row) for row in rows}


def terms_of(service: Service) -> Terms:
    """Of one as it is, or as it would be saved."""
    return _terms_of(*(getattr(service, name) for name in _FIELDS))


def _terms_of(
    pk: int, slug: str, name: str, minutes: int, hours: int, by: list[str], pause: int, resolve: int, calms: bool,  # noqa: FBT001
    threshold: int,
) -> Terms:  # fmt: skip
    return Terms(
        service_id=pk,
        slug=slug,
        name=name,
        window=timedelta(minutes=minutes),
        longest=timedelta(hours=hours),
        group_by=tuple(by),
        pause=timedelta(minutes=pause),
        silence=timedelta(minutes=resolve),
        tolerance=_USUAL if calms else _OFF,
        shelter=Shelter(threshold=threshold),
    )


def _speaker(
    pk: int, name: str, kind: str, is_enabled: bool, is_routed: bool, mapping: object, terms: Terms  # noqa: FBT001
) -> Speaker:  # fmt: skip
    found = mapping if isinstance(mapping, Mapping) else {}
    return Speaker(id=pk, name=name, kind=kind, is_enabled=is_enabled, is_routed=is_routed, mapping=found, terms=terms)

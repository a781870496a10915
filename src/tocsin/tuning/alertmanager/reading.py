"""An integration's open alerts and its silences, as Alertmanager would tell them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from tocsin.alerts.models import Alert
from tocsin.core import suppression
from tocsin.core.matching import Matchers, Unparsable, compiled, matches, parse
from tocsin.core.suppression import Source, Trace
from tocsin.rules import queries
from tocsin.rules.models import Silence
from tocsin.rules.rulebook import Rulebook
from tocsin.services.models import Integration, Service
from tocsin.sources.alertmanager.push import RESOLVE_TIMEOUT
from tocsin.tuning.alertmanager import wire
from tocsin.tuning.alertmanager.wire import Misfit
from tocsin.tuning.samples import MOST, fields_of, open_alerts

Json = dict[str, Any]
_TRUE = {"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"}
_QUERY = "Query in Prometheus"  # the link that carries an alert's generatorURL


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The alerts that a query asks for."""

    filters: Matchers
    receiver: str  # an expression; empty: any
    active: bool
    silenced: bool
    inhibited: bool
    muted: bool

    def takes(self, alert: Json) -> bool:
        status = alert["status"]
        return (
            matches(self.filters, alert["labels"])
            and (not self.receiver or compiled(self.receiver).matches(alert["receivers"][0]["name"]))
            and (self.active or status["state"] != "active")
            and (self.silenced or not status["silencedBy"])
            and (self.inhibited or not status["inhibitedBy"])
            and (self.muted or not status["mutedBy"])
        )


def wanted(asked: QueryDict) -> Wanted:
    """`Misfit` for a filter that cannot be read."""
    receiver = asked.get("receiver", "")
    try:
        compiled(receiver)
    except Unparsable as error:
        raise Misfit(400, f"failed to parse receiver param: {error}") from error
    said = {name: _flag(asked, name) for name in ("active", "silenced", "inhibited", "muted")}
    return Wanted(filters=filters(asked), receiver=receiver, **said)


def filters(asked: QueryDict) -> Matchers:
    """`Misfit` for one that cannot be read."""
    try:
        return tuple(matcher for text in asked.getlist("filter") for matcher in parse(text))
    except Unparsable as error:
        raise Misfit(400, f"bad matcher format: {error}") from error


def _flag(asked: QueryDict, name: str) -> bool:
    return asked.get(name, "true").lower() in _TRUE


def alerts(integration: Integration, asked: Wanted, now: datetime) -> list[Json]:
    """By their fingerprints."""
    status = _statuses(queries.rulebook(now), integration, now)
    found = (_alert(alert, status(alert), now) for alert in open_alerts(integration.pk)[:MOST])
    return sorted(filter(asked.takes, found), key=itemgetter("fingerprint"))


def groups(integration: Integration, asked: Wanted, now: datetime) -> list[Json]:
    """The alert groups: their labels are those that all of their alerts share."""
    by_group = defaultdict[int, list[Json]](list)
    group_of = dict(open_alerts(integration.pk).values_list("dedup_key", "group_id")[:MOST])
    for alert in alerts(integration, asked, now):
        by_group[group_of[alert["fingerprint"]]].append(alert)
    return [_group(found) for _, found in sorted(by_group.items())]


def receivers(integration: Integration) -> list[Json]:
    """The services that its alerts can be of: its own, and with routing every one that a route leads to."""
    own = Q(pk=integration.service_id)
    found = Service.objects.filter(own | Q(routes__isnull=False) if integration.is_routed else own)
    return [{"name": slug} for slug in sorted(set(found.values_list("slug", flat=True)))]


def silences(found: Iterable[Silence], asked: Matchers, now: datetime) -> list[Json]:
    """Active ones first, by their ends; then pending ones, by their starts; then those that are over."""
    rows = [row for row in found if matches(asked, wire.values_of(row))]
    rows.sort(key=lambda row: _rank(row, now))
    return [wire.silence(row, now) for row in rows]


def _rank(row: Silence, now: datetime) -> tuple[int, datetime]:
    state = queries.state_of(row, now)
    return queries.STATES.index(state), row.starts_at if state == "pending" else row.ends_at


def _alert(alert: Alert, status: Json, now: datetime) -> Json:
    query = next((link["href"] for link in alert.links if link.get("text") == _QUERY), None)
    return {
        "annotations": wire.texts(alert.details.get("annotations")),
        "endsAt": wire.moment(alert.ends_at or max(now, alert.last_event_at) + RESOLVE_TIMEOUT),
        "fingerprint": alert.dedup_key,
        "receivers": [{"name": alert.group.service.slug}],
        "startsAt": wire.moment(alert.opened_at),
        "status": status,
        "updatedAt": wire.moment(alert.last_event_at),
        **({"generatorURL": query} if query else {}),
        "labels": wire.texts(alert.details.get("labels")),
    }


def _group(found: Sequence[Json]) -> Json:
    first, *others = [alert["labels"] for alert in found]
    shared = {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
    return {"alerts": found, "labels": shared, "receiver": found[0]["receivers"][0]}


def _statuses(book: Rulebook, integration: Integration, now: datetime) -> Callable[[Alert], Json]:
    """What holds each alert back, by today's rules."""
    uuids = dict(Silence.objects.filter(ends_at__gt=now).values_list("pk", "uuid"))
    sources, keys = _sources(book)

    def status(alert: Alert) -> Json:
        fields = fields_of(alert)
        silent = [str(uuids[s.id]) for s in book.silences if suppression.silenced([s], fields, integration.pk, now)]
        muted = [w.name for w in book.windows if suppression.maintained([w], fields, now)]
        held = suppression.inhibited(book.inhibitions, fields, alert.pk, sources)
        inhibited = [keys[held.id]] if held else []
        state = "suppressed" if silent or muted or inhibited else "active"
        return {"inhibitedBy": inhibited, "silencedBy": silent, "mutedBy": muted, "state": state}

    return status


def _sources(book: Rulebook) -> tuple[Mapping[Trace, list[Source]], dict[int, str]]:
    """Open alerts of any integration that may inhibit others, and their fingerprints."""
    found, keys = defaultdict[Trace, list[Source]](list), dict[int, str]()
    for alert in open_alerts()[:MOST] if book.inhibitions else ():
        for trace, is_target in suppression.sources_of(book.inhibitions, fields_of(alert)):
            found[trace].append(Source(id=alert.pk, summary=alert.summary, is_target=is_target))
            keys[alert.pk] = alert.dedup_key
    return found, keys

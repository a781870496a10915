"""Reads what a batch of signals meets, in a fixed number of queries."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from tocsin.alerts import locking, stored
from tocsin.alerts.fetching import Keyed, Moment, moment
from tocsin.alerts.gate import Gate
from tocsin.alerts.holding import Key, alert_standing
from tocsin.alerts.ledger import Ledger
from tocsin.alerts.models import Alert, AlertGroup
from tocsin.alerts.rows import AlertRow, GroupRow
from tocsin.alerts.rulebook import Rulebook
from tocsin.health import bulk
from tocsin.health.prepared import Prepared
from tocsin.services.models import Service

_COLUMNS = (
    "id", "integration_id", "dedup_key", "group_id", "state", "severity", "summary", "digest", "event_count",
    "opened_at", "last_event_at", "ends_at", "said_at", "urgency", "held", "held_reason", "held_by", "held_until",
    "review_at",
)  # fmt: skip
_MOMENTS = ("opened_at", "last_event_at", "ends_at", "said_at", "held_until", "review_at")
_IS_OPEN = "NOT (found.state = 'resolved')"  # in the words of the index one_open_alert_a_key
_OPEN = Keyed("alerts_alert", _COLUMNS, moments=_MOMENTS, condition=_IS_OPEN)
_GROUPS = Keyed("alerts_alert", ["group_id"], condition=_IS_OPEN)


def load(keys: Mapping[Key, bool], rulebook: Rulebook) -> Ledger:
    """Inside a transaction: the groups stay locked until it ends. With each key whether it is only triggered."""
    collecting = {s.terms.service_id for s in rulebook.integrations.values() if s.terms.window and not s.terms.group_by}
    newest = _newest(collecting)
    if bulk.is_shared():
        holdings = locking.hold({*newest.values(), *(pk for (pk,) in _GROUPS.rows(keys))})
        found = _OPEN.rows(keys)  # under the lock: somebody may have resolved them before
    else:
        found = _OPEN.rows(keys)
        holdings = locking.hold({*newest.values(), *(row[3] for row in found)})
    gate = Gate(rulebook, stored.Store(holdings))
    ledger = Ledger(gate, newest={(s, ""): holdings.get(g) for s, g in newest.items()})
    for row in found:
        if holding := holdings.get(row[3]):
            alert = _alert(holding.row, *row)
            ledger.open[row[1], row[2]] = holding
            holding.alerts[row[1], row[2]] = alert
    locking.count_open(holdings)
    gate.flaps.update(stored.flaps({k for k, is_steady in keys.items() if not is_steady or _may_flap(ledger, k)}))
    return ledger


def _may_flap(ledger: Ledger, key: Key) -> bool:
    """Of one that is only triggered: when it is new, or held back."""
    holding = ledger.open.get(key)
    return holding is None or bool(holding.alerts[key].held)


def _alert(
    group: GroupRow, pk: int, integration_id: int, dedup_key: str, _: int, state: str, severity: str, summary: str,
    digest: int | None, count: int, opened_at: Moment, last_event_at: Moment, ends_at: Moment | None,
    said_at: Moment | None, urgency: str, held: str, held_reason: str, held_by: int, held_until: Moment | None,
    review_at: Moment | None,
) -> AlertRow:  # fmt: skip
    """In the order of `_COLUMNS`."""
    row = AlertRow(
        id=pk,
        integration_id=integration_id,
        dedup_key=dedup_key,
        group=group,
        state=state,
        severity=severity,
        summary=summary,
        digest=digest,
        event_count=count,
        opened_at=moment(opened_at),
        last_event_at=moment(last_event_at),
        ends_at=moment(ends_at),
        said_at=moment(said_at),
        urgency=urgency,
        held=held,
        held_reason=held_reason,
        held_by=held_by,
        held_until=moment(held_until),
        review_at=moment(review_at),
    )
    row.before = alert_standing(row)
    return row


def _newest(services: Collection[int]) -> dict[int, int]:
    """The newest group of each service; whether it is still open is seen when it is locked."""
    if not services:
        return {}
    groups = AlertGroup.objects.filter(service=OuterRef("pk")).order_by("-opened_at", "-id")
    found = Service.objects.filter(pk__in=services).annotate(newest=Subquery(groups.values("pk")[:1])).order_by()
    return dict(found.exclude(newest=None).values_list("pk", "newest"))


def expired(now: datetime, limit: int) -> list[Key]:
    """Keys of open alerts whose time has passed, the longest overdue first."""
    return _LATE.rows(now, limit)


def _late(now: datetime, limit: int) -> QuerySet[Alert, Key]:
    late = Alert.objects.filter(ends_at__lte=now, resolved_at=None).exclude(state="resolved").order_by("ends_at", "id")
    return late.values_list("integration_id", "dedup_key")[:limit]


def due(now: datetime, limit: int) -> list[Key]:
    """Keys of open alerts that are to be looked at again, the longest due first."""
    return _DUE.rows(now, limit)


def _to_review(now: datetime, limit: int) -> QuerySet[Alert, Key]:
    found = Alert.objects.filter(review_at__lte=now, resolved_at=None).order_by("review_at", "id")
    return found.values_list("integration_id", "dedup_key")[:limit]


_LATE, _DUE = Prepared(_late), Prepared(_to_review)

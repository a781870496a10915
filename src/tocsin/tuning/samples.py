"""Alerts that are there, as matchers see them, and what a silence would mean for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from tocsin.alerts import queries as alerts
from tocsin.alerts.models import Alert, AlertGroup
from tocsin.core import matching
from tocsin.core.matching import Matcher, Matchers, Op
from tocsin.core.permissions import Actor, Verb, require
from tocsin.rules import typed
from tocsin.rules.doubts import doubts

MOST = 5000  # alerts that are held against matchers at once
SHOWN = 10
_TELLING = ("alertname", "dedup_key", "component", "source")  # the first that all alerts of a group share
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What matchers mean for what is open, and would have meant for the last day's and the last week's."""

    open: Sequence[Alert]  # the newest of those that match
    open_count: int
    day_count: int  # of the alerts that came in the last 24 hours
    day_total: int
    week_count: int  # of those of the last 7 days
    is_cut: bool  # there were more than could be looked at
    doubts: Sequence[str] = ()  # sentences: matchers that ask for what nothing has

    @property
    def is_idle(self) -> bool:
        """They match nothing that is there or was lately."""
        return not (self.open_count or self.week_count)


def fields_of(alert: Alert) -> dict[str, str]:
    """The group's service and the integration have to be at hand."""
    return matching.fields(
        details=alert.details,
        severity=alert.severity,
        source=alert.source,
        component=alert.component,
        summary=alert.summary,
        dedup_key=alert.dedup_key,
        service=alert.group.service.slug,
        integration=alert.integration.name,
        kind=alert.integration.kind,
    )


def open_alerts(integration_id: int | None = None) -> QuerySet[Alert]:
    """Newest first."""
    found = _alerts().exclude(state="resolved")
    return found.filter(integration_id=integration_id) if integration_id else found


def preview(actor: Actor, matchers: Matchers, integration_id: int | None, now: datetime) -> Preview:
    require(actor, Verb.VIEW)
    lately = _alerts().filter(opened_at__gte=now - WEEK)
    if integration_id:
        lately = lately.filter(integration_id=integration_id)
    open_ones, of_a_week = list(open_alerts(integration_id)[:MOST]), list(lately[:MOST])
    matching_now, matching_lately = _matching(matchers, open_ones), _matching(matchers, of_a_week)
    return Preview(
        open=matching_now[:SHOWN],
        open_count=len(matching_now),
        day_count=_since(now - DAY, matching_lately),
        day_total=_since(now - DAY, of_a_week),
        week_count=len(matching_lately),
        is_cut=MOST in (len(open_ones), len(of_a_week)),
        doubts=doubts(typed.written(matchers)),
    )


def matchers_of(actor: Actor, group: AlertGroup) -> str:
    """What the alerts of a group have in common, said as briefly as tells them from others; empty without any."""
    found = alerts.alerts_of(actor, group).select_related("group__service", "integration")[:SHOWN]
    fields = [fields_of(alert) for alert in found]
    if not fields:
        return ""
    shared = {name: value for name, value in fields[0].items() if all(other.get(name) == value for other in fields)}
    telling = next((name for name in _TELLING if shared.get(name)), "summary")
    names = [name for name in ("service", telling) if shared.get(name)]
    return typed.written([Matcher(name=name, op=Op.IS, value=shared[name]) for name in names])


def _since(begin: datetime, found: Iterable[Alert]) -> int:
    return sum(alert.opened_at >= begin for alert in found)


def _alerts() -> QuerySet[Alert]:
    return Alert.objects.select_related("integration", "group__service").order_by("-id")


def _matching(matchers: Matchers, among: Iterable[Alert]) -> list[Alert]:
    return [alert for alert in among if matching.matches(matchers, fields_of(alert))]

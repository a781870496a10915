"""The sources that there are."""

from collections.abc import Mapping

from tocsin.sources import (
    alertmanager,
    betterstack,
    checks,
    datadog,
    email,
    generic,
    github,
    gitlab,
    grafana,
    heartbeat,
    opsgenie,
    pagerduty,
    sentry,
    sns,
    uptimekuma,
)
from tocsin.sources.contract import Source

_ALL = (
    alertmanager,
    grafana,
    datadog,
    sentry,
    uptimekuma,
    betterstack,
    pagerduty,
    opsgenie,
    sns,
    github,
    gitlab,
    email,
    generic,
    heartbeat,
    checks,
)
SOURCES: Mapping[str, Source] = {module.SOURCE.kind: module.SOURCE for module in _ALL}
OWN = frozenset(kind for kind, source in SOURCES.items() if source.is_own)
BY_HAND: Mapping[str, Source] = {kind: source for kind, source in SOURCES.items() if kind not in OWN}

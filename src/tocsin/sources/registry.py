"""The sources that there are."""

from collections.abc import Mapping

from tocsin.sources import (
    alertmanager,
    betterstack,
    datadog,
    generic,
    github,
    gitlab,
    grafana,
    pagerduty,
    sentry,
    uptimekuma,
)
from tocsin.sources.contract import Source

_ALL = (alertmanager, grafana, datadog, sentry, uptimekuma, betterstack, pagerduty, github, gitlab, generic)
SOURCES: Mapping[str, Source] = {module.SOURCE.kind: module.SOURCE for module in _ALL}

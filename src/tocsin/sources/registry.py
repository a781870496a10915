"""The sources that there are."""

from collections.abc import Mapping

from tocsin.sources import alertmanager, generic, pagerduty
from tocsin.sources.contract import Source

SOURCES: Mapping[str, Source] = {s.kind: s for s in (alertmanager.SOURCE, pagerduty.SOURCE, generic.SOURCE)}

"""Which alert groups a list shows: read from a query string, and written back into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from tocsin.core import sane
from tocsin.core.lifecycle import SUPPRESSED, GroupState
from tocsin.core.signals import Severity, Urgency

OPEN = frozenset({GroupState.TRIGGERED, GroupState.ACKNOWLEDGED})
_STATES = {
    "open": OPEN,
    "all": frozenset(GroupState),
    SUPPRESSED: frozenset({GroupState.TRIGGERED}),
    **{s.value: frozenset({s}) for s in GroupState},
}
_SPANS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}


@dataclass(frozen=True, kw_only=True)
class GroupFilters:
    """Everything is open to everything unless narrowed; the fields keep the words of the query string."""

    state: str = "open"  # open, all, suppressed, or a GroupState; triggered is without those that are suppressed
    urgency: str = ""
    severity: str = ""
    service: str = ""  # slug
    team: str = ""  # slug
    text: str = ""
    since: str = ""  # 1h, 24h, 7d, 30d, or an ISO date with or without a time (UTC unless it says otherwise)

    @property
    def states(self) -> frozenset[GroupState]:
        return _STATES[self.state]

    @property
    def are_held(self) -> bool | None:
        """Only those that are held back, only the others, or, when none, both."""
        return {SUPPRESSED: True, GroupState.TRIGGERED.value: False}.get(self.state)

    def since_at(self, now: datetime) -> datetime | None:
        """Aware, or none when everything is wanted."""
        if self.since in _SPANS:
            return now - _SPANS[self.since]
        return _moment(self.since, now)

    def query(self) -> str:
        """For links: only what differs from the default."""
        return urlencode({name: value for name, value in vars(self).items() if value != getattr(_ALL, name)})


_ALL = GroupFilters()


def read(params: Mapping[str, str]) -> GroupFilters:
    """What of a query string is understood; the rest counts as not said, so that an old link still opens a list."""
    return GroupFilters(
        state=_known(params.get("state", ""), _STATES, "open"),
        urgency=_known(params.get("urgency", ""), {u.value for u in Urgency}),
        severity=_known(params.get("severity", ""), {s.value for s in Severity}),
        service=params.get("service", "")[:80],
        team=params.get("team", "")[:80],
        text=params.get("text", "").strip()[:200],
        since=_span(params.get("since", "")),
    )


def _known(value: str, allowed: Mapping[str, object] | set[str], otherwise: str = "") -> str:
    return value if value in allowed else otherwise


def _span(value: str) -> str:
    return value if value in _SPANS or _parsed(value) else ""


def _moment(value: str, now: datetime) -> datetime | None:
    moment = _parsed(value)
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _parsed(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    return found if found and sane.is_sane_day(found.date()) else None

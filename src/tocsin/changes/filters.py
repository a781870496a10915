"""Which changes a list shows: read from a query string, and written back into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from tocsin.core import sane
from tocsin.core.suspects import WORDS, Outcome

SPANS = {"2h": timedelta(hours=2), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}


@dataclass(frozen=True, kw_only=True)
class ChangeFilters:
    """Everything is open to everything unless narrowed; the fields keep the words of the query string."""

    service: str = ""  # slug
    environment: str = ""
    status: str = ""  # an Outcome
    text: str = ""
    since: str = ""  # of SPANS, or an ISO date with or without a time (UTC unless it says otherwise)

    @property
    def words(self) -> tuple[str, ...]:
        """What tools call the status that is asked for."""
        return WORDS.get(Outcome(self.status), ()) if self.status else ()

    def since_at(self, now: datetime) -> datetime | None:
        if self.since in SPANS:
            return now - SPANS[self.since]
        moment = _parsed(self.since)
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=now.tzinfo)

    def query(self) -> str:
        return urlencode({name: value for name, value in vars(self).items() if value})


def read(params: Mapping[str, str]) -> ChangeFilters:
    """What is understood; the rest counts as not said, so that an old link still opens a list."""
    status, since = params.get("status", ""), params.get("since", "")
    return ChangeFilters(
        service=params.get("service", "")[:80],
        environment=params.get("environment", "")[:80],
        status=status if status in {outcome.value for outcome in WORDS} else "",
        text=params.get("text", "").strip()[:200],
        since=since if since in SPANS or _parsed(since) else "",
    )


def _parsed(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    return found if found and sane.is_sane_day(found.date()) else None

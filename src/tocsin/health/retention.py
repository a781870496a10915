"""How long what is over is kept: settings in days, made in the browser."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.health import settings


@dataclass(frozen=True, kw_only=True)
class Term:
    usual: int  # days
    least: int
    most: int = 3650


TERMS: Mapping[str, Term] = {
    "keep_events_days": Term(usual=180, least=7),
    "keep_messages_days": Term(usual=90, least=7),
    "keep_problems_days": Term(usual=90, least=1),
}


def days(name: str) -> int:
    """One that cannot be read counts as not made."""
    found, term = settings.get(name), TERMS[name]
    is_good = isinstance(found, int) and not isinstance(found, bool) and term.least <= found <= term.most
    return found if is_good and isinstance(found, int) else term.usual

"""Notification rules in words."""

from collections.abc import Iterable
from itertools import groupby

_MINUTE, _HOUR = 60, 3600


def in_words(lines: Iterable[tuple[str, int]]) -> list[str]:
    """One sentence for each moment; `lines` are (label, seconds after the page)."""
    ordered = sorted(lines, key=lambda line: line[1])
    return [
        _sentence(delay, [label for label, _ in together]) for delay, together in groupby(ordered, lambda line: line[1])
    ]


def delay_in_words(seconds: int) -> str:
    if seconds == 0:
        return "At once"
    if seconds % _HOUR == 0:
        return f"After {seconds // _HOUR} h"
    return f"After {seconds // _MINUTE} min" if seconds % _MINUTE == 0 else f"After {seconds} s"


def listed(names: list[str]) -> str:
    """“a, b and c”."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def _sentence(delay: int, labels: list[str]) -> str:
    unless = ", unless somebody has acknowledged by then" if delay else ""
    return f"{delay_in_words(delay)}{unless}: {listed(labels)}."

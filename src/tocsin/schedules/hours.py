"""When a layer is on call, as people write it: “Mon–Fri 09:00–17:00, Sat 10:00–12:00”."""

import re
from collections.abc import Iterable
from datetime import time

from tocsin.core.rotation import Restriction

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PART = re.compile(
    r"(?:(?P<days>[a-z]{3,9}(?:\s*(?:-|and|\+|/)\s*[a-z]{3,9})*)\s+)?(?P<starts>\d{1,2}(?::\d\d)?)\s*-\s*(?P<ends>\d{1,2}(?::\d\d)?)"
)


class Unclear(ValueError):
    """Hours that cannot be read; the text is for the person who typed them."""


def read(text: str) -> tuple[Restriction, ...]:
    """Nothing typed is no restriction. Without days every day is meant; an end not after its start is the day after."""
    parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
    return tuple(_read(part) for part in parts)


def write(restrictions: Iterable[Restriction]) -> str:
    return ", ".join(f"{_days(r.weekdays)} {r.starts:%H:%M}–{r.ends:%H:%M}".strip() for r in restrictions)


def _read(part: str) -> Restriction:
    found = _PART.fullmatch(re.sub("[–—]", "-", part.lower()))
    if found is None:
        raise Unclear(f"“{part}” cannot be read. Write it like Mon–Fri 09:00–17:00.")
    days = _weekdays(found["days"], part) if found["days"] else frozenset(range(7))
    return Restriction(weekdays=days, starts=_time(found["starts"], part), ends=_time(found["ends"], part))


def _weekdays(text: str, part: str) -> frozenset[int]:
    days: set[int] = set()
    for piece in re.split(r"\s*(?:and|\+|/)\s*", text):
        first, _, last = piece.partition("-")
        low = _day(first, part)
        high = _day(last, part) if last else low
        days |= {day % 7 for day in range(low, high + 1 if high >= low else high + 8)}
    return frozenset(days)


def _day(text: str, part: str) -> int:
    word = text.strip()[:3].title()
    if word not in _DAYS:
        raise Unclear(f"“{text.strip()}” in “{part}” is no day. Write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")
    return _DAYS.index(word)


def _time(text: str, part: str) -> time:
    hour, _, minute = text.partition(":")
    if text in ("24", "24:00"):
        return time(0)
    try:
        return time(int(hour), int(minute or 0))
    except ValueError as error:
        raise Unclear(f"“{text}” in “{part}” is no time of day.") from error


def _days(weekdays: frozenset[int]) -> str:
    if len(weekdays) == len(_DAYS):
        return ""
    ordered = sorted(weekdays)
    runs: list[list[int]] = []
    for day in ordered:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return " + ".join(_DAYS[run[0]] if len(run) == 1 else f"{_DAYS[run[0]]}–{_DAYS[run[-1]]}" for run in runs)

"""Texts of other tools, cut and checked to fit a signal."""

import hashlib
import re
from collections.abc import Iterable

from tocsin.core.signals import Link, Severity

LONGEST_KEY = LONGEST_NAME = 255
LONGEST_SUMMARY = 1024
LONGEST_STATUS = 20
LONGEST_DELIVERY = 80
LONGEST_ROLLBACK = 2000
_SHORT_COMMIT = 12
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LONGEST_URL = 2000

_SEVERITIES = {
    Severity.CRITICAL: "critical crit fatal emergency emerg alert page disaster high urgent sev1 p1",
    Severity.ERROR: "error err major severe sev2 p2",
    Severity.WARNING: "warning warn minor average medium low sev3 p3",
    Severity.INFO: "info information informational notice debug none ok sev4 sev5 p4 p5",
}
_BY_WORD = {word: severity for severity, words in _SEVERITIES.items() for word in words.split()}


def severity_of(word: object) -> Severity:
    """What other tools call it. A word that nobody knows pages: better once too often than never."""
    return _BY_WORD.get(str(word).strip().lower(), Severity.ERROR)


def name(value: object) -> str:
    return cut(value, LONGEST_NAME)


def summary(value: object) -> str:
    """One line."""
    return cut(" ".join(str(value).split()), LONGEST_SUMMARY)


def first_line(text: str) -> str:
    return text.strip().partition("\n")[0].strip()


def commit(ref: str) -> str:
    """A commit as people call it; a tag or a branch as it is."""
    return ref[:_SHORT_COMMIT] if _COMMIT.fullmatch(ref) else ref


def cut(value: object, length: int) -> str:
    text = str(value).strip()
    return text if len(text) <= length else text[: length - 1] + "…"


def key(value: str) -> str:
    """Keys that are too long are told apart by their hash, never by their first characters alone."""
    if len(value) <= LONGEST_KEY:
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()[:32]
    return f"{value[: LONGEST_KEY - 33]}:{digest}"


def links(found: Iterable[tuple[object, object]]) -> tuple[Link, ...]:
    """Pairs of address and text. Only web addresses: what a tool sends must not become a script in a page."""
    kept: dict[str, Link] = {}
    for href, text in found:
        if is_web(href):
            kept.setdefault(str(href), Link(href=str(href), text=cut(text or href, LONGEST_NAME)))
    return tuple(kept.values())


def is_web(href: object) -> bool:
    return isinstance(href, str) and href.startswith(("https://", "http://")) and len(href) <= _LONGEST_URL

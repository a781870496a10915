"""Subjects of tools: what they say of a problem's state, and what stays the same from its first mail to its last.

A word counts only where tools put it: before a colon or a bar, in brackets or asterisks, or at the end after “is” or an
arrow. “Is everything OK? The site is down” says nothing of a state, and pages.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

RESOLVES = (
    "recovery", "recovered", "resolved", "solved", "ok", "okay", "up", "closed", "cleared", "clear", "fixed", "normal",
    "restored", "healthy", "success", "succeeded",
)  # fmt: skip
ACKNOWLEDGES = ("acknowledgement", "acknowledged")
ACTIONS: Mapping[str, str] = {
    **dict.fromkeys(RESOLVES, "resolve"),
    **dict.fromkeys(ACKNOWLEDGES, "acknowledge"),
}
_SEVERE = (
    "critical", "crit", "warning", "warn", "error", "err", "fatal", "emergency", "disaster", "high", "major", "minor",
    "info", "notice", "alert", "p1", "p2", "p3", "p4", "p5", "sev1", "sev2", "sev3", "sev4",
)  # fmt: skip
_LEVELS = frozenset(_SEVERE)
# what tools call a problem that is there: not part of its name
TROUBLE = frozenset(
    (*_SEVERE, "problem", "alarm", "alerting", "firing", "triggered", "down", "unknown", "failed", "failure", "failing",
     "unreachable", "open", "opened", "started", "new", "insufficient_data", "flappingstart", "flappingstop")
)  # fmt: skip
_LONGEST = 1000
_MOST_HEADS = 12
_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg|antw|sv|tr)(?:\[\d+\])?:", re.IGNORECASE)
_BRACKETED = re.compile(r"\s*\[([^\[\]]*)\]")
# “RESOLVED:”, “Resolved in 5m 3s:”, “Updated problem in 1h:”, “UP |”, “RECOVERY - ”; [\W_] also takes signs and emoji
_LEADING = re.compile(r"[\W_]*(?:updated )?([^\W\d_][\w]*)(?: in (?:\d+[a-z]+ ?)+)?(?::|\s\||\s[-–—]\s)", re.IGNORECASE)
_STARRED = re.compile(r"\s*\*+\s*([^\W\d_]\w*)(?=\s)")
_IS = re.compile(r"\s+is(?: now| back)? ([^\W\d_]\w*)(?=[\s!*.]*$|:)", re.IGNORECASE)
_ARROW = re.compile(r"\s+(\w+) ?(?:->|=>|→) ?(\w+)[\s!*.]*$")


@dataclass(frozen=True, kw_only=True)
class Subject:
    topic: str  # what is the same in all mails about one problem
    state: str  # the word that says what became of it, in lower case; empty: none does
    level: str  # the word that says how bad it is


def read(subject: str, words: Collection[str]) -> Subject:
    """`words`, in lower case, are those that say more than that there is a problem."""
    rest, said = _heads(" ".join(subject.split())[:_LONGEST], words)
    rest, more = _tail(rest, words)
    said += more
    return Subject(
        topic=" ".join(rest.split()).strip(" *-–—|:").casefold(),
        state=next((word for word in said if word in words), ""),
        level=next((word for word in reversed(said) if word in _LEVELS), ""),
    )


def _heads(text: str, words: Collection[str]) -> tuple[str, list[str]]:
    """What is before the name of the problem is taken away: replies, [brackets], words of state."""
    said: list[str] = []
    kept = ""
    for _ in range(_MOST_HEADS):
        if found := _REPLY.match(text):
            text = text[found.end() :]
        elif found := _BRACKETED.match(text):
            word = _first(found[1])
            is_state = _is_state(word, words)
            said += [word] if is_state else []
            kept += "" if is_state else found[0]
            text = text[found.end() :]
        elif (found := _LEADING.match(text) or _STARRED.match(text)) and _is_state(found[1].lower(), words):
            said.append(found[1].lower())
            text = text[found.end() :]
        else:
            break
    return f"{kept} {text}", said


def _tail(text: str, words: Collection[str]) -> tuple[str, list[str]]:
    if (found := _ARROW.search(text)) and _is_state(found[2].lower(), words):
        return text[: found.start()], [found[2].lower()]
    if (found := _IS.search(text)) and _is_state(found[1].lower(), words):
        return text[: found.start()] + text[found.end() :], [found[1].lower()]
    return text, []


def _first(text: str) -> str:
    found = re.search(r"[^\W\d_]\w*", text)
    return found[0].lower() if found else ""


def _is_state(word: str, words: Collection[str]) -> bool:
    return word in words or word in TROUBLE

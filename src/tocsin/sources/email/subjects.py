"""Subjects of tools: what they say of a problem's state, and what stays the same from its first mail to its last.

A word counts only where tools put it, and alone there: before a colon or a bar, in brackets or asterisks, or at the end
after “is” or an arrow. “[Fixed Income] Pricing failed” and “Is everything OK? The site is down” say nothing of a state,
and page: a recovery that is not known pages once too often, trouble that is taken for one pages nobody.
"""

import re
from collections.abc import Collection, Mapping, Sequence
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
     "unreachable", "unreach", "unkn", "open", "opened", "started", "fired", "new", "insufficient_data",
     "flappingstart", "flappingstop")
)  # fmt: skip
_LONGEST = 1000
_MOST_HEADS = 12
_REPLY = re.compile(r"\s*(?:re|fwd?|aw|wg|antw|sv|tr)(?:\[\d+\])?:", re.IGNORECASE)
_BRACKETED = re.compile(r"\s*\[([^\[\]]*)\]")
# “✅ Up”, “FIRING:2, RESOLVED:1”, “RESOLVED #12”, “Recovered on {host:db1}”; what is in braces is part of the name
_STATES = re.compile(r"[\W_]*([^\W\d_]\w*(?::\d+)?(?:, [^\W\d_]\w*:\d+)*)(?: #?\d+)?(?: on (\{.*\}))?[\W_]*")
_STATE = re.compile(r"[^\W\d_]\w*")
# “RESOLVED:”, “Resolved in 5m 3s:”, “Updated problem in 1h:”, “UP |”, “UP alert:”, “RECOVERY - ”; after signs and emoji
_LEADING = re.compile(
    r"[\W_]*(?:updated )?([^\W\d_][\w]*)(?: alert| in (?:\d+[a-z]+ ?)+)?(?::|\s\||\s[-–—]\s)", re.IGNORECASE
)
# “** RECOVERY Service Alert:”, “*** Resolved ***”
_STARRED = re.compile(
    r"\s*\*+\s*([^\W\d_]\w*)"
    r"(?=\s*\*|\s*$|:|\s(?:\([^()]*\) )?(?:(?:host|service) (?:alert|notification)\b|alert ?[-:]))",
    re.IGNORECASE,
)
_IS = re.compile(r"\s+is( now| back)? ([^\W\d_]\w*)(?=[\s!*.]*$|:)", re.IGNORECASE)
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
        state=_decisive(said, words),
        level=next((word for word in reversed(said) if word in _LEVELS), ""),
    )


def _decisive(said: Sequence[str], words: Collection[str]) -> str:
    """The first one that is more than a level: “Problem: Normal: x” is a problem, “[P1] [Recovered] x” is over."""
    first = next((word for word in said if word in words or word not in _LEVELS), "")
    return first if first in words else ""


def _heads(text: str, words: Collection[str]) -> tuple[str, list[str]]:
    """What is before the name of the problem is taken away: replies, [brackets], words of state."""
    said: list[str] = []
    kept = ""
    for _ in range(_MOST_HEADS):
        if found := _REPLY.match(text):
            text = text[found.end() :]
        elif found := _BRACKETED.match(text):
            states, name = _bracketed(found[1], words)
            said += states
            kept += f" {name}" if states else found[0]
            text = text[found.end() :]
        elif (found := _LEADING.match(text) or _STARRED.match(text)) and _is_state(found[1].lower(), words):
            said.append(found[1].lower())
            text = text[found.end() :]
        else:
            break
    return f"{kept} {text}", said


def _bracketed(text: str, words: Collection[str]) -> tuple[list[str], str]:
    """What it says of a state, when that is all it says; of several, what is not over. And what it adds to the name."""
    found = _STATES.fullmatch(text)
    states = [word.lower() for word in _STATE.findall(found[1])] if found else []
    if not found or not all(_is_state(word, words) for word in states):
        return [], ""
    return [word for word in states if word not in words] or states, found[2] or ""


def _tail(text: str, words: Collection[str]) -> tuple[str, list[str]]:
    """“is OK”, “is back up”; people write “is up” also of a price, and “is closed” of a port."""
    if (found := _ARROW.search(text)) and all(_is_state(found[n].lower(), words) for n in (1, 2)):
        return text[: found.start()], [found[2].lower()]
    found = _IS.search(text)
    if found is None or not _is_state(word := found[2].lower(), words):
        return text, []
    is_said = word in TROUBLE or found[1] or (found[2].isupper() and word != "closed")
    return text[: found.start()] + text[found.end() :], [word] if is_said else []


def _is_state(word: str, words: Collection[str]) -> bool:
    return word in words or word in TROUBLE

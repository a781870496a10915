"""Which alert group a new alert goes to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.core.matching import Fields, Matcher, Op

# a service that never falls silent would otherwise collect one group for ever
LONGEST = timedelta(hours=24)
LONGEST_KEY = 255
_HASH = 16


class Reason(StrEnum):
    ALONE = "every alert of the service is a group of its own"
    FIRST = "the service had no open group"
    QUIET = "the open group had been quiet for longer than the service's window"
    FULL = "the open group had been collecting for as long as one may"
    JOINED = "it came within the service's window"


def in_words(reason: Reason) -> str:
    """A sentence for the history."""
    if reason is Reason.JOINED:
        return f"It joined the open group because {reason.value}."
    return f"It is a new group because {reason.value}."


def told_in(line: str) -> str:
    """The sentence about it in a line of the history; empty where there is none."""
    return next((said for said in map(in_words, Reason) if said in line), "")


@dataclass(frozen=True, kw_only=True)
class OpenGroup:
    """The newest group of the service with the same key, if it is not resolved."""

    opened_at: datetime
    last_event_at: datetime


def place(window: timedelta, newest: OpenGroup | None, at: datetime, longest: timedelta = LONGEST) -> Reason:
    """`JOINED`: into the newest open group. Every other reason: into a new one.

    The window rolls: each event of the group starts it anew, until the group is `longest` old.
    """
    if window <= timedelta(0):
        return Reason.ALONE
    if newest is None:
        return Reason.FIRST
    if at - newest.last_event_at > window:
        return Reason.QUIET
    return Reason.FULL if at - newest.opened_at > longest else Reason.JOINED


def key_of(by: Sequence[str], fields: Fields) -> str:
    """What the alerts of one group have in common: `cluster="eu", job=""`; nothing when no fields are chosen.

    One that is too long ends in a hash of the whole.
    """
    key = ", ".join(str(Matcher(name=name, op=Op.IS, value=fields.get(name, ""))) for name in by if name)
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - _HASH - 1]}…{hashlib.sha256(key.encode()).hexdigest()[:_HASH]}"

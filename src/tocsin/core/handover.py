"""When duty passes from one person to the next, and what is due about it when.

draft → signed (by who goes) → accepted (by who comes); lapsed when nobody did in time, or the change is off
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from tocsin.core.rota import Segment

DRAFT_BEFORE = timedelta(hours=2)  # before the end of the shift: the draft is made, and who goes is reminded
TELL_AFTER = timedelta(minutes=30)  # after the shift began: both and the team's leads hear that it is not accepted
LAPSES_AFTER = timedelta(hours=24)  # after the shift began: what is not accepted by then is history
LOOK_AHEAD = timedelta(days=8)  # for who comes next: beyond a weekend, and a holiday beside it


class State(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"


OPEN = (State.DRAFT, State.SIGNED)


class Step(StrEnum):
    REMIND = "remind who goes"
    WELCOME = "ask who comes to test the pager"
    TELL = "tell that it is not accepted"
    LAPSE = "lapse"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One goes, one comes. Between the two may be a time without anybody, as in a schedule of office hours."""

    leaves_at: datetime
    begins_at: datetime
    outgoing: int
    incoming: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    state: State
    leaves_at: datetime
    begins_at: datetime
    reminded: bool = False
    welcomed: bool = False
    told: bool = False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a draft is made from: sentences, ready to be read."""

    active: Sequence[str] = ()
    resolved: Sequence[str] = ()
    watch: Sequence[str] = ()


def changes(segments: Iterable[Segment]) -> list[Change]:
    """Every change of people in a final schedule, in order. Who stays hands nothing over."""
    manned = [segment for segment in segments if segment.people]
    return [change for before, after in pairwise(manned) for change in _between(before, after)]


def steps(progress: Progress, now: datetime) -> tuple[Step, ...]:
    """What is to be done now, in this order."""
    if progress.state not in OPEN:
        return ()
    if now >= progress.begins_at + LAPSES_AFTER:
        return (Step.LAPSE,)
    found = {
        Step.REMIND: not progress.reminded
        and progress.state is State.DRAFT
        and progress.leaves_at - DRAFT_BEFORE <= now < progress.begins_at + TELL_AFTER,
        Step.WELCOME: not progress.welcomed and (progress.state is State.SIGNED or now >= progress.begins_at),
        Step.TELL: not progress.told and now >= progress.begins_at + TELL_AFTER,
    }
    return tuple(step for step, is_due in found.items() if is_due)


def draft(facts: Facts) -> str:
    """Five lines suffice: a heading for each, and “Nothing.” where there is nothing."""
    sections = (
        ("Active now", facts.active),
        ("Recently resolved", facts.resolved),
        ("Watch", facts.watch),
        ("Notes (who is away, what else to know)", ()),
    )
    return "\n\n".join(_section(title, lines) for title, lines in sections)


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join((f"{title}:", *(f"- {line}" for line in lines or ("Nothing.",))))


def _between(before: Segment, after: Segment) -> Iterator[Change]:
    """Where more go than come, the last one takes from all of them; and the other way round."""
    going = [p for p in before.people if p not in after.people]
    coming = [p for p in after.people if p not in before.people]
    if not going or not coming:
        return
    for index in range(max(len(going), len(coming))):
        yield Change(
            leaves_at=before.ends_at,
            begins_at=after.starts_at,
            outgoing=going[min(index, len(going) - 1)],
            incoming=coming[min(index, len(coming) - 1)],
        )

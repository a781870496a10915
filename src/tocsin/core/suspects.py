"""Which change may have broken it: the changes before an alert, ranked, each with the reason in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(hours=2)  # before it began
_LIVE = ("prod", "production", "live")
_OTHER = ("stag", "test", "dev", "qa", "preview", "sandbox", "review")


class Outcome(StrEnum):
    """What a tool's word for the state of a change comes down to."""

    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    UNSAID = "unsaid"


WORDS: Mapping[Outcome, tuple[str, ...]] = {
    Outcome.UNDER_WAY: ("pending", "queued", "in_progress", "running", "started", "waiting", "created", "requested"),
    Outcome.DONE: ("success", "succeeded", "successful", "done", "completed", "finished", "deployed", "released"),
    Outcome.FAILED: ("failure", "failed", "error", "timed_out"),
    Outcome.STOPPED: ("canceled", "cancelled", "stopped", "skipped", "rolled_back", "reverted"),
}
_OUTCOMES = {word: outcome for outcome, words in WORDS.items() for word in words}


def outcome_of(status: str) -> Outcome:
    return _OUTCOMES.get(status.strip().lower(), Outcome.UNSAID)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A change that was made before it began, or at that instant."""

    id: int
    at: datetime
    is_same_service: bool  # otherwise it names none
    status: str = ""
    environment: str = ""


@dataclass(frozen=True, kw_only=True)
class Suspect:
    id: int
    score: int  # the higher the likelier; only good for comparing
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Point:
    worth: int
    reason: str


def rank(candidates: Iterable[Candidate], began_at: datetime, window: timedelta = WINDOW) -> list[Suspect]:
    """The likeliest first; of two that are as likely, the later. What is outside the window is no suspect."""
    near = [c for c in candidates if timedelta(0) <= began_at - c.at <= window]
    near.sort(key=lambda c: (c.at, c.id), reverse=True)
    found = [_suspect(c, began_at - c.at, window) for c in near]
    return sorted(found, key=lambda suspect: -suspect.score)


def _suspect(candidate: Candidate, before: timedelta, window: timedelta) -> Suspect:
    points = [
        _on_service(candidate),
        _near(before, window),
        _ended(outcome_of(candidate.status)),
        _where(candidate.environment),
    ]
    said = tuple(point.reason for point in points if point.reason)
    return Suspect(id=candidate.id, score=sum(point.worth for point in points), reasons=said)


def _on_service(candidate: Candidate) -> _Point:
    if candidate.is_same_service:
        return _Point(worth=40, reason="on this service")
    return _Point(worth=0, reason="names no service")


def _near(before: timedelta, window: timedelta) -> _Point:
    left = 1 - before / window if window else 1.0
    minutes = int(before.total_seconds() // 60)
    said = f"{_length(minutes)} before it began" if minutes else "less than a minute before it began"
    return _Point(worth=round(40 * left), reason=said)


def _length(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part, there in ((f"{hours} h", hours), (f"{rest} min", rest)) if there)


def _ended(outcome: Outcome) -> _Point:
    return {
        Outcome.FAILED: _Point(worth=20, reason="it failed"),
        Outcome.UNDER_WAY: _Point(worth=15, reason="it has not said that it ended"),
        Outcome.STOPPED: _Point(worth=10, reason="it was stopped or taken back"),
        Outcome.DONE: _Point(worth=10, reason="it went out"),
        Outcome.UNSAID: _Point(worth=0, reason=""),
    }[outcome]


def _where(environment: str) -> _Point:
    name = environment.lower()
    if name.startswith(_LIVE):
        return _Point(worth=20, reason=f"in {environment}")
    if name.startswith(_OTHER):
        return _Point(worth=-40, reason=f"only in {environment}")
    return _Point(worth=0, reason=f"in {environment}" if environment else "")

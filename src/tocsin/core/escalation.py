"""Who is paged next, and when."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Status(StrEnum):
    RUNNING = "running"
    ACKNOWLEDGED = "acknowledged"
    ENDED = "ended"


class TargetKind(StrEnum):
    USER = "user"
    SCHEDULE = "schedule"
    TEAM = "team"  # everyone in it
    STEWARDS = "stewards"  # every active owner and admin: the catch-all that nobody can empty


@dataclass(frozen=True, kw_only=True)
class Target:
    kind: TargetKind
    id: int  # 0 for the stewards
    name: str  # as it was called when the snapshot was made


@dataclass(frozen=True, kw_only=True)
class Step:
    delay: timedelta  # from this step's pages to the next step
    targets: tuple[Target, ...]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A policy as it was when an escalation began."""

    policy: str
    steps: tuple[Step, ...]
    repeats: int  # how often the steps run again before the catch-all
    catch_all: tuple[Target, ...]  # never empty: `policies.snapshots` puts the stewards where nobody is named
    ack_timeout_high: timedelta | None = None  # none: an acknowledgement lasts
    ack_timeout_low: timedelta | None = None

"""Why an alert is recorded and pages nobody, for now."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HoldKind(StrEnum):
    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    INHIBITION = "inhibition"  # a worse alert about the same is open
    PAUSE = "pause"  # it may resolve by itself
    FLAPPING = "flapping"
    SETTLING = "settling"  # a storm may be coming
    STORM = "storm"

    @property
    def is_suppression(self) -> bool:
        """Somebody wanted it so; the others are Tocsin's own caution, and end by themselves."""
        return self in _SUPPRESSIONS


_SUPPRESSIONS = (HoldKind.SILENCE, HoldKind.MAINTENANCE, HoldKind.INHIBITION)


@dataclass(frozen=True, kw_only=True)
class Hold:
    kind: HoldKind
    reason: str  # a sentence
    id: int  # of the silence, the maintenance window, the inhibiting alert or the storm's alert group; 0: of nothing
    until: datetime | None = None  # none: until what holds it is over


def clock(at: datetime) -> str:
    """An instant in a sentence."""
    return f"{at:%Y-%m-%d %H:%M} UTC"

"""When an alert resolves by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tocsin.core.sane import LAST


class Reason(StrEnum):
    ANNOUNCED = "its source announced it only until now"
    SILENT = "nothing was heard of it for as long as its service allows"


@dataclass(frozen=True, kw_only=True)
class End:
    at: datetime
    reason: Reason


def end_of(announced: datetime | None, heard_at: datetime, silence: timedelta | None) -> End | None:
    """The earlier of what its source announced and what its service allows; None: only a resolve ends it.

    `heard_at`: the last news; `silence`: after how long without any its service takes it for resolved.
    """
    ends = [End(at=min(announced, LAST), reason=Reason.ANNOUNCED)] if announced else []
    if silence:
        ends.append(End(at=heard_at + silence, reason=Reason.SILENT))
    return min(ends, key=lambda end: end.at, default=None)

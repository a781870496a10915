"""What a source heard: the one shape that every wire format is turned into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


class Severity(StrEnum):
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """The higher the worse."""
        return _RANKS[self]


_RANKS = {Severity.CRITICAL: 3, Severity.ERROR: 2, Severity.WARNING: 1, Severity.INFO: 0}


class Urgency(StrEnum):
    HIGH = "high"  # pages now
    LOW = "low"  # pages by the low-urgency rules
    NONE = "none"  # records only


def urgency_of(severity: Severity) -> Urgency:
    """The shipped rule: critical and error page now, warning pages by the low-urgency rules, info is only recorded."""
    return _URGENCIES[severity]


_URGENCIES = {
    Severity.CRITICAL: Urgency.HIGH,
    Severity.ERROR: Urgency.HIGH,
    Severity.WARNING: Urgency.LOW,
    Severity.INFO: Urgency.NONE,
}


@dataclass(frozen=True, kw_only=True)
class Link:
    href: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Image:
    src: str
    href: str = ""
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One alert's news. Texts are already cut to the lengths of `alerts.Alert`."""

    action: Action
    dedup_key: str  # ≤ 255
    summary: str = ""  # ≤ 1024; empty on acknowledge and resolve
    severity: Severity = Severity.ERROR
    source: str = ""  # ≤ 255: the machine or job that is affected
    component: str = ""  # ≤ 255
    details: Mapping[str, object] = field(default_factory=dict)  # JSON values
    links: tuple[Link, ...] = ()  # runbook and dashboard first
    images: tuple[Image, ...] = ()
    ends_at: datetime | None = None  # aware; resolves by itself then

"""What a source heard: the one shape that every wire format is turned into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unack"
    RESOLVE = "resolve"
    NOTE = "note"
    AMEND = "amend"  # its summary or details are others
    RATE = "rate"  # its severity is another


class Naming(StrEnum):
    """What a signal calls the alert that it is about."""

    KEY = "key"  # its dedup key
    ID = "id"  # its `uid`
    NUMBER = "number"  # its number in Tocsin


class Severity(StrEnum):
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """The higher the worse."""
        return _RANKS[self]


SEVERITIES: Mapping[str, Severity] = {str(s): s for s in Severity}  # to ask the enumeration takes many times as long
_RANKS = {Severity.CRITICAL: 3, Severity.ERROR: 2, Severity.WARNING: 1, Severity.INFO: 0}


class Urgency(StrEnum):
    HIGH = "high"  # pages now
    LOW = "low"  # pages by the low-urgency rules
    NONE = "none"  # records only

    @property
    def rank(self) -> int:
        """The higher the more urgent."""
        return _URGENCY_RANKS[self]


URGENCIES: Mapping[str, Urgency] = {str(u): u for u in Urgency}
_URGENCY_RANKS = {Urgency.HIGH: 2, Urgency.LOW: 1, Urgency.NONE: 0}


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
    said_at: datetime | None = None  # aware, by the source's clock: what this was like then; none: it does not tell
    naming: Naming = Naming.KEY  # what `dedup_key` holds; of a trigger always its key
    uid: str = ""  # a UUID: how its tool will call the alert, when this opens one
    note: str = ""  # ≤ 25,000: something that a person said with it
    author: str = ""  # ≤ 100: that person


@dataclass(frozen=True, kw_only=True)
class Change:
    """A deploy, a configuration or an infrastructure change. Texts are already cut to their lengths."""

    summary: str  # ≤ 1024
    key: str = ""  # ≤ 255: what comes again with it, as a deployment does at each of its states, is the same change
    source: str = ""  # ≤ 255: where it was made
    status: str = ""  # ≤ 20, as the tool says it: pending, success, failure …
    at: datetime | None = None  # aware; none: when the message came
    environment: str = ""  # ≤ 80
    version: str = ""  # ≤ 255: a commit, a tag, a release
    author: str = ""  # ≤ 255
    rollback: str = ""  # one sentence, or a command: how to go back
    details: Mapping[str, object] = field(default_factory=dict)  # JSON values
    links: tuple[Link, ...] = ()
    delivery: str = ""  # ≤ 80: the tool's name for this message; what comes again under it is a copy


class BeatKind(StrEnum):
    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"  # something to keep, which says nothing about success


@dataclass(frozen=True, kw_only=True)
class Beat:
    """A ping: a job says that it has begun, ended or failed."""

    name: str = ""  # ≤ 255: of the heartbeat; empty: the one whose key was used
    kind: BeatKind = BeatKind.SUCCESS
    exit_code: int | None = None  # 0–255
    run_id: str = ""  # ≤ 64: which start an end belongs to
    body: str = ""  # ≤ 10,000 characters: what the job printed
    seconds: float | None = None  # how long it took, where the job says so


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A topic asks whether its messages are wanted here. Opening the address says yes."""

    topic: str  # ≤ 256
    url: str


Heard = Signal | Change | Beat | Subscription  # what one message can say

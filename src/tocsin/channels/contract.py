"""What every channel takes and answers. A channel is a folder with one `send` and one `check`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self


class BadAddress(ValueError):
    """An address that the channel cannot use; the text says why, for the person who typed it."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is said, before a channel gives it its form."""

    purpose: str  # page, test, verification, invitation, notice
    title: str
    text: str
    url: str = ""  # where to look at it
    ack_url: str = ""  # leads to a page with one button; fetching it acknowledges nothing
    urgency: str = "high"
    facts: tuple[tuple[str, str], ...] = ()  # name and value, in the order in which to show them
    severity: str = ""
    data: Mapping[str, object] = field(default_factory=dict)  # JSON values, for machines

    def as_dict(self) -> dict[str, object]:
        # not `asdict`: it copies deeply, which at ten thousand pages in one batch is a second
        return {**vars(self), "facts": [list(fact) for fact in self.facts], "data": dict(self.data)}

    @classmethod
    def from_dict(cls, body: Mapping[str, object]) -> Self:
        """`TypeError` or `ValueError` for something that is no content."""
        if not isinstance(body, Mapping):
            raise TypeError("it is no object")
        facts = body.get("facts") or []
        if not isinstance(facts, list):
            raise TypeError("facts is not a list")
        pairs = tuple((str(name), str(value)) for name, value in facts)
        return cls(**{**body, "facts": pairs})  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One attempt to send one message."""

    kind: str
    target: str  # the address; for inapp nothing
    secret: str = ""  # signing secret or access token
    key: str  # idempotency: the same on every attempt
    content: Content
    watching: bool = False  # the person has an open Tocsin tab that can ring


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The provider took it."""

    provider_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """The provider says it arrived."""

    provider_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Not now."""

    error: str
    after: timedelta | None = None  # when the provider says how long to wait


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Never: the same message would be refused again."""

    error: str


Result = Sent | Delivered | Retry | Failed


@dataclass(frozen=True, kw_only=True)
class Channel:
    kind: str
    label: str
    address_label: str
    placeholder: str
    needs_address: bool
    has_secret: bool  # a signing secret or an access token belongs to it
    check: Callable[[str], str]  # address → normalised; BadAddress
    send: Callable[[Letter], Result]
    give_up_after: timedelta  # from when the message was first due
    at_once: int = 4  # how many a process sends at the same time
    for_people: bool = True  # else only for places that many read, where a page could not be one person's

    @property
    def is_offered(self) -> bool:
        """To people, as a way to be reached."""
        return self.needs_address and self.for_people

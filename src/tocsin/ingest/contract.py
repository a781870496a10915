"""The values that pass between the parts of ingest, and its few errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

LARGEST = 512 * 1024  # bytes of one body, where its format says no more and of whoever sends it
LARGEST_KNOWN = 8 * 1024 * 1024  # of one body from a sender whose key is known, where it may tell of very many alerts


class Unavailable(Exception):
    """The database did not take it, or did not say so in time. Nothing was promised; the sender is to try again."""


class Copied(Unavailable):
    """It is stored already, under the same receipt: two copies came at once. Sent again, it is known."""


class Conflict(Exception):
    """One row of several cannot be stored; which one, shows when each is tried by itself."""


class Row(NamedTuple):
    """An event on its way into `alerts_event`."""

    receipt: str  # a UUID, with hyphens; of version 8: made from what was said, and taken once
    integration_id: int
    kind: str
    body: bytes
    received_at: datetime  # UTC


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What a key opens."""

    integration_id: int
    kind: str
    secret: str = ""  # sealed: what its messages must be signed with; empty: the key is enough
    topics: tuple[str, ...] = ()  # of SNS: those whose messages are expected


def key_of(integration_id: int, kind: str, secret: str, topics: str) -> Key:
    """From a row; `topics` is JSON."""
    read = tuple(msgspec.json.decode(topics, type=list[str])) if topics != "[]" else ()
    return Key(integration_id=integration_id, kind=kind, secret=secret, topics=read)


class Store(Protocol):
    at_once: int  # how many writes may run at the same time

    async def open(self) -> None:
        """In the event loop that will use it. The database may be away."""

    async def write(self, rows: Sequence[Row]) -> None:
        """Returns after COMMIT, with fsync. All rows or none. `Unavailable`, `Conflict`."""

    async def keys(self, fingerprints: Sequence[str]) -> Mapping[str, Key]:
        """The enabled integrations among these. `Unavailable`."""

    async def has(self, receipt: str) -> bool:
        """Whether there was an event with this receipt, a UUID of version 8. `Unavailable`."""

    async def close(self) -> None: ...

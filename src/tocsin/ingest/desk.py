"""What a desk is: it takes messages of one format, reads as much as its answers need, and words them."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tocsin.ingest.contract import LARGEST
from tocsin.ingest.http import Answer, Scope, header

RETRY_AFTER = (b"retry-after", b"2")  # seconds


class Draft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message that was understood."""

    key: str
    body: bytes  # to be stored
    dedup_key: str = ""
    error: str = ""  # what of it was not taken, and why
    began: float = 0.0  # on the monotonic clock, where the answer says how long it took


class Rejected(Exception):
    """A message that will never be taken, with what to say to its sender."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, kw_only=True)
class Desk:
    kind: str
    read: Callable[[Scope, bytes], Draft]  # Rejected
    accepted: Callable[[Draft, str], Answer]
    unknown: Answer
    busy: Answer
    too_large: Answer
    methods: tuple[str, ...] = ("POST",)
    key: Callable[[Scope, bytes], str]  # without the whole body: from the head, or from the body's beginning
    most: int = LARGEST  # bytes of a body that are taken; above LARGEST only when its head has a known key
    kept: int | None = None  # bytes of it that are read, the rest is let pass; None: all
    packed: Answer | None = None  # to a body with a Content-Encoding; None: it is taken as it is
    is_quick: bool = True  # a key without a secret is enough


def authorized(scope: Scope, scheme: bytes) -> str:
    """The key in `Authorization`, when it is given by this scheme (in lower case)."""
    word, _, key = header(scope, b"authorization").partition(b" ")
    return key.strip().decode("latin-1") if word.lower() == scheme else ""


def receipt_header(receipt: str) -> tuple[bytes, bytes]:
    return b"tocsin-receipt", receipt.encode()

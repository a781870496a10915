"""What a source says of an alert as it is kept, with a digest that tells whether it says something else."""

import hashlib

from tocsin.core.signals import Signal
from tocsin.health import bulk

KEPT = ("source", "component", "details", "links", "images", "digest")
_NONE = "[]"


def kept(signal: Signal) -> tuple[str, str, str, str, str, int]:
    """In the order of `KEPT`."""
    details = bulk.json_text(signal.details)
    links = bulk.json_text(signal.links) if signal.links else _NONE
    images = bulk.json_text(signal.images) if signal.images else _NONE
    said = signal.source, signal.component, details, links, images
    return (*said, _digest("\0".join(said)))


def _digest(text: str) -> int:
    """Tells two texts apart, as a number that any database keeps."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)

"""Receipts that are made from what was said: a copy of a message has the same, and each is taken once."""

import hashlib
import uuid


def receipt_of(*parts: str) -> str:
    """A UUID of version 8 (RFC 9562). With a secret among the parts, nobody else can tell it."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()[:16]
    return str(uuid.UUID(int=int.from_bytes(digest) & ~(0xF << 76) & ~(3 << 62) | (8 << 76) | (2 << 62)))

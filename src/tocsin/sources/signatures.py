"""Checking who wrote a message. Every comparison takes the same time, whatever differs."""

import hashlib
import hmac


def is_hmac_sha256(secret: str, signed: bytes, given: str) -> bool:
    """Whether `given` is the HMAC in hex. Never with an empty secret, which everybody knows."""
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(expected.encode(), given.strip().lower().encode())

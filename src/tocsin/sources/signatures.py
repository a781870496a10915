"""Checking who wrote a message. Every comparison takes the same time, whatever differs."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

OLDEST = timedelta(minutes=5)  # of a time that is signed; what is older may be a copy
SEALED = "whsec_"  # what secrets of Standard Webhooks begin with; the key is what follows, in base64


def is_hmac_sha256(secret: str, signed: bytes, given: str) -> bool:
    """Whether `given` is the HMAC in hex. Never with an empty secret, which everybody knows."""
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(expected.encode(), given.strip().lower().encode())


def is_standard_webhook(secret: str, name: str, time: str, body: bytes, given: str) -> bool:
    """Whether one of the signatures `v1,…` in `given` is right. https://www.standardwebhooks.com"""
    signed = f"{name}.{time}.".encode() + body
    expected = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest())
    listed = [one.removeprefix("v1,").encode() for one in given.split() if one.startswith("v1,")]
    return bool(secret) and any(hmac.compare_digest(expected, one) for one in listed)


def is_recent(time: str, now: datetime) -> bool:
    """Seconds since 1970."""
    if not (time.isascii() and time.isdigit() and len(time) <= len("9999999999")):
        return False
    return abs(now - datetime.fromtimestamp(int(time), UTC)) <= OLDEST


def _key(secret: str) -> bytes:
    if secret.startswith(SEALED):
        try:
            return base64.b64decode(secret.removeprefix(SEALED), validate=True)
        except binascii.Error:
            pass  # it only looks like one
    return secret.encode()

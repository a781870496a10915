"""A signed webhook. How to verify it is in docs/channels.md."""

import hashlib
import hmac
import json
from datetime import datetime, timedelta

from tocsin import clock
from tocsin.channels import http
from tocsin.channels.contract import Channel, Failed, Letter, Result, Retry

TIMESTAMP = "Tocsin-Timestamp"  # seconds since 1970
SIGNATURE = "Tocsin-Signature"  # v1= and the HMAC-SHA256 of timestamp + "." + body in hex
KEY = "Idempotency-Key"


def check(address: str) -> str:
    return http.checked(address)


def send(letter: Letter) -> Result:
    now = clock.now()  # a receiver refuses old signatures, so it is the moment of sending that is signed
    body = json.dumps(payload(letter), separators=(",", ":"), ensure_ascii=False).encode()
    try:
        answer = http.post(letter.target, body, headers(letter, body, now))
    except http.Refused as error:
        return Failed(error=str(error))
    except http.Unreachable as error:
        return Retry(error=str(error))
    return http.verdict(answer, now)


def payload(letter: Letter) -> dict[str, object]:
    content = letter.content
    return {**content.as_dict(), "facts": dict(content.facts), "key": letter.key}


def headers(letter: Letter, body: bytes, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    found = {"Content-Type": "application/json", KEY: letter.key, TIMESTAMP: timestamp}
    if letter.secret:
        found[SIGNATURE] = sign(letter.secret, timestamp, body)
    return found


def sign(secret: str, timestamp: str, body: bytes) -> str:
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


CHANNEL = Channel(
    kind="webhook",
    label="Webhook",
    address_label="URL",
    placeholder="https://example.com/hooks/tocsin",
    needs_address=True,
    has_secret=True,
    check=check,
    send=send,
    give_up_after=timedelta(hours=1),
)

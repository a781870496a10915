"""Verdicts of Tocsin's own checks, which come in like what any other tool says: with a receipt, dedup and routing.

`{check, action, name, summary, severity, source, url, link, details}`
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import texts
from tocsin.sources.contract import Source, Unreadable


class Told(msgspec.Struct, kw_only=True):
    check: str  # the key of its alert
    action: Action
    name: str
    summary: str = ""
    severity: Severity = Severity.CRITICAL
    source: str = ""  # what is checked
    url: str = ""  # the page of the check
    link: str = "The check"  # what that page is called
    details: dict[str, object] = {}


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    try:
        told = msgspec.json.decode(body, type=Told)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"This is not a check's verdict: {error}.") from error
    key = texts.key(told.check)
    if not key:
        raise Unreadable("The verdict does not say which check it is about.")
    if told.action is not Action.TRIGGER:
        return [Signal(action=told.action, dedup_key=key)]
    return [
        Signal(
            action=told.action,
            dedup_key=key,
            summary=texts.summary(told.summary or f"{told.name} is down"),
            severity=told.severity,
            source=texts.name(told.source),
            component=texts.name(told.name),
            details=told.details,
            links=texts.links([(told.url, told.link)]),
        )
    ]


SAMPLE = b"""{
  "check": "check-7",
  "action": "trigger",
  "name": "Shop front",
  "summary": "Shop front is down: it answered 503",
  "severity": "critical",
  "source": "https://shop.example.org/",
  "url": "https://tocsin.example.org/checks/7/",
  "details": {"status": 503}
}"""

SOURCE = Source(
    kind="checks",
    label="Own checks",
    about="What Tocsin itself finds out about a service.",
    parse=parse,
    path="/checks/",
    sample=SAMPLE,
    setup="Made by itself with the first check of a service: {url}",
    is_own=True,
)

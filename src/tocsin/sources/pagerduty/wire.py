"""The format on the wire, and what PagerDuty says about a message that is wrong."""

from collections.abc import Iterator

import msgspec

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "warning", "error", "info")
LONGEST_KEY = 255


class Invalid(Exception):
    """`errors` as PagerDuty words them."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class Link(msgspec.Struct):
    href: str | None = None
    text: str | None = None


class Image(msgspec.Struct):
    src: str | None = None
    href: str | None = None
    alt: str | None = None


class Payload(msgspec.Struct):
    summary: str | None = None
    source: str | None = None
    severity: str | None = None
    component: str | None = None
    group: str | None = None
    class_: str | None = msgspec.field(name="class", default=None)
    timestamp: object = None
    custom_details: object = None


class Event(msgspec.Struct):
    event_action: str | None = None
    routing_key: str | None = None
    dedup_key: str | None = None
    payload: Payload | None = None
    links: list[Link] | None = None
    images: list[Image] | None = None
    client: str | None = None
    client_url: str | None = None


_decoder = msgspec.json.Decoder(Event)


def read(body: bytes) -> Event:
    """`Invalid` when it is no event. The routing key is for `ingest` to check."""
    try:
        event = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid([str(error)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid([f"JSON cannot be read: {error}"]) from error
    errors = list(_errors(event))
    if errors:
        raise Invalid(errors)
    return event


def _errors(event: Event) -> Iterator[str]:
    if not event.event_action:
        yield "'event_action' is missing or blank"
    elif event.event_action not in ACTIONS:
        yield "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"
    elif event.event_action == "trigger":
        yield from _payload_errors(event.payload)
    elif not event.dedup_key:
        yield "'dedup_key' is missing or blank"
    if event.dedup_key and len(event.dedup_key) > LONGEST_KEY:
        yield "Length of 'dedup_key' is incorrect (should be at most 255 characters)"


def _payload_errors(payload: Payload | None) -> Iterator[str]:
    if payload is None:
        yield "'payload' is missing or blank"
        return
    for name in ("summary", "source", "severity"):
        if not (getattr(payload, name) or "").strip():
            yield f"'payload.{name}' is missing or blank"
    if payload.severity and payload.severity not in SEVERITIES:
        yield ("'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')")

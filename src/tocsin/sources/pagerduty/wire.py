"""The format on the wire, and what PagerDuty says about a message that is wrong."""

from collections.abc import Iterator

import msgspec

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "warning", "error", "info")
CHANGE = "change"  # what a change event is marked with when it is stored; nobody can send it as an event's action
LONGEST_KEY = 255


class Invalid(Exception):
    """`errors` as PagerDuty words them."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class Payload(msgspec.Struct):
    """What is not needed may be anything: an HTTP status as a class is no reason to refuse an alert."""

    summary: str | None = None
    source: str | None = None
    severity: str | None = None
    component: object = None
    group: object = None
    class_: object = msgspec.field(name="class", default=None)
    timestamp: object = None
    custom_details: object = None


class Event(msgspec.Struct):
    event_action: str | None = None
    routing_key: str | None = None
    dedup_key: str | None = None
    payload: Payload | None = None
    links: object = None
    images: object = None
    client: object = None
    client_url: object = None


_decoder = msgspec.json.Decoder(Event)


def read(body: bytes) -> Event:
    """`Invalid` when it is no event. The routing key is for `ingest` to check."""
    event = _decoded(body)
    _refuse(_errors(event))
    return event


def read_change(body: bytes) -> Event:
    """`Invalid` when it is no change event, which has neither action nor severity, and needs no source."""
    event = _decoded(body)
    _refuse(_change_errors(event.payload))
    return event


def read_stored(body: bytes) -> Event:
    """Either, as it was stored; a change event by its mark. `Invalid`."""
    event = _decoded(body)
    _refuse(_change_errors(event.payload) if event.event_action == CHANGE else _errors(event))
    return event


def _decoded(body: bytes) -> Event:
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid([str(error)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid([f"JSON cannot be read: {error}"]) from error


def _refuse(errors: Iterator[str]) -> None:
    if found := list(errors):
        raise Invalid(found)


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


def _change_errors(payload: Payload | None) -> Iterator[str]:
    if payload is None:
        yield "'payload' is missing or blank"
    elif not (payload.summary or "").strip():
        yield "'payload.summary' is missing or blank"

"""The format on the wire, and what Opsgenie says about a request that is wrong.

What a request is about stands in its address. `ingest` writes that into the body, as the last member `tocsin`, before
it is stored.
"""

from collections.abc import Iterator

import msgspec

LONGEST = {"message": 130, "alias": 512, "description": 15_000, "note": 25_000}
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")


class Invalid(Exception):
    """`errors` by field, as Opsgenie words them; empty when it is no JSON object at all."""

    def __init__(self, sentence: str, errors: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.errors = errors or {}


class Asked(msgspec.Struct):
    """What the address said."""

    verb: str = "create"
    identifier: str = ""
    by: str = "alias"  # id, tiny or alias
    id: str = ""  # of the alert that a create makes


class Request(msgspec.Struct):
    message: str | None = None
    alias: str | None = None
    description: str | None = None
    priority: str | None = None
    entity: object = None
    source: object = None
    user: object = None
    note: str | None = None
    tags: object = None
    actions: object = None
    details: object = None
    responders: object = None
    visible_to: object = msgspec.field(name="visibleTo", default=None)
    tocsin: Asked = msgspec.field(default_factory=Asked)


_decoder = msgspec.json.Decoder(Request)


def read(body: bytes) -> Request:
    """`Invalid` when it is no request."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid(f"Request body is not processable: {error}", {_field(str(error)): str(error)}) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("Could not parse the JSON body") from error


def check(request: Request, verb: str) -> None:
    """`Invalid` when something that the verb needs is not there, or too long."""
    errors = dict(_errors(request, verb))
    if errors:
        raise Invalid("Request body is not processable. Please check the errors.", errors)


def _errors(request: Request, verb: str) -> Iterator[tuple[str, str]]:
    needed = NEEDED.get(verb)
    if needed and not str(getattr(request, needed) or "").strip():
        yield needed, f"{needed.capitalize()} can not be empty."
    for name, most in LONGEST.items():
        if len(getattr(request, name) or "") > most:
            yield name, f"{name.capitalize()} should not be longer than {most} characters."
    if request.priority and request.priority not in PRIORITIES:
        yield "priority", "Priority should be one of [P1, P2, P3, P4, P5]."


NEEDED = {
    "create": "message",
    "message": "message",
    "description": "description",
    "priority": "priority",
    "notes": "note",
    "tags": "tags",
    "details": "details",
}


def _field(error: str) -> str:
    """Of “Expected `str`, got `int` - at `$.message`”."""
    return error.partition(" - at `$")[2].strip("`.") or "body"

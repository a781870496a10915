"""Reading JSON of tools that promise little: what is not as expected is as if it were not there."""

from collections.abc import Mapping

import msgspec

from tocsin.sources.contract import Unreadable

Json = Mapping[str, object]


def read(body: bytes, what: str) -> Json:
    """The object. `Unreadable` when it is none; `what` says what was expected."""
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.ValidationError as error:
        raise Unreadable(f"This is not {what}: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"The JSON cannot be read: {error}.") from error


def part(value: Json, *names: str) -> Json:
    """The object inside, or an empty one."""
    found: object = value
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def text(value: Json, *names: str) -> str:
    """The first of these fields that says something."""
    return next((said for name in names if (said := _text(value.get(name)))), "")


def kept(value: Json, *names: str) -> dict[str, object]:
    """These fields, without those that are empty."""
    return {name: value[name] for name in names if value.get(name) not in (None, "", [], {})}


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

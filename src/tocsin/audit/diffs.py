"""What of a row may be written into the audit log, and what changed between two looks at it."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TypeAlias

from django.db.models import Field, ForeignKey, Model

from tocsin.sealing import SealedJSONField, SealedTextField

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

_NEVER = {"password", "last_login", "id"}


def fields(obj: Model) -> dict[str, JSON]:
    """The row as plain values, without what is secret. Rows it points to are named, as they are called now."""
    return {field.name: _value(obj, field) for field in obj._meta.concrete_fields if not _is_secret(field)}


def changed(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """Both sides, with only the fields that differ."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names if n in after}


def _is_secret(field: "Field[object, object]") -> bool:
    sealed = isinstance(field, SealedTextField | SealedJSONField)
    return sealed or field.name in _NEVER or field.name.endswith("_hash")


def _value(obj: Model, field: "Field[object, object]") -> JSON:
    if isinstance(field, ForeignKey):
        related = getattr(obj, field.name)
        return None if related is None else str(related)
    return _plain(field.value_from_object(obj))


def _plain(value: object) -> JSON:
    match value:
        case None | bool() | int() | float():
            return value
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case _:
            return str(value)

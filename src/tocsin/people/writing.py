"""Saving, changing and deleting one configured row: checked, audited, and refused in words."""

import copy
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError
from django.utils.text import slugify

from tocsin.audit.actions import record
from tocsin.audit.diffs import fields
from tocsin.core.permissions import Actor
from tocsin.core.wall import Unloadable, zone_of
from tocsin.people.problems import Refused, refusal

Row = TypeVar("Row", bound=Model)

_TAKEN_BY_PAGES = {"new"}  # /teams/new/ is a page
_SLUG_LENGTH = 70


def create(actor: Actor, obj: Row, now: datetime, *, verb: str = "created") -> Row:
    with transaction.atomic():
        _save(obj)
        record(actor, verb, obj, now, after=fields(obj))
    return obj


def change(actor: Actor, obj: Row, now: datetime, changes: Mapping[str, object], *, verb: str = "changed") -> Row:
    """Set the given fields and save them alone, so that a concurrent change of another field is kept."""
    before, old = fields(obj), {name: getattr(obj, name) for name in changes}
    _set(obj, changes)
    try:
        with transaction.atomic():
            _save(obj, update_fields=list(changes))
            record(actor, verb, obj, now, before=before, after=fields(obj))
    except Refused:
        _set(obj, old)
        raise
    return obj


def as_if(obj: Row, changes: Mapping[str, object]) -> Row:
    """A copy as it would be saved, or `Refused` as saving it would be. Nothing is written."""
    found = copy.copy(obj)
    _set(found, changes)
    _check(found)
    return found


def delete(actor: Actor, obj: Model, now: datetime) -> None:
    """`Refused` while something still needs it, naming what."""
    try:
        with transaction.atomic():
            record(actor, "deleted", obj, now, before=fields(obj))
            obj.delete()
    except ProtectedError as error:
        raise Refused(
            f"{obj} is still used by {_names(error.protected_objects)}. Nothing was deleted. Take it out there first."
        ) from error


def slug_for(model: type[Model], name: str) -> str:
    """A slug that no other row has."""
    stem = slugify(name)[:_SLUG_LENGTH].strip("-") or model.__name__.lower()
    manager = model._default_manager
    taken = _TAKEN_BY_PAGES | set(manager.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(s for s in _candidates(stem, len(taken)) if s not in taken)


def check_zone(name: str) -> str:
    """`Refused` for anything that is not an IANA time zone."""
    try:
        return zone_of(name).key
    except Unloadable as error:
        sentence = f"{error}. Choose one from the list, such as Europe/Berlin."
        raise Refused(sentence, {"time_zone": sentence}) from error


def check_fields(changes: Collection[str], allowed: Collection[str]) -> None:
    """A caller's mistake, not a person's: only these fields may be changed this way."""
    if unknown := set(changes) - set(allowed):
        raise TypeError(f"cannot change {', '.join(sorted(unknown))} this way")


def _set(obj: Model, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        setattr(obj, name, value)


def _save(obj: Model, update_fields: list[str] | None = None) -> None:
    _check(obj)
    try:
        with transaction.atomic():
            obj.save(update_fields=update_fields)
    except IntegrityError as error:  # somebody was faster between the check and the write
        raise Refused(
            f"{obj} could not be saved: somebody made the same a moment ago. Look again and retry."
        ) from error


def _check(obj: Model) -> None:
    try:
        obj.full_clean()
    except ValidationError as error:
        raise refusal(error) from error


def _names(rows: Collection[Model]) -> str:
    names = sorted({_owner(row) for row in rows})
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004


def _owner(row: Model) -> str:
    """A row that is only a part of something is called as that thing."""
    step = getattr(row, "step", None)
    return str(row if step is None else step.policy)


def _candidates(stem: str, taken: int) -> list[str]:
    return [stem, *(f"{stem}-{number}" for number in range(2, taken + 3))]

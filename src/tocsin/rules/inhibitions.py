"""Making, changing and deleting inhibition rules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Required, TypedDict, Unpack

from tocsin.core.permissions import Actor, Verb, require
from tocsin.people import writing
from tocsin.people.problems import Refused
from tocsin.rules import typed
from tocsin.rules.editions import edited
from tocsin.rules.models import Inhibition

MOST_LABELS = 20


class InhibitionFields(TypedDict, total=False):
    name: Required[str]
    source: Required[str]
    target: Required[str]
    equal: Sequence[str]
    is_enabled: bool


def save_inhibition(
    actor: Actor, row: Inhibition | None, now: datetime, **said: Unpack[InhibitionFields]
) -> Inhibition:
    """`row`: the one to change; None makes one."""
    require(actor, Verb.CONFIGURE)
    fields = _fields(**said)
    with edited():
        if row is None:
            return writing.create(actor, Inhibition(**fields), now)
        return writing.change(actor, row, now, fields)


def inhibition_as_if(actor: Actor, row: Inhibition | None, **said: Unpack[InhibitionFields]) -> Inhibition:
    """What `save_inhibition` would save; it refuses what that refuses."""
    require(actor, Verb.CONFIGURE)
    return writing.as_if(row or Inhibition(), _fields(**said))


def delete_inhibition(actor: Actor, row: Inhibition, now: datetime) -> None:
    require(actor, Verb.CONFIGURE)
    with edited():
        writing.delete(actor, row, now)


def _fields(
    *, name: str, source: str, target: str, equal: Sequence[str] = (), is_enabled: bool = True
) -> dict[str, Any]:
    return {
        "name": typed.name(name),
        "source": typed.written(typed.some_matchers(source, "source")),
        "target": typed.written(typed.some_matchers(target, "target")),
        "equal": _labels(equal),
        "is_enabled": is_enabled,
    }


def _labels(names: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if len(found) > MOST_LABELS:
        sentence = f"At most {MOST_LABELS} labels."
        raise Refused(sentence, {"equal": sentence})
    return found

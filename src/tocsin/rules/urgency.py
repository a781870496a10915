"""Making, moving and deleting urgency rules."""

from collections.abc import Collection
from datetime import datetime, time
from typing import Any, Required, TypedDict, Unpack

from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.signals import Urgency
from tocsin.people import writing
from tocsin.people.problems import Refused
from tocsin.rules import typed
from tocsin.rules.editions import edited
from tocsin.rules.models import UrgencyRule

MOST = 200


class UrgencyFields(TypedDict, total=False):
    name: Required[str]
    urgency: Required[Urgency]
    matchers: str
    otherwise: Urgency | None  # outside its hours; none: the next rule says
    weekdays: Collection[int]
    starts: time | None
    ends: time | None
    zone: str


def save_urgency_rule(
    actor: Actor, row: UrgencyRule | None, now: datetime, **said: Unpack[UrgencyFields]
) -> UrgencyRule:
    """`row`: the one to change; None makes one, the last."""
    require(actor, Verb.CONFIGURE)
    fields = _fields(**said)
    with edited():
        if row is not None:
            return writing.change(actor, row, now, fields)
        return writing.create(actor, UrgencyRule(position=_end(), **fields), now)


def urgency_rule_as_if(actor: Actor, row: UrgencyRule | None, **said: Unpack[UrgencyFields]) -> UrgencyRule:
    """What `save_urgency_rule` would save; it refuses what that refuses."""
    require(actor, Verb.CONFIGURE)
    return writing.as_if(row or UrgencyRule(position=_end()), _fields(**said))


def move_urgency_rule(actor: Actor, row: UrgencyRule, by: int, now: datetime) -> None:
    """Up with -1, down with 1; at its end it stays."""
    require(actor, Verb.CONFIGURE)
    with edited():
        order = list(UrgencyRule.objects.all())
        at = next(i for i, other in enumerate(order) if other.pk == row.pk)
        order.insert(max(0, at + by), order.pop(at))
        for position, other in enumerate(order):
            if other.position != position:
                writing.change(actor, other, now, {"position": position}, verb="moved")


def delete_urgency_rule(actor: Actor, row: UrgencyRule, now: datetime) -> None:
    require(actor, Verb.CONFIGURE)
    with edited():
        writing.delete(actor, row, now)


def _fields(
    *,
    name: str,
    urgency: Urgency,
    matchers: str = "",
    otherwise: Urgency | None = None,
    weekdays: Collection[int] = (),
    starts: time | None = None,
    ends: time | None = None,
    zone: str = "UTC",
) -> dict[str, Any]:
    _check_hours(starts, ends)
    return {
        "name": typed.name(name), "urgency": urgency.value, "otherwise": otherwise.value if otherwise else "",
        "matchers": typed.written(typed.matchers(matchers)), "weekdays": typed.weekdays(weekdays), "starts": starts,
        "ends": ends, "zone": writing.check_zone(zone),
    }  # fmt: skip


def _end() -> int:
    last = UrgencyRule.objects.last()
    if last and UrgencyRule.objects.count() >= MOST:
        raise Refused(f"There are {MOST} urgency rules already, which is the most. Delete what nobody needs any more.")
    return last.position + 1 if last else 0


def _check_hours(starts: time | None, ends: time | None) -> None:
    if (starts is None) != (ends is None):
        sentence = "Hours need both a start and an end."
        raise Refused(sentence, {"ends": sentence})
    if starts is not None and starts == ends:
        sentence = "The hours end as they start. Leave both out for the whole day."
        raise Refused(sentence, {"ends": sentence})

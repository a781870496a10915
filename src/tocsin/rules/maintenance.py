"""Making, changing and ending maintenance windows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tocsin.audit.actions import record
from tocsin.audit.diffs import JSON
from tocsin.core.permissions import Actor, Verb, require
from tocsin.people import writing
from tocsin.people.problems import Refused
from tocsin.rules import typed
from tocsin.rules.editions import edited
from tocsin.rules.models import Maintenance
from tocsin.services.models import Service

LONGEST_MINUTES = 7 * 24 * 60
_FIELDS = {"name", "matchers", "starts_at", "ends_at", "weekdays", "opens", "minutes", "zone"}


def create_maintenance(actor: Actor, services: Sequence[Service], now: datetime, **fields: object) -> Maintenance:
    """Once: `starts_at` and `ends_at`. Weekly: `weekdays`, `opens`, `minutes` and `zone`, and both as its limits."""
    require(actor, Verb.CONFIGURE)
    row = _with(_new(actor, now), _checked(None, services, now, fields))
    with edited():
        writing.create(actor, row, now)
        _set_services(actor, row, services, now)
    return row


def change_maintenance(
    actor: Actor, row: Maintenance, services: Sequence[Service], now: datetime, **changes: object
) -> Maintenance:
    require(actor, Verb.CONFIGURE)
    checked = _checked(row, services, now, changes)
    with edited():
        writing.change(actor, row, now, checked)
        _set_services(actor, row, services, now)
    return row


def maintenance_as_if(
    actor: Actor, row: Maintenance | None, services: Sequence[Service], now: datetime, **fields: object
) -> Maintenance:
    """What would be saved, without its services; it refuses what making or changing it would refuse."""
    require(actor, Verb.CONFIGURE)
    return writing.as_if(row or _new(actor, now), _checked(row, services, now, fields))


def end_early(actor: Actor, row: Maintenance, now: datetime) -> Maintenance:
    """What goes on now is over. A weekly one comes again at its next time."""
    require(actor, Verb.CONFIGURE)
    with edited():
        return writing.change(actor, row, now, {"cut_at": now}, verb="ended early")


def delete_maintenance(actor: Actor, row: Maintenance, now: datetime) -> None:
    require(actor, Verb.CONFIGURE)
    with edited():
        writing.delete(actor, row, now)


def _new(actor: Actor, now: datetime) -> Maintenance:
    return Maintenance(creator=actor.name[:160], created_by_id=actor.user_id, created_at=now)


def _checked(
    row: Maintenance | None, services: Sequence[Service], now: datetime, fields: Mapping[str, object]
) -> dict[str, object]:
    """The fields as they are kept."""
    writing.check_fields(fields, _FIELDS)
    known = {name: getattr(row, name) for name in _FIELDS} if row else {}
    found = _with(Maintenance(**known), fields)
    _check(found, services, now)
    return {name: getattr(found, name) for name in fields}


def _with(row: Maintenance, fields: Mapping[str, object]) -> Maintenance:
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def _check(row: Maintenance, services: Collection[Service], now: datetime) -> None:
    row.name = typed.name(row.name)
    row.weekdays = typed.weekdays(row.weekdays)
    row.matchers = typed.written(typed.some_matchers(row.matchers) if row.matchers.strip() else ())
    if not services and not row.matchers:
        raise Refused("Say what is worked on: at least one service, or matchers.")
    typed.check_times(starts_at=row.starts_at, ends_at=row.ends_at)
    if row.weekdays:
        _check_weekly(row)
    elif row.starts_at is None or row.ends_at is None:
        raise Refused("Say from when to when, or on which days of the week.")
    if row.starts_at and row.ends_at and row.ends_at <= row.starts_at:
        raise Refused("It ends before it starts.", {"ends_at": "It ends before it starts."})
    if row.ends_at and row.ends_at <= now:
        raise Refused("The end is in the past.", {"ends_at": "The end is in the past."})


def _check_weekly(row: Maintenance) -> None:
    row.zone = writing.check_zone(row.zone)
    if row.opens is None:
        raise Refused("Say at what time it begins.", {"opens": "Say at what time it begins."})
    if not 1 <= row.minutes <= LONGEST_MINUTES:
        sentence = "It lasts from a minute to a week."
        raise Refused(sentence, {"minutes": sentence})


def _set_services(actor: Actor, row: Maintenance, services: Sequence[Service], now: datetime) -> None:
    before = _names(row)
    row.services.set(services)
    record(actor, "changed", row, now, before={"services": before}, after={"services": _names(row)})


def _names(row: Maintenance) -> list[JSON]:
    return list(row.services.order_by("name").values_list("name", flat=True))

"""Changing schedules: their rotations, and who stands in for whom."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from tocsin.audit.actions import record
from tocsin.audit.diffs import JSON
from tocsin.core import rota as core
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.rota import Change, Rota, Segment, Unloadable
from tocsin.core.rotation import Layer as LayerSpec
from tocsin.health import problems
from tocsin.people.models import Team, User
from tocsin.people.problems import Refused
from tocsin.people.queries import names_of
from tocsin.people.writing import change, check_fields, check_zone, create, delete, slug_for
from tocsin.schedules.loading import with_layers
from tocsin.schedules.models import Layer, Override, Participant, Replacement, Restriction, Schedule
from tocsin.schedules.queries import problem_key

__all__ = [
    "LayerSpec",
    "add_override",
    "change_schedule",
    "create_schedule",
    "delete_schedule",
    "preview",
    "remove_override",
    "save_layers",
    "try_layers",
]

LONGEST_OVERRIDE = timedelta(days=366)
_LONGEST_NAME = 60
_MOST = 32_767  # what the columns hold


def create_schedule(
    actor: Actor,
    name: str,
    time_zone: str,
    now: datetime,
    *,
    team: Team | None = None,
    description: str = "",
    tells_gaps: bool = True,
) -> Schedule:
    require(actor, Verb.CONFIGURE)
    row = Schedule(
        name=name.strip(),
        slug=slug_for(Schedule, name),
        time_zone=check_zone(time_zone),
        team=team,
        description=description,
        tells_gaps=tells_gaps,
    )
    return create(actor, row, now)


def change_schedule(actor: Actor, schedule: Schedule, now: datetime, **changes: object) -> Schedule:
    """`name`, `description`, `team`, `time_zone`, `tells_gaps`. Handoffs keep their wall times in another zone."""
    require(actor, Verb.CONFIGURE)
    check_fields(changes, {"name", "description", "team", "time_zone", "tells_gaps"})
    if "time_zone" in changes:
        check_zone(str(changes["time_zone"]))
    with transaction.atomic():
        problems.over(problem_key(schedule.pk), now)
        return change(actor, schedule, now, changes)


def delete_schedule(actor: Actor, schedule: Schedule, now: datetime) -> None:
    """`Refused` while an escalation policy pages it."""
    require(actor, Verb.CONFIGURE)
    with transaction.atomic():
        problems.over(problem_key(schedule.pk), now)
        delete(actor, schedule, now)


def save_layers(actor: Actor, schedule: Schedule, specs: Sequence[LayerSpec], now: datetime) -> list[Layer]:
    """Exactly these layers, from lowest to highest priority."""
    require(actor, Verb.CONFIGURE)
    check_layers(schedule, specs, now)
    with transaction.atomic():
        before = _in_words(schedule)
        schedule.layers.filter(replacement=None).delete()
        layers = write_layers(schedule, specs)
        record(actor, "changed", schedule, now, before=before, after=_in_words(schedule))
        problems.over(problem_key(schedule.pk), now)
    return layers


def preview(schedule: Schedule, specs: Sequence[LayerSpec]) -> Rota:
    """The schedule as it would be with these layers; all else stays. Nothing is saved."""
    return with_layers(schedule, specs)


def try_layers(
    actor: Actor, schedule: Schedule, specs: Sequence[LayerSpec], start: datetime, end: datetime, now: datetime
) -> tuple[Segment, ...]:
    """The final schedule of a window as it would be with these layers, of a schedule that may not be saved yet. Nothing
    is saved; `Refused` where saving would be."""
    require(actor, Verb.CONFIGURE)
    check_zone(schedule.time_zone)
    check_layers(schedule, specs, now)
    return _final(schedule, specs, start, end)


def add_override(
    actor: Actor,
    schedule: Schedule,
    user: User,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    *,
    change: Change | str = Change.REPLACE,
    instead_of: User | None = None,
    note: str = "",
) -> Override:
    require(actor, Verb.RESPOND)
    _check_override(user, starts_at, ends_at, now)
    row = Override(
        schedule=schedule,
        change=Change(change).value,
        user=user,
        instead_of=instead_of,
        starts_at=starts_at,
        ends_at=ends_at,
        note=note.strip(),
        created_at=now,
        created_by_id=actor.user_id,
    )
    return create(actor, row, now)


def remove_override(actor: Actor, override: Override, now: datetime) -> None:
    """What was, stays in the schedule's past: one that has begun ends now."""
    require(actor, Verb.RESPOND)
    if override.swap_id:
        raise Refused("This override belongs to a swap. Cancel the swap, or override it for the time you need.")
    if override.ends_at <= now:
        raise Refused("This override is over. The schedule's past is not changed.")
    if override.starts_at < now:
        change(actor, override, now, {"ends_at": now}, verb="ended")
    else:
        delete(actor, override, now)


def _check_override(user: User, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if not user.is_active:
        raise Refused(f"{user.name} is not active and would not be paged.", {"user": "Not active."})
    if ends_at <= starts_at:
        raise Refused("The end must come after the start.", {"ends_at": "Before the start."})
    if ends_at <= now:
        raise Refused("This time is over. The schedule's past is not changed.", {"ends_at": "In the past."})
    if ends_at - starts_at > LONGEST_OVERRIDE:
        raise Refused("An override can last for a year at most. Change the layers instead.", {"ends_at": "Too long."})


def write_layers(schedule: Schedule, specs: Sequence[LayerSpec], replacement: Replacement | None = None) -> list[Layer]:
    layers = [_layer(schedule, position, spec) for position, spec in enumerate(specs)]
    for layer in layers:
        layer.replacement = replacement
    layers = Layer.objects.bulk_create(layers)
    Participant.objects.bulk_create([p for pair in zip(layers, specs, strict=True) for p in _participants(*pair)])
    Restriction.objects.bulk_create([r for pair in zip(layers, specs, strict=True) for r in _restrictions(*pair)])
    return layers


def check_layers(schedule: Schedule, specs: Sequence[LayerSpec], now: datetime) -> None:
    for number, spec in enumerate(specs, 1):
        _check_layer(number, spec)
    wanted = {person for spec in specs for slot in spec.slots for person in slot}
    if len(wanted) != User.objects.filter(pk__in=wanted, is_active=True).count():
        raise Refused("Somebody in these layers is not active any more. Take them out. Nothing was changed.")
    _final(schedule, specs, now, now + timedelta(days=1))


def _final(schedule: Schedule, specs: Sequence[LayerSpec], start: datetime, end: datetime) -> tuple[Segment, ...]:
    try:
        return core.final(preview(schedule, specs), start, end)
    except (Unloadable, ArithmeticError, ValueError) as error:
        raise Refused(f"These layers cannot be used: {error}. Nothing was changed.") from error


def _check_layer(number: int, spec: LayerSpec) -> None:
    where = f"Layer {number}"
    if not spec.name.strip() or len(spec.name) > _LONGEST_NAME:
        raise Refused(f"{where} needs a name of at most {_LONGEST_NAME} characters.")
    if not 1 <= spec.every <= _MOST:
        raise Refused(f"{where}: a turn must be at least one {spec.unit.value} long.")
    if not all(spec.slots):
        raise Refused(f"{where}: a turn has nobody. Name somebody, or take the turn out.")
    if any(len(set(slot)) < len(slot) for slot in spec.slots):
        raise Refused(f"{where}: somebody is twice in the same turn.")
    if any(not r.weekdays or not r.weekdays <= set(range(7)) for r in spec.restrictions):
        raise Refused(f"{where}: choose at least one day of the week for each time restriction.")


def _layer(schedule: Schedule, position: int, spec: LayerSpec) -> Layer:
    return Layer(
        schedule=schedule,
        position=position,
        name=spec.name.strip(),
        unit=spec.unit.value,
        every=spec.every,
        starts_on=spec.starts_on,
        handoff_at=spec.handoff_at,
        until=spec.until,
        is_shadow=spec.shadow,
    )


def _participants(layer: Layer, spec: LayerSpec) -> list[Participant]:
    return [
        Participant(layer=layer, turn=turn, user_id=person) for turn, slot in enumerate(spec.slots) for person in slot
    ]


def _restrictions(layer: Layer, spec: LayerSpec) -> list[Restriction]:
    return [
        Restriction(layer=layer, weekdays=sorted(r.weekdays), starts=r.starts, ends=r.ends) for r in spec.restrictions
    ]


def _in_words(schedule: Schedule) -> dict[str, JSON]:
    layers = (
        schedule.layers.filter(replacement=None).prefetch_related("participants", "restrictions").order_by("position")
    )
    names = names_of(p.user_id for layer in layers for p in layer.participants.all())
    return {"layers": [_layer_in_words(layer, names) for layer in layers]}


def _layer_in_words(layer: Layer, names: dict[int, str]) -> JSON:
    turns: dict[int, list[str]] = {}
    for participant in layer.participants.all():
        turns.setdefault(participant.turn, []).append(names.get(participant.user_id, "?"))
    return {
        "name": layer.name,
        "turn": f"{layer.every} {layer.unit}",
        "from": f"{layer.starts_on} {layer.handoff_at}",
        "until": layer.until.isoformat() if layer.until else None,
        "people": [" + ".join(people) for people in turns.values()],
        "restrictions": [f"{r.weekdays} {r.starts}–{r.ends}" for r in layer.restrictions.all()],
        "shadow": layer.is_shadow,
    }

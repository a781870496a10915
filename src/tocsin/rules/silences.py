"""Making, changing and ending silences. Whoever may respond may silence."""

import uuid
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from tocsin.core.permissions import Actor, Verb, require
from tocsin.people.problems import Refused
from tocsin.people.writing import as_if, change, create
from tocsin.rules import typed
from tocsin.rules.editions import edited
from tocsin.rules.models import Silence
from tocsin.services.models import Integration


def create_silence(
    actor: Actor,
    matchers: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    now: datetime,
    *,
    integration: Integration | None = None,
) -> Silence:
    """`integration`: of its alerts only. A start in the past is now."""
    require(actor, Verb.RESPOND)
    starts_at = max(starts_at, now)
    _check_span(starts_at, ends_at, now)
    row = Silence(
        uuid=uuid.uuid4(), matchers=typed.written(typed.some_matchers(matchers)), starts_at=starts_at, ends_at=ends_at,
        reason=_reason(reason), creator=actor.name[:160], created_by_id=actor.user_id, integration=integration,
        created_at=now, updated_at=now,
    )  # fmt: skip
    with edited():
        return create(actor, row, now)


class SilenceChanges(TypedDict, total=False):
    matchers: str
    starts_at: datetime
    ends_at: datetime
    reason: str


def change_silence(actor: Actor, silence: Silence, now: datetime, **said: Unpack[SilenceChanges]) -> Silence:
    """What is over stays as it was: it says what happened. The start of one that holds already stays too."""
    require(actor, Verb.RESPOND)
    changes = _changes(silence, now, said)
    with edited():
        return change(actor, silence, now, changes)


def silence_as_if(actor: Actor, silence: Silence, now: datetime, **said: Unpack[SilenceChanges]) -> Silence:
    """What `change_silence` would save; it refuses what that refuses."""
    require(actor, Verb.RESPOND)
    return as_if(silence, _changes(silence, now, said))


def extend(actor: Actor, silence: Silence, by: timedelta, now: datetime) -> Silence:
    """From its end, not from now."""
    return change_silence(actor, silence, now, ends_at=silence.ends_at + by)


def expire(actor: Actor, silence: Silence, now: datetime) -> Silence:
    """It ends now; one that has not begun never does. Alerts it still holds back page as new ones would."""
    require(actor, Verb.RESPOND)
    _check_open(silence, now)
    ends = {"starts_at": min(silence.starts_at, now), "ends_at": now, "updated_at": now}
    with edited():
        return change(actor, silence, now, ends, verb="expired")


def _changes(silence: Silence, now: datetime, said: SilenceChanges) -> dict[str, object]:
    _check_open(silence, now)
    starts_at, ends_at = said.get("starts_at", silence.starts_at), said.get("ends_at", silence.ends_at)
    changes: dict[str, object] = {"ends_at": ends_at, "updated_at": now}
    if silence.starts_at > now:
        changes["starts_at"] = max(starts_at, now)
    if "matchers" in said:
        changes["matchers"] = typed.written(typed.some_matchers(said["matchers"]))
    if "reason" in said:
        changes["reason"] = _reason(said["reason"])
    _check_span(starts_at, ends_at, now)
    return changes


def _check_open(silence: Silence, now: datetime) -> None:
    if silence.ends_at <= now:
        raise Refused("This silence is over already, and stays as it was. Make a new one like it.")


def _check_span(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    typed.check_times(starts_at=starts_at, ends_at=ends_at)
    if ends_at <= now:
        sentence = "The end is in the past, so it would silence nothing."
        raise Refused(sentence, {"ends_at": sentence})
    if ends_at <= starts_at:
        sentence = "It ends before it starts."
        raise Refused(sentence, {"ends_at": sentence})


def _reason(text: str) -> str:
    found = text.strip()
    if not found:
        sentence = "Say why: whoever is on call next reads it, and so knows whether it may end."
        raise Refused(sentence, {"reason": sentence})
    return found
